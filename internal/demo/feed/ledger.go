package feed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// EventOf is the id of the event that a mail came of, as the mailer's ledger in
// the consumers' database has it; empty where the ledger does not know the mail.
// A mail's row is there before the mail is sent.
func EventOf(ctx context.Context, consumers *sql.DB, messageID string) (string, error) {
	var id string
	err := consumers.QueryRowContext(ctx, "SELECT event_id FROM mail_ledger WHERE message_id = ?", messageID).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look up the mail %s in the ledger: %w", messageID, err)
	}
	return id, nil
}

package mailer

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"telltale/consumers"
)

// customer is what the mailer knows of one; an empty email says that no event
// has told yet.
type customer struct{ name, email string }

func loadCustomer(ctx context.Context, tx *sql.Tx, id string) (customer, error) {
	var c customer
	err := tx.QueryRowContext(ctx, "SELECT name, email FROM mailer_customers WHERE customer_id = ?", id).Scan(&c.name, &c.email)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return customer{}, fmt.Errorf("load customer %s: %w", id, err)
	}
	return c, nil
}

func saveCustomer(ctx context.Context, tx *sql.Tx, id string, c customer) error {
	const save = `INSERT INTO mailer_customers (customer_id, name, email) VALUES (?, ?, ?)
ON DUPLICATE KEY UPDATE name = VALUES(name), email = VALUES(email)`
	if _, err := tx.ExecContext(ctx, save, id, c.name, c.email); err != nil {
		return fmt.Errorf("save customer %s: %w", id, err)
	}
	return nil
}

// plan writes a mail's ledger row and reports whether the event was new. A mail
// without an address is not left out: its row says why it failed.
func plan(ctx context.Context, tx *sql.Tx, d consumers.Delivery, role, recipient string, l letter) (fresh bool, err error) {
	state, problem := "planned", ""
	if recipient == "" {
		state, problem = "failed", "no event has told the customer's address"
	}
	const insert = `INSERT INTO mailer_ledger
(event_id, role, kind, customer_id, recipient, subject, body, message_id, state, last_error, next_attempt_at, planned_at, topic, partition_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NOW(6), NOW(6), ?, ?)
ON DUPLICATE KEY UPDATE seq = seq`
	r, err := tx.ExecContext(ctx, insert, d.ID, role, d.Type, d.Key, recipient, l.subject, l.body, messageID(d.ID, role),
		state, problem, d.Topic, d.Partition)
	if err != nil {
		return false, fmt.Errorf("plan the mail %s of event %s: %w", role, d.ID, err)
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// messageID is the same for the same mail for ever, so that one that was sent
// twice can be told from two (I7). It gives nothing of the event away.
func messageID(eventID, role string) string {
	sum := sha256.Sum256([]byte(eventID + "\x00" + role))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20])) + "@telltale"
}

// entry is a planned mail.
type entry struct {
	seq                uint64
	eventID, customer  string
	recipient, subject string
	body, messageID    string
	attempts           int
	plannedAt          time.Time
	age                time.Duration
}

// due returns the mails of a partition that may be sent now, in order. A mail
// waits for the customer's earlier ones.
func due(ctx context.Context, tx *sql.Tx, topic string, partition int32, limit int) ([]entry, error) {
	const query = `SELECT seq, event_id, customer_id, recipient, subject, body, message_id, attempts, planned_at,
  TIMESTAMPDIFF(SECOND, planned_at, NOW(6))
FROM mailer_ledger m
WHERE topic = ? AND partition_id = ? AND state = 'planned' AND next_attempt_at <= NOW(6)
  AND NOT EXISTS (SELECT 1 FROM mailer_ledger earlier WHERE earlier.customer_id = m.customer_id AND earlier.topic = m.topic
    AND earlier.state = 'planned' AND earlier.seq < m.seq AND earlier.next_attempt_at > NOW(6))
ORDER BY seq LIMIT ?`
	rows, err := tx.QueryContext(ctx, query, topic, partition, limit)
	if err != nil {
		return nil, fmt.Errorf("list the mails due of %s/%d: %w", topic, partition, err)
	}
	defer rows.Close()
	var entries []entry
	for rows.Next() {
		var e entry
		var seconds int64
		if err := rows.Scan(&e.seq, &e.eventID, &e.customer, &e.recipient, &e.subject, &e.body, &e.messageID, &e.attempts, &e.plannedAt, &seconds); err != nil {
			return nil, fmt.Errorf("list the mails due of %s/%d: %w", topic, partition, err)
		}
		e.age = time.Duration(seconds) * time.Second
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// begin counts an attempt before it is made, and reports whether the mail is
// still to be sent.
func begin(ctx context.Context, tx *sql.Tx, seq uint64) (bool, error) {
	r, err := tx.ExecContext(ctx, "UPDATE mailer_ledger SET attempts = attempts + 1 WHERE seq = ? AND state = 'planned'", seq)
	if err != nil {
		return false, fmt.Errorf("begin mail %d: %w", seq, err)
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// settle writes what became of a mail. It asks not who owns the partition: what
// happened has happened.
func settle(ctx context.Context, db *sql.DB, seq uint64, o outcome) error {
	var err error
	switch o.verdict {
	case sent:
		_, err = db.ExecContext(ctx, "UPDATE mailer_ledger SET state = 'sent', sent_at = NOW(6), last_error = '' WHERE seq = ?", seq)
	case rejected:
		_, err = db.ExecContext(ctx, "UPDATE mailer_ledger SET state = 'failed', last_error = ? WHERE seq = ?", o.text(), seq)
	default:
		_, err = db.ExecContext(ctx, `UPDATE mailer_ledger SET next_attempt_at = NOW(6) + INTERVAL ? MICROSECOND, last_error = ?
WHERE seq = ? AND state = 'planned'`, o.pause.Microseconds(), o.text(), seq)
	}
	if err != nil {
		return fmt.Errorf("note that mail %d is %s: %w", seq, o.verdict, err)
	}
	return nil
}

// waiting counts the mails of a partition that are not sent yet.
func waiting(ctx context.Context, db *sql.DB, topic string, partition int32) (int, error) {
	var n int
	const query = "SELECT COUNT(*) FROM mailer_ledger WHERE topic = ? AND partition_id = ? AND state = 'planned'"
	if err := db.QueryRowContext(ctx, query, topic, partition).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the mails that wait in %s/%d: %w", topic, partition, err)
	}
	return n, nil
}

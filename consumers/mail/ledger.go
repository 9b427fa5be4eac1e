package mail

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"telltale/consumers"
)

// Mail is one to plan.
type Mail struct {
	// Role tells an event's mails apart: at most 16 letters of ASCII, the same
	// for ever, for the mail's identity is made of it.
	Role string
	// To is the recipient's address; empty: not known.
	To string
	// Text is what it says.
	Text Text
}

// Plan writes a mail's row of the ledger in tx and reports whether it is new; a
// mail that was planned before stays as it was (I7). A mail without an address
// is not left out: its row says why it failed, and it is counted and logged.
func (b *Outbox) Plan(ctx context.Context, tx *sql.Tx, d consumers.Delivery, m Mail) (fresh bool, err error) {
	if err := d.RequireKey(); err != nil {
		return false, err // A customer's mails keep their order.
	}
	state, problem := "planned", ""
	if m.To == "" {
		state, problem = "failed", "no event has told the customer's address"
	}
	const insert = `INSERT INTO mail_ledger
(consumer, event_id, role, kind, customer_id, recipient, subject, body, message_id, traceparent, state, last_error, next_attempt_at, planned_at, topic, partition_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NOW(6), NOW(6), ?, ?)
ON DUPLICATE KEY UPDATE seq = seq`
	r, err := tx.ExecContext(ctx, insert, b.options.Consumer, d.ID, m.Role, d.Type, d.Key, m.To, m.Text.Subject, m.Text.Body,
		messageID(b.options.Consumer, d.ID, m.Role), traceparent(d.Traceparent), state, problem, d.Topic, d.Partition)
	if err != nil {
		return false, fmt.Errorf("plan the mail %s of event %s: %w", m.Role, d.ID, err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("plan the mail %s of event %s: %w", m.Role, d.ID, err)
	}
	if n == 1 && m.To == "" {
		b.metrics.mails.WithLabelValues(unaddressed).Inc()
		b.options.Logger.Warn("mail without an address, see mail_ledger", "consumer", b.options.Consumer, "event", d.ID, "role", m.Role)
	}
	return n == 1, nil
}

// messageID is the same for the same mail for ever, so that one that was sent
// twice can be told from two (I7). It gives nothing of the event away.
func messageID(consumer, eventID, role string) string {
	sum := sha256.Sum256([]byte(consumer + "\x00" + eventID + "\x00" + role))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20])) + "@telltale"
}

// traceparent keeps what may be one; whoever sent the request chose it.
func traceparent(s string) string {
	const length = 55 // Of version 00.
	if len(s) != length || strings.ContainsFunc(s, func(r rune) bool { return r != '-' && !strings.ContainsRune("0123456789abcdef", r) }) {
		return ""
	}
	return s
}

// entry is a planned mail.
type entry struct {
	seq                uint64
	eventID, customer  string
	recipient, subject string
	body, messageID    string
	traceparent        string
	attempts           int // Before this one.
	plannedAt          time.Time
	refused            time.Duration // Since it was first refused for the time being; 0: it was not.
}

// due returns mails of a partition that may be sent now, in order. A mail waits
// for the customer's earlier ones.
func due(ctx context.Context, tx *sql.Tx, consumer string, p *consumers.Partition, limit int) ([]entry, error) {
	const query = `SELECT seq, event_id, customer_id, recipient, subject, body, message_id, traceparent, attempts, planned_at,
  COALESCE(TIMESTAMPDIFF(SECOND, refused_since, NOW(6)), 0)
FROM mail_ledger m
WHERE consumer = ? AND topic = ? AND partition_id = ? AND state = 'planned' AND next_attempt_at <= NOW(6)
  AND NOT EXISTS (SELECT 1 FROM mail_ledger earlier WHERE earlier.consumer = m.consumer AND earlier.customer_id = m.customer_id
    AND earlier.topic = m.topic AND earlier.state = 'planned' AND earlier.seq < m.seq AND earlier.next_attempt_at > NOW(6))
ORDER BY seq LIMIT ?`
	rows, err := tx.QueryContext(ctx, query, consumer, p.Topic, p.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("list the mails due of %s/%d: %w", p.Topic, p.ID, err)
	}
	defer rows.Close()
	var entries []entry
	for rows.Next() {
		var e entry
		var seconds int64
		if err := rows.Scan(&e.seq, &e.eventID, &e.customer, &e.recipient, &e.subject, &e.body, &e.messageID, &e.traceparent,
			&e.attempts, &e.plannedAt, &seconds); err != nil {
			return nil, fmt.Errorf("list the mails due of %s/%d: %w", p.Topic, p.ID, err)
		}
		e.refused = time.Duration(seconds) * time.Second
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

// count adds to the attempts of mails.
func count(ctx context.Context, tx *sql.Tx, entries []entry, n int) error {
	if len(entries) == 0 {
		return nil
	}
	args := make([]any, 1, 1+len(entries))
	args[0] = n
	for _, e := range entries {
		args = append(args, e.seq)
	}
	query := "UPDATE mail_ledger SET attempts = attempts + ? WHERE seq IN (" + marks(len(entries)) + ")"
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("count the attempts of %d mails: %w", len(entries), err)
	}
	return nil
}

// note writes what became of mails. It asks not who owns the partition: what
// happened has happened.
func note(ctx context.Context, tx *sql.Tx, results []result) error {
	var sentSeqs []any
	for _, r := range results {
		var err error
		switch r.verdict {
		case sent:
			sentSeqs = append(sentSeqs, r.entry.seq)
		case rejected:
			_, err = tx.ExecContext(ctx, "UPDATE mail_ledger SET state = 'failed', last_error = ? WHERE seq = ?", r.text(), r.entry.seq)
		default:
			_, err = tx.ExecContext(ctx, `UPDATE mail_ledger SET next_attempt_at = NOW(6) + INTERVAL ? MICROSECOND, last_error = ?,
  refused_since = IF(?, COALESCE(refused_since, NOW(6)), refused_since)
WHERE seq = ? AND state = 'planned'`, r.pause.Microseconds(), r.text(), r.verdict == deferred, r.entry.seq)
		}
		if err != nil {
			return fmt.Errorf("note that mail %d is %s: %w", r.entry.seq, r.verdict, err)
		}
	}
	if len(sentSeqs) == 0 {
		return nil
	}
	query := "UPDATE mail_ledger SET state = 'sent', sent_at = NOW(6), last_error = '' WHERE seq IN (" + marks(len(sentSeqs)) + ")"
	if _, err := tx.ExecContext(ctx, query, sentSeqs...); err != nil {
		return fmt.Errorf("note that %d mails are sent: %w", len(sentSeqs), err)
	}
	return nil
}

// waiting counts the mails of a partition that are not sent yet.
func waiting(ctx context.Context, db *sql.DB, consumer string, p *consumers.Partition) (int, error) {
	var n int
	const query = "SELECT COUNT(*) FROM mail_ledger WHERE consumer = ? AND topic = ? AND partition_id = ? AND state = 'planned'"
	if err := db.QueryRowContext(ctx, query, consumer, p.Topic, p.ID).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the mails that wait in %s/%d: %w", p.Topic, p.ID, err)
	}
	return n, nil
}

func marks(n int) string { return strings.Repeat("?,", n-1) + "?" }

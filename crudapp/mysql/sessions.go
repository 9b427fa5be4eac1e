package mysql

import (
	"context"
	"fmt"
	"strings"
	"time"

	"telltale/crudapp"
)

// CreateSession implements crudapp.Store.
func (s *Store) CreateSession(ctx context.Context, session crudapp.Session) error {
	return insertSession(ctx, s.db, session)
}

func insertSession(ctx context.Context, to execer, session crudapp.Session) error {
	_, err := exec(ctx, to,
		`INSERT INTO sessions (token_hash, customer_id, created_at, expires_at, last_seen_at) VALUES (?, ?, ?, ?, ?)`,
		session.TokenHash[:], session.CustomerID, session.CreatedAt, session.ExpiresAt, session.LastSeenAt)
	if err != nil {
		return fmt.Errorf("insert a session of customer %d: %w", session.CustomerID, err)
	}
	return nil
}

// Session implements crudapp.Store.
func (s *Store) Session(ctx context.Context, hash crudapp.TokenHash) (crudapp.Session, crudapp.Customer, error) {
	session := crudapp.Session{TokenHash: hash}
	var r customerRow
	row := s.db.QueryRowContext(ctx,
		`SELECT s.customer_id, s.created_at, s.expires_at, s.last_seen_at, `+customerColumns+`
		FROM sessions s JOIN customers c ON c.id = s.customer_id WHERE s.token_hash = ? AND c.deleted_at IS NULL`, hash[:])
	targets := []any{&session.CustomerID, &session.CreatedAt, &session.ExpiresAt, &session.LastSeenAt}
	if err := row.Scan(append(targets, r.targets()...)...); err != nil {
		return crudapp.Session{}, crudapp.Customer{}, fmt.Errorf("read a session: %w", known(err))
	}
	return session, r.customer(), nil
}

// TouchSession implements crudapp.Store.
func (s *Store) TouchSession(ctx context.Context, hash crudapp.TokenHash, at time.Time) error {
	if _, err := s.exec(ctx, `UPDATE sessions SET last_seen_at = ? WHERE token_hash = ?`, at, hash[:]); err != nil {
		return fmt.Errorf("note the use of a session: %w", err)
	}
	return nil
}

// DeleteSession implements crudapp.Store.
func (s *Store) DeleteSession(ctx context.Context, hash crudapp.TokenHash) error {
	if _, err := s.exec(ctx, `DELETE FROM sessions WHERE token_hash = ?`, hash[:]); err != nil {
		return fmt.Errorf("delete a session: %w", err)
	}
	return nil
}

// DeleteExpiredSessions implements crudapp.Store. It looks without locks, then
// deletes by primary key: a locking search through a secondary index would lock
// the gaps that concurrent sign-ins insert into.
func (s *Store) DeleteExpiredSessions(ctx context.Context, now, idleSince time.Time, limit int) error {
	hashes, err := s.expiredSessions(ctx, now, idleSince, limit)
	if err != nil {
		return fmt.Errorf("find ended sessions: %w", err)
	}
	if len(hashes) == 0 {
		return nil
	}
	placeholders := strings.Repeat("?, ", len(hashes)-1) + "?"
	if _, err := s.exec(ctx, `DELETE FROM sessions WHERE token_hash IN (`+placeholders+`)`, hashes...); err != nil {
		return fmt.Errorf("delete %d ended sessions: %w", len(hashes), err)
	}
	return nil
}

func (s *Store) expiredSessions(ctx context.Context, now, idleSince time.Time, limit int) ([]any, error) {
	rows, err := s.db.QueryContext(ctx,
		`(SELECT token_hash FROM sessions WHERE expires_at <= ? LIMIT ?) UNION (SELECT token_hash FROM sessions WHERE last_seen_at <= ? LIMIT ?) LIMIT ?`,
		now, limit, idleSince, limit, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var hashes []any
	for rows.Next() {
		var hash []byte
		if err := rows.Scan(&hash); err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, rows.Err()
}

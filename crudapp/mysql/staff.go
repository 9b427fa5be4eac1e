package mysql

import (
	"context"
	"fmt"
	"time"

	"telltale/crudapp"
)

const staffColumns = "st.id, st.email, st.name, st.created_at"

func staffTargets(s *crudapp.Staff) []any { return []any{&s.ID, &s.Email, &s.Name, &s.CreatedAt} }

// CreateStaff implements crudapp.StaffStore.
func (s *Store) CreateStaff(ctx context.Context, staff crudapp.Staff, passwordHash string) (uint32, error) {
	result, err := s.exec(ctx, `INSERT INTO staff (email, name, password_hash, created_at) VALUES (?, ?, ?, ?)`,
		staff.Email, staff.Name, passwordHash, staff.CreatedAt)
	if isError(err, errDuplicateEntry) {
		return 0, crudapp.ErrEmailTaken
	}
	if err != nil {
		return 0, fmt.Errorf("insert staff: %w", err)
	}
	id, err := newID(result)
	return uint32(id), err
}

// StaffByEmail implements crudapp.StaffStore.
func (s *Store) StaffByEmail(ctx context.Context, email string) (crudapp.Staff, string, error) {
	var staff crudapp.Staff
	var hash string
	row := s.db.QueryRowContext(ctx, `SELECT `+staffColumns+`, st.password_hash FROM staff st WHERE st.email = ?`, email)
	if err := row.Scan(append(staffTargets(&staff), &hash)...); err != nil {
		return crudapp.Staff{}, "", fmt.Errorf("read staff by e-mail address: %w", known(err))
	}
	return staff, hash, nil
}

// CreateStaffSession implements crudapp.StaffStore.
func (s *Store) CreateStaffSession(ctx context.Context, session crudapp.StaffSession) error {
	_, err := s.exec(ctx,
		`INSERT INTO staff_sessions (token_hash, staff_id, created_at, expires_at, last_seen_at) VALUES (?, ?, ?, ?, ?)`,
		session.TokenHash[:], session.StaffID, session.CreatedAt, session.ExpiresAt, session.LastSeenAt)
	if err != nil {
		return fmt.Errorf("insert a session of staff %d: %w", session.StaffID, err)
	}
	return nil
}

// StaffSession implements crudapp.StaffStore.
func (s *Store) StaffSession(ctx context.Context, hash crudapp.TokenHash) (crudapp.StaffSession, crudapp.Staff, error) {
	session := crudapp.StaffSession{TokenHash: hash}
	var staff crudapp.Staff
	row := s.db.QueryRowContext(ctx, `SELECT s.staff_id, s.created_at, s.expires_at, s.last_seen_at, `+staffColumns+`
		FROM staff_sessions s JOIN staff st ON st.id = s.staff_id WHERE s.token_hash = ?`, hash[:])
	targets := []any{&session.StaffID, &session.CreatedAt, &session.ExpiresAt, &session.LastSeenAt}
	if err := row.Scan(append(targets, staffTargets(&staff)...)...); err != nil {
		return crudapp.StaffSession{}, crudapp.Staff{}, fmt.Errorf("read a session of staff: %w", known(err))
	}
	return session, staff, nil
}

// TouchStaffSession implements crudapp.StaffStore.
func (s *Store) TouchStaffSession(ctx context.Context, hash crudapp.TokenHash, at time.Time) error {
	if _, err := s.exec(ctx, `UPDATE staff_sessions SET last_seen_at = ? WHERE token_hash = ?`, at, hash[:]); err != nil {
		return fmt.Errorf("note the use of a session of staff: %w", err)
	}
	return nil
}

// DeleteStaffSession implements crudapp.StaffStore.
func (s *Store) DeleteStaffSession(ctx context.Context, hash crudapp.TokenHash) error {
	if _, err := s.exec(ctx, `DELETE FROM staff_sessions WHERE token_hash = ?`, hash[:]); err != nil {
		return fmt.Errorf("delete a session of staff: %w", err)
	}
	return nil
}

// DeleteStaffSessions implements crudapp.StaffStore.
func (s *Store) DeleteStaffSessions(ctx context.Context, staffID uint32, now, idleSince time.Time) error {
	_, err := s.exec(ctx, `DELETE FROM staff_sessions WHERE staff_id = ? AND (expires_at <= ? OR last_seen_at <= ?)`, staffID, now, idleSince)
	if err != nil {
		return fmt.Errorf("delete ended sessions of staff %d: %w", staffID, err)
	}
	return nil
}

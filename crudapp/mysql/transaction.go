package mysql

import (
	"context"
	"database/sql"
	"fmt"
)

// inTx runs f in a transaction, which is committed if f returns nil and undone
// otherwise. What names the work in errors.
func (s *Store) inTx(ctx context.Context, what string, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin to %s: %w", what, err)
	}
	// It does nothing after a commit, and where it cannot reach the server, the
	// server rolls back by itself.
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit to %s: %w", what, err)
	}
	return nil
}

// one reports whether a statement changed a row.
func one(result sql.Result) (bool, error) {
	n, err := result.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("count the changed rows: %w", err)
	}
	return n == 1, nil
}

// newID returns the id that an INSERT got. The driver carries unsigned ids in an
// int64, bit for bit.
func newID(result sql.Result) (uint64, error) {
	id, err := result.LastInsertId()
	if err != nil {
		return 0, fmt.Errorf("read the id of a new row: %w", err)
	}
	return uint64(id), nil
}

package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"

	"telltale/crudapp"
)

const (
	// maxAttempts bounds how often a transaction is tried. All attempts together,
	// each waiting for a lock as long as a session may, end within the time that
	// the shop has for an answer.
	maxAttempts = 4
	// lockWait is how long a statement waits for a lock, in seconds, unless the DSN
	// says otherwise. The server's default of 50 outlives the person's patience.
	lockWait = "5"
	// attemptPause is the longest pause before the second attempt; it doubles.
	attemptPause = 20 * time.Millisecond
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

// inTxAgain runs f as inTx does, and again where the server undid the transaction for
// another's sake or let it wait for too long. f may therefore run more than once, and
// must begin anew each time. After the last attempt it returns a crudapp.Error of
// CodeUnavailable.
func (s *Store) inTxAgain(ctx context.Context, what string, f func(*sql.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.inTx(ctx, what, f)
		if err == nil || !contended(err) {
			return err
		}
		if attempt == maxAttempts {
			return fmt.Errorf("%s: given up after %d attempts: %w: %w", what, attempt, err, busy())
		}
		// By chance, since who was in the way waits as well.
		if err := pause(ctx, rand.N(attemptPause<<(attempt-1))); err != nil {
			return fmt.Errorf("%s again: %w", what, err)
		}
	}
}

// contended reports whether a transaction failed because of others alone.
func contended(err error) bool {
	return isError(err, errDeadlock) || isError(err, errLockWait) || isError(err, errChangedSince)
}

func busy() *crudapp.Error {
	return &crudapp.Error{
		Code: crudapp.CodeUnavailable, RetryAfter: time.Second,
		Message: "Too many people want the same at this moment. Please try again.",
	}
}

// pause waits for d, or until ctx ends, whose error it returns.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
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

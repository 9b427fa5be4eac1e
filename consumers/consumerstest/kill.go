package consumerstest

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"telltale/consumers"
)

// ErrKilled is what a consumer ends with that KillAt ends.
var ErrKilled = errors.New("killed by the test")

// KillAt ends a consumer between its handler's n-th call and the commit.
func KillAt(n int64, c consumers.Consumer) consumers.Consumer {
	handle := c.Handle
	var calls atomic.Int64
	c.Handle = func(ctx context.Context, tx *sql.Tx, batch []consumers.Delivery) error {
		if err := handle(ctx, tx, batch); err != nil {
			return err
		}
		if calls.Add(1) >= n {
			return ErrKilled
		}
		return nil
	}
	return c
}

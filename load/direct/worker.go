package direct

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"
)

// worker writes on one connection to customers whom nobody else touches.
type worker struct {
	target *Target
	conn   *sql.Conn
	n      int
	run    string
	deeds  map[string]deed
	// committed are the worker's rows. customers are hers that are there, the
	// oldest first, products the ids of those that it may edit.
	committed rows
	customers []uint64
	products  []uint64
	// categories are those of the shop that were there when the worker arrived.
	categories []uint64
	// clerk is the worker's row of the staff, zero before it is needed.
	clerk uint64
}

func (w *worker) connect(ctx context.Context) (err error) {
	if w.conn, err = w.target.db.Conn(ctx); err != nil {
		return fmt.Errorf("connect worker %d: %w", w.n, err)
	}
	return nil
}

// reconnect gives the connection up, whatever state it is in.
func (w *worker) reconnect(ctx context.Context) error {
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	if err := w.conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) && !errors.Is(err, driver.ErrBadConn) {
		return fmt.Errorf("close the connection of worker %d: %w", w.n, err)
	}
	return w.patiently(ctx, w.connect)
}

// pollInterval is how often a server that is away is asked for a connection.
const pollInterval = 50 * time.Millisecond

// patiently does something that needs the server, again where that is away.
func (w *worker) patiently(ctx context.Context, do func(context.Context) error) error {
	for deadline := time.Now().Add(w.target.Patience); ; {
		err := do(ctx)
		if !w.broke(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(pollInterval):
		}
	}
}

// broke tells whether an error is of a connection that broke or could not be made,
// which the worker has the patience for.
func (w *worker) broke(err error) bool {
	if w.target.Patience == 0 {
		return false
	}
	for _, broken := range []error{driver.ErrBadConn, mysql.ErrInvalidConn, sql.ErrConnDone, io.EOF} {
		if errors.Is(err, broken) {
			return true
		}
	}
	_, network := errors.AsType[*net.OpError](err)
	return network
}

// Close implements load.Worker.
func (w *worker) Close() error {
	if w.conn == nil {
		return nil
	}
	return w.conn.Close()
}

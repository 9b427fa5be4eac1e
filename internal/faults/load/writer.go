package load

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// writer writes on one connection to customers whom nobody else touches.
type writer struct {
	db     *sql.DB
	conn   *sql.Conn
	n      int
	random *rand.Rand
	// serial makes names, addresses and requests that are there once.
	serial int
	// alive are the writer's customers in the order of their registration,
	// without those that were deleted; rows are theirs as committed.
	alive   []uint64
	rows    map[uint64]Customer
	signIns map[uint64][]SignIn
	changes map[uint64][]Change
	next    int64
	stats   Stats
}

func newWriter(db *sql.DB, n int, seed uint64) *writer {
	return &writer{
		db: db, n: n, random: rand.New(rand.NewPCG(seed, uint64(n))), next: int64(n) << 32,
		rows: map[uint64]Customer{}, signIns: map[uint64][]SignIn{}, changes: map[uint64][]Change{},
	}
}

func (w *writer) connect(ctx context.Context) (err error) {
	if w.conn, err = w.db.Conn(ctx); err != nil {
		return fmt.Errorf("connect writer %d: %w", w.n, err)
	}
	return nil
}

func (w *writer) close() error {
	if w.conn == nil {
		return nil
	}
	return w.conn.Close()
}

// crowd is how many customers a writer begins with.
const crowd = 40

// run writes transactions, none before its time.
func (w *writer) run(ctx context.Context, first time.Time, transactions int, interval time.Duration) error {
	if len(w.alive) == 0 {
		if err := w.perform(ctx, deed{name: "first customers", end: auto, do: (*transaction).firstCustomers}); err != nil {
			return err
		}
	}
	for i := range transactions {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Until(first.Add(time.Duration(i) * interval))):
		}
		if err := w.perform(ctx, w.choose()); err != nil {
			return err
		}
	}
	return nil
}

// mark renames the newest customers by one statement.
func (w *writer) mark(ctx context.Context) error {
	return w.perform(ctx, deed{name: "mark", end: auto, do: (*transaction).mark})
}

// perform makes one transaction and remembers it where it was committed.
func (w *writer) perform(ctx context.Context, d deed) error {
	t := &transaction{writer: w, rows: map[uint64]Customer{}, signIns: map[uint64][]SignIn{}, deleted: map[uint64]bool{}}
	if err := t.play(ctx, d); err != nil {
		return fmt.Errorf("writer %d: %s: %w", w.n, d.name, err)
	}
	return nil
}

func (t *transaction) play(ctx context.Context, d deed) error {
	if d.end == auto {
		if err := d.do(t, ctx); err != nil {
			return err
		}
		t.keep()
		t.stats.Committed++
		return nil
	}
	if err := t.command(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	if err := d.do(t, ctx); err != nil {
		return err
	}
	switch d.end {
	case rollback:
		t.stats.RolledBack++
		return t.command(ctx, "ROLLBACK")
	case cut:
		return t.cut(ctx)
	}
	if err := t.command(ctx, "COMMIT"); err != nil {
		return err
	}
	t.keep()
	t.stats.Committed++
	return nil
}

// keep makes the transaction history.
func (t *transaction) keep() {
	w := t.writer
	w.next++
	for _, c := range t.changes {
		c.change.Transaction = w.next
		w.changes[c.customer] = append(w.changes[c.customer], c.change)
	}
	maps.Copy(w.rows, t.rows)
	maps.Copy(w.signIns, t.signIns)
	for id := range t.deleted {
		delete(w.rows, id)
		delete(w.signIns, id)
	}
	w.alive = slices.DeleteFunc(append(w.alive, t.born...), func(id uint64) bool { return t.deleted[id] })
}

// cut hangs up while it commits, so that the answer may be lost, and then finds
// out what took place. The locks of the transaction are there until it has
// ended one way or the other.
func (t *transaction) cut(ctx context.Context) error {
	w := t.writer
	moment, cancel := context.WithTimeout(ctx, time.Duration(w.random.Int64N(int64(time.Millisecond))))
	answer := w.command(moment, "COMMIT")
	cancel()
	if err := errors.Join(ctx.Err(), w.reconnect(ctx)); err != nil {
		return err
	}
	if answer == nil {
		t.keep()
		w.stats.Committed++
		return nil
	}
	w.stats.Cut++
	landed, err := t.landed(ctx)
	if err != nil || !landed {
		return err
	}
	w.stats.Landed++
	t.keep()
	return nil
}

// reconnect gives the connection up, whatever state it is in.
func (w *writer) reconnect(ctx context.Context) error {
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	if err := w.conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) && !errors.Is(err, driver.ErrBadConn) {
		return fmt.Errorf("close the connection of writer %d: %w", w.n, err)
	}
	return w.connect(ctx)
}

// landed reads back whether the transaction took place. It has renamed the
// customer of its first change to what she was never called before.
func (t *transaction) landed(ctx context.Context) (bool, error) {
	id := t.changes[0].customer
	before, after := t.writer.rows[id].Name, t.rows[id].Name
	var name string
	if err := t.conn.QueryRowContext(ctx, "SELECT name FROM customers WHERE id = ? FOR UPDATE", id).Scan(&name); err != nil {
		return false, fmt.Errorf("read back customer %d: %w", id, err)
	}
	if name != before && name != after {
		return false, fmt.Errorf("read back customer %d: the name is %q, neither %q nor %q", id, name, before, after)
	}
	return name == after, nil
}

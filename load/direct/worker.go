package direct

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"telltale/load"
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
	return w.connect(ctx)
}

// Close implements load.Worker.
func (w *worker) Close() error {
	if w.conn == nil {
		return nil
	}
	return w.conn.Close()
}

// Do implements load.Worker.
func (w *worker) Do(ctx context.Context, s load.Step, r *load.Recorder) (load.Outcome, error) {
	d, ok := w.deeds[s.Deed]
	if !ok {
		return "", fmt.Errorf("no deed is called %q", s.Deed)
	}
	t := &transaction{worker: w, step: s, random: s.Random(), recorder: r, fresh: newRows()}
	return t.play(ctx, d)
}

// transaction is what a worker is doing. Its rows stand before the worker's until
// it is kept or forgotten.
type transaction struct {
	*worker
	step     load.Step
	random   *rand.Rand
	recorder *load.Recorder
	changes  []load.Change
	fresh    rows
	born     []uint64 // Customers.
	stocked  []uint64 // Products.
	serial   int
}

func (t *transaction) play(ctx context.Context, d deed) (load.Outcome, error) {
	if d.end == auto {
		if err := d.do(t, ctx); err != nil {
			return "", err
		}
		return t.keep(load.Committed)
	}
	if err := t.command(ctx, "START TRANSACTION"); err != nil {
		return "", err
	}
	if err := d.do(t, ctx); err != nil {
		return "", errors.Join(err, t.command(context.WithoutCancel(ctx), "ROLLBACK"))
	}
	switch d.end {
	case rollback:
		return load.RolledBack, t.command(ctx, "ROLLBACK")
	case cut:
		return t.cut(ctx)
	}
	if err := t.command(ctx, "COMMIT"); err != nil {
		return "", err
	}
	return t.keep(load.Committed)
}

// keep makes the transaction history, where it changed anything.
func (t *transaction) keep(o load.Outcome) (load.Outcome, error) {
	w := t.worker
	for r, row := range t.fresh.row {
		if row == (gone{}) {
			delete(w.committed.row, r)
			delete(w.committed.own, r)
			continue
		}
		w.committed.row[r] = row
	}
	for owner, list := range t.fresh.own {
		if _, there := w.committed.row[owner]; there {
			w.committed.own[owner] = slices.DeleteFunc(append(slices.Clone(w.committed.own[owner]), list...), func(r ref) bool {
				_, there := w.committed.row[r]
				return !there
			})
		}
	}
	w.customers = slices.DeleteFunc(append(w.customers, t.born...), func(id uint64) bool {
		_, there := w.committed.row[ref{table: load.Customers, id: id}]
		return !there
	})
	w.products = append(w.products, t.stocked...)
	w.target.putOnShelf(t.stocked...)
	if len(t.changes) == 0 {
		return load.Read, nil
	}
	return o, t.recorder.Note(t.step, o, t.changes)
}

// cut hangs up while it commits, so that the answer may be lost, and then finds
// out what took place. The locks of the transaction are there until it has ended
// one way or the other.
func (t *transaction) cut(ctx context.Context) (load.Outcome, error) {
	moment, cancel := context.WithTimeout(ctx, time.Duration(t.random.Int64N(int64(time.Millisecond))))
	answer := t.command(moment, "COMMIT")
	cancel()
	if err := errors.Join(ctx.Err(), t.reconnect(ctx)); err != nil {
		return "", err
	}
	if answer == nil {
		return t.keep(load.Committed)
	}
	if err := t.recorder.Note(t.step, load.Unknown, t.changes); err != nil {
		return "", err
	}
	landed, err := t.landed(ctx)
	if err != nil {
		return "", err
	}
	if landed {
		return t.keep(load.Landed)
	}
	return load.Vanished, t.recorder.Note(t.step, load.Vanished, nil)
}

// landed reads back whether the transaction took place, by the version of the
// first customer that it changed.
func (t *transaction) landed(ctx context.Context) (bool, error) {
	for r, row := range t.fresh.row {
		after, changed := row.(customer)
		before, known := t.committed.row[r].(customer)
		if !changed || !known || before.Version == after.Version {
			continue
		}
		var version uint32
		if err := t.conn.QueryRowContext(ctx, "SELECT version FROM customers WHERE id = ? FOR UPDATE", r.id).Scan(&version); err != nil {
			return false, fmt.Errorf("read back customer %d: %w", r.id, err)
		}
		if version != before.Version && version != after.Version {
			return false, fmt.Errorf("read back customer %d: the version is %d, neither %d nor %d", r.id, version, before.Version, after.Version)
		}
		return version == after.Version, nil
	}
	return false, errors.New("read back a commit: no customer's version would tell whether it took place")
}

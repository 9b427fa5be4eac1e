package direct

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"telltale/load"
)

// Do implements load.Worker.
func (w *worker) Do(ctx context.Context, s load.Step, r *load.Recorder) (load.Outcome, error) {
	d, ok := w.deeds[s.Deed]
	if !ok {
		return "", fmt.Errorf("no deed is called %q", s.Deed)
	}
	t := &transaction{worker: w, step: s, random: s.Random(), recorder: r, fresh: newRows(), clerk: w.clerk, categories: w.categories}
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
	clerk    uint64   // Hired by now.
	// categories are those that products can be put in by now.
	categories []uint64
	serial     int
}

func (t *transaction) play(ctx context.Context, d deed) (load.Outcome, error) {
	end := d.end
	if end == auto && t.target.Patience > 0 {
		end = commit // Which can be read back.
	}
	if end == auto || end == each {
		if err := d.do(t, ctx); err != nil {
			return "", err
		}
		return t.keep(load.Committed)
	}
	if err := t.statements(ctx, d); err != nil {
		return t.abandon(ctx, err)
	}
	switch end {
	case rollback:
		if err := t.command(ctx, "ROLLBACK"); err != nil {
			return t.abandon(ctx, err)
		}
		return load.RolledBack, nil
	case cut:
		return t.cut(ctx)
	}
	switch err := t.command(ctx, "COMMIT"); {
	case err == nil:
		return t.keep(load.Committed)
	case t.broke(err):
		return t.readBack(ctx)
	default:
		return "", err
	}
}

// statements are those of a transaction but for its end.
func (t *transaction) statements(ctx context.Context, d deed) error {
	if err := t.command(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	if err := d.do(t, ctx); err != nil || t.target.Patience == 0 {
		return err
	}
	return t.sign(ctx)
}

// abandon is for what failed before its commit.
func (t *transaction) abandon(ctx context.Context, cause error) (load.Outcome, error) {
	if !t.broke(cause) {
		return "", errors.Join(cause, t.command(context.WithoutCancel(ctx), "ROLLBACK"))
	}
	return load.Vanished, t.reconnect(ctx)
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
	w.clerk, w.categories = t.clerk, t.categories
	w.products = append(w.products, t.stocked...)
	w.target.putOnShelf(t.stocked...)
	if len(t.changes) == 0 {
		return load.Read, nil
	}
	return o, t.recorder.Note(t.step, o, t.changes)
}

// cut hangs up while it commits, so that the answer may be lost.
func (t *transaction) cut(ctx context.Context) (load.Outcome, error) {
	moment, cancel := context.WithTimeout(ctx, time.Duration(t.random.Int64N(int64(time.Millisecond))))
	answer := t.command(moment, "COMMIT")
	cancel()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if answer != nil {
		return t.readBack(ctx)
	}
	if err := t.reconnect(ctx); err != nil {
		return "", err
	}
	return t.keep(load.Committed)
}

// readBack finds out by another connection what took place of a commit whose answer
// was lost. The locks of the transaction are there until it has ended one way or the
// other.
func (t *transaction) readBack(ctx context.Context) (load.Outcome, error) {
	if len(t.changes) == 0 {
		return load.Read, t.reconnect(ctx)
	}
	if err := t.recorder.Note(t.step, load.Unknown, t.changes); err != nil {
		return "", err
	}
	var landed bool
	err := t.patiently(ctx, func(ctx context.Context) (err error) {
		if err = t.reconnect(ctx); err == nil {
			landed, err = t.landed(ctx)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if landed {
		return t.keep(load.Landed)
	}
	return load.Vanished, t.recorder.Note(t.step, load.Vanished, nil)
}

// landed reads back whether the transaction took place.
func (t *transaction) landed(ctx context.Context) (bool, error) {
	before, after, signed := t.signature()
	if !signed {
		return false, errors.New("read back a commit: no customer's version would tell whether it took place")
	}
	var version uint32
	if err := t.conn.QueryRowContext(ctx, "SELECT version FROM customers WHERE id = ? FOR UPDATE", before.ID).Scan(&version); err != nil {
		return false, fmt.Errorf("read back customer %d: %w", before.ID, err)
	}
	if version != before.Version && version != after.Version {
		return false, fmt.Errorf("read back customer %d: the version is %d, neither %d nor %d", before.ID, version, before.Version, after.Version)
	}
	return version == after.Version, nil
}

// signature is a customer who was there and whose version the transaction changed.
func (t *transaction) signature() (before, after customer, signed bool) {
	for r, row := range t.fresh.row {
		after, changed := row.(customer)
		before, known := t.committed.row[r].(customer)
		if changed && known && before.Version != after.Version {
			return before, after, true
		}
	}
	return customer{}, customer{}, false
}

// sign gives a transaction that changed something a signature. Whoever arrives has
// no customers yet, and none.
func (t *transaction) sign(ctx context.Context) error {
	if _, _, signed := t.signature(); signed || len(t.changes) == 0 || len(t.customers) == 0 {
		return nil
	}
	id := t.pick()
	for t.row(customerRef(id)) == nil {
		id = t.pick()
	}
	return t.update(ctx, edit{name: t.unique("Signed"), version: true}, origin{}, id)
}

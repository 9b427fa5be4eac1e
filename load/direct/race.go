package direct

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// racers is how many connections save at the same moment.
const racers = 8

// race saves a customer's form from several connections at once, all from the same
// version: one must win.
func (t *transaction) race(ctx context.Context) error {
	id := t.pick()
	before := t.customer(id)
	type try struct {
		edit
		origin
		won bool
	}
	tries := make([]try, racers)
	group, ctx := errgroup.WithContext(ctx)
	for i := range tries {
		tries[i].edit, tries[i].origin = edit{name: t.unique("Racer"), version: true}, t.request(id)
		group.Go(func() (err error) {
			tries[i].won, err = t.tryToSave(ctx, tries[i].edit, tries[i].origin, id, before.Version)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	winners := 0
	for _, r := range tries {
		if !r.won {
			continue
		}
		winners++
		if err := t.changed(r.origin, customerRef(id), r.of(before)); err != nil {
			return err
		}
	}
	if winners != 1 {
		return fmt.Errorf("%d of %d saved customer %d from version %d, want one", winners, racers, id, before.Version)
	}
	return nil
}

// tryToSave saves from a version and tells whether it was still the stored one.
func (t *transaction) tryToSave(ctx context.Context, e edit, o origin, id uint64, version uint32) (bool, error) {
	sets, args := e.sets()
	statement := "UPDATE customers SET " + sets + " WHERE id = ? AND version = ?" + o.comment()
	result, err := t.target.db.ExecContext(ctx, statement, append(args, id, version)...)
	if err != nil {
		return false, fmt.Errorf("%s: %w", statement, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("%s: %w", statement, err)
	}
	return n == 1, nil
}

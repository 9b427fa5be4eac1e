package faults

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"telltale/load"
	"telltale/load/direct"
)

const (
	// loadTime bounds a round's load and its faults, settleTime how long all
	// that comes of them may take after that.
	loadTime   = 10 * time.Minute
	settleTime = 5 * time.Minute
)

// Fault is what is done to the pipeline while the load is written.
type Fault struct {
	// Name is short, Doc says in a sentence what is done once a round; both are for
	// people.
	Name, Doc string
	// Long faults take half a minute a round: `make faults` plays them, and
	// `make test` does not.
	Long bool
	// Inject does it at random moments, during about the time given, and puts
	// right what does not heal by itself.
	Inject func(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error
}

// Round is a load with a fault.
type Round struct {
	Fault
	// Seed decides the moments.
	Seed uint64
	// Transactions is how many are written.
	Transactions int
}

// Result is what came of a round. What is compared is all that was written
// since the world was opened.
type Result struct {
	Seed uint64
	// Wrote counts this round's transactions, During is how long they took.
	Wrote  Stats
	During time.Duration
	// Harms are this round's, by stage.
	Harms []Harm
	// Tallies compare all rounds so far; Again counts the mails that came more
	// than once, under one Message-ID.
	// Repeats counts the changes and events that came again with source.delivery
	// at-least-once.
	Tallies []*Tally
	Again   int
	Repeats int
}

// Play writes the load, injects the fault, waits until everything has come, and
// compares. The error says all that deviates.
func (w *World) Play(ctx context.Context, r Round) (Result, error) {
	result := Result{Seed: r.Seed}
	before := w.load.Summary()
	if err := w.harm(ctx, r); err != nil {
		return result, fmt.Errorf("round with seed %d: %w", r.Seed, err)
	}
	after := w.load.Summary()
	result.Wrote, result.During = statsOf(after).Minus(statsOf(before)), after.During-before.During
	if err := w.judge(ctx, &result); err != nil {
		return result, fmt.Errorf("round with seed %d: %w", r.Seed, err)
	}
	return result, nil
}

// harm writes the load and injects the fault meanwhile.
func (w *World) harm(ctx context.Context, r Round) error {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := w.load.Run(ctx, load.Span{Transactions: r.Transactions}); err != nil {
			return err
		}
		return context.Cause(ctx) // A load that was asked to stop has not failed.
	})
	group.Go(func() error {
		random := rand.New(rand.NewPCG(r.Seed, 0))
		return r.Inject(ctx, w, random, time.Duration(float64(r.Transactions)/w.load.Rate*float64(time.Second)))
	})
	return group.Wait()
}

// judge compares everything since the beginning.
func (w *World) judge(ctx context.Context, result *Result) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	want, err := w.settle(ctx)
	if err != nil {
		return err
	}
	if err := w.history.final.Verify(ctx, w.shop); err != nil {
		return err
	}
	got := w.reader.received()
	if err := w.history.asTheyCame(want, got.changes); err != nil {
		return err
	}
	k, err := readKept(ctx, w.consumers)
	if err != nil {
		return err
	}
	var f findings
	f.topics(want, got)
	f.kept(want, got.events, k)
	result.Again = f.delivered(k.ledger, w.mails.all())
	result.Tallies, result.Repeats = f.tallies, got.repeats
	if errs := f.errors(); len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, t := range f.tallies {
		if t.Got == 0 {
			return fmt.Errorf("no %s were compared", t.What)
		}
	}
	result.Harms, err = w.harms(got, k.ledger)
	return err
}

// settle waits until as much has come as must, and then until what was written
// behind it has come on every partition: so nothing is on its way that should
// not be there.
func (w *World) settle(ctx context.Context) (map[subject]expected, error) {
	if _, err := w.arrived(ctx); err != nil {
		return nil, err
	}
	before := w.reader.received().newest
	if err := w.load.Aside(ctx, direct.Mark); err != nil {
		return nil, err
	}
	want, err := w.arrived(ctx)
	if err != nil {
		return nil, err
	}
	if silent := w.reader.silent(before); len(silent) > 0 {
		return nil, fmt.Errorf("no mark has come on the partitions %v", silent)
	}
	return want, nil
}

// arrived waits until as much has come as must.
func (w *World) arrived(ctx context.Context) (map[subject]expected, error) {
	if err := w.history.read(); err != nil {
		return nil, err
	}
	want, sum, err := expectAll(w.history.whole())
	if err != nil {
		return nil, err
	}
	var now totals
	var asked error
	err = w.await(ctx, "all that must come", func(ctx context.Context) bool {
		now.changes, now.events = w.reader.counts()
		if now.changes < sum.changes || now.events < sum.events {
			return false
		}
		now.mails, now.facts, now.addresses, asked = countKept(ctx, w.consumers)
		return asked == nil && now.mails >= sum.mails && now.facts >= sum.facts && now.addresses >= sum.addresses
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w; got %+v, want %+v", err, now, sum), asked)
	}
	return want, nil
}

// countKept counts the mails that were sent, and the rows of the others.
func countKept(ctx context.Context, db *sql.DB) (mails, facts, addresses int, err error) {
	const query = `SELECT (SELECT COUNT(*) FROM mail_ledger WHERE state <> 'planned'),
(SELECT COUNT(*) FROM history_changes), (SELECT COUNT(*) FROM security_addresses)`
	if err := db.QueryRowContext(ctx, query).Scan(&mails, &facts, &addresses); err != nil {
		return 0, 0, 0, fmt.Errorf("count what the consumers keep: %w", err)
	}
	return mails, facts, addresses, nil
}

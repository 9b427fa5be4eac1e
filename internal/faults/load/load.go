// Package load writes to the shop's database what a busy shop and a careless
// administrator would, from a seed, and keeps the history of what it committed:
// the truth that a pipeline is held against.
//
// Each writer has customers of its own and one connection, so that it knows the
// order of everything that happens to them. A commit whose answer was lost is
// resolved by reading back under a lock.
package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"
)

// Options say how a load is written.
type Options struct {
	// DSN is an account that may read and write the rows of the shop, in
	// go-sql-driver's form.
	DSN string
	// Seed decides what is written. What depends on the server is not decided
	// by it: ids, and the outcome of commits that are cut off.
	Seed uint64
	// Writers is how many write at the same time. Default 4.
	Writers int
	// Rate is how many transactions all of them begin a second. Default 250. A
	// writer that is late does not wait.
	Rate int
}

// isolation is the variable's name in MySQL, and in MariaDB, each of which reads
// the comment that is meant for it.
const isolation = "/*!80000 transaction_isolation */ /*M! tx_isolation */"

// Load writes and remembers. Its methods are for one goroutine.
type Load struct {
	Options
	db      *sql.DB
	writers []*writer
}

// Open connects the writers. Close the load in any case.
func Open(ctx context.Context, o Options) (*Load, error) {
	if o.Writers == 0 {
		o.Writers = 4
	}
	if o.Rate == 0 {
		o.Rate = 250
	}
	l := &Load{Options: o}
	cfg, err := mysql.ParseDSN(o.DSN)
	if err != nil {
		return l, fmt.Errorf("parse the load's DSN: %w", err)
	}
	cfg.InterpolateParams = true // One round trip a statement.
	// Times are written as text in UTC, and without gap locks the writers are
	// not in each other's way.
	cfg.Params = map[string]string{"time_zone": "'+00:00'", isolation: "'READ-COMMITTED'"}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return l, fmt.Errorf("open the shop's database for the load: %w", err)
	}
	l.db = sql.OpenDB(connector)
	l.db.SetMaxIdleConns(2 * o.Writers)
	for n := range o.Writers {
		w := newWriter(l.db, n, o.Seed)
		l.writers = append(l.writers, w)
		if err := w.connect(ctx); err != nil {
			return l, err
		}
	}
	return l, nil
}

// Run writes that many transactions, as many at a second as the rate says, and
// returns how long it took.
func (l *Load) Run(ctx context.Context, transactions int) (time.Duration, error) {
	began := time.Now()
	turn := time.Second / time.Duration(l.Rate)
	err := l.each(ctx, func(ctx context.Context, w *writer) error {
		first := began.Add(time.Duration(w.n) * turn)
		return w.run(ctx, first, transactions/l.Writers, turn*time.Duration(l.Writers))
	})
	return time.Since(began), err
}

// Mark renames so many customers that records of all partitions are among
// them. Whatever was written before stands before its records.
func (l *Load) Mark(ctx context.Context) error {
	return l.each(ctx, func(ctx context.Context, w *writer) error { return w.mark(ctx) })
}

func (l *Load) each(ctx context.Context, f func(context.Context, *writer) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, w := range l.writers {
		group.Go(func() error { return f(ctx, w) })
	}
	return group.Wait()
}

// History is what was committed so far.
func (l *Load) History() History {
	h := History{Changes: map[uint64][]Change{}}
	for _, w := range l.writers {
		h.Stats = h.Stats.Plus(w.stats)
		for id, changes := range w.changes {
			h.Changes[id] = changes
		}
	}
	return h
}

// Close ends the connections.
func (l *Load) Close() error {
	var errs []error
	for _, w := range l.writers {
		errs = append(errs, w.close())
	}
	if l.db != nil {
		errs = append(errs, l.db.Close())
	}
	return errors.Join(errs...)
}

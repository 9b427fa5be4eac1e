package binlog

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// ledger counts up the versions of rows that nobody else writes to, and knows
// what it committed: where the answer to a commit was lost, it looks.
type ledger struct {
	db     *sql.DB
	random *rand.Rand
	// versions are the rows' by their id.
	versions map[int]int
	// lost is how many answers were, of which landed took place.
	lost, landed int
}

// newLedger inserts rows at version 1.
func newLedger(t *testing.T, h *harness, seed uint64, rows int) *ledger {
	t.Helper()
	l := &ledger{db: h.db, random: rand.New(rand.NewPCG(seed, 0)), versions: map[int]int{}}
	for id := 1; id <= rows; id++ {
		h.exec(t, fmt.Sprintf("INSERT INTO customers (id, name, version) VALUES (%d, 'x', 1)", id))
		l.versions[id] = 1
	}
	return l
}

// sum is how many updates were committed.
func (l *ledger) sum() (n int) {
	for _, v := range l.versions {
		n += v - 1
	}
	return n
}

// run writes transactions until stop is closed.
func (l *ledger) run(ctx context.Context, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Duration(l.random.IntN(4)) * time.Millisecond):
		}
		changed := map[int]int{}
		if err := l.transaction(ctx, changed); err != nil {
			if err := l.look(ctx, changed); err != nil {
				return err
			}
			continue
		}
		l.keep(changed)
	}
}

func (l *ledger) keep(changed map[int]int) {
	for id, n := range changed {
		l.versions[id] += n
	}
}

// transaction updates some rows, some of them twice, and rolls one in eight back.
func (l *ledger) transaction(ctx context.Context, changed map[int]int) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	rollback := l.random.IntN(8) == 0
	for range 1 + l.random.IntN(3) {
		ids := l.random.Perm(len(l.versions))[:1+l.random.IntN(3)]
		slices.Sort(ids)
		in := make([]string, len(ids))
		for i, id := range ids {
			in[i] = fmt.Sprint(id + 1)
			if !rollback {
				changed[id+1]++
			}
		}
		if _, err := tx.ExecContext(ctx, "UPDATE customers SET version = version + 1 WHERE id IN ("+strings.Join(in, ",")+")"); err != nil {
			return err
		}
	}
	if rollback {
		return tx.Rollback()
	}
	return tx.Commit()
}

// look finds out, as soon as the server answers, whether a transaction took
// place, under locks that its own must have been given up for.
func (l *ledger) look(ctx context.Context, changed map[int]int) error {
	l.lost++
	for {
		got, err := l.read(ctx)
		if err == nil {
			return l.judge(got, changed)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (l *ledger) read(ctx context.Context) (map[int]int, error) {
	rows, err := l.db.QueryContext(ctx, "SELECT id, version FROM customers FOR UPDATE")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	got := map[int]int{}
	for rows.Next() {
		var id, version int
		if err := rows.Scan(&id, &version); err != nil {
			return nil, err
		}
		got[id] = version
	}
	return got, rows.Err()
}

// judge wants a transaction to be there whole or not at all.
func (l *ledger) judge(got, changed map[int]int) error {
	before, after := true, true
	for id, version := range l.versions {
		before = before && got[id] == version
		after = after && got[id] == version+changed[id]
	}
	switch {
	case before:
		return nil
	case after:
		l.landed++
		l.keep(changed)
		return nil
	}
	return fmt.Errorf("the server has the versions %v, want %v, with %v more or none", got, l.versions, changed)
}

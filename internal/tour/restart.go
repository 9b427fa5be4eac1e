package tour

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// restartTime bounds step 10.
	restartTime = 3 * time.Minute
	// awoken is how many customers are marked after the restart: so many that
	// every partition has some.
	awoken = 100
)

// restarted stops the shop, the pipeline, MySQL and the broker, and starts all
// of it again. What was there before must be there as it was, and nothing of it
// may come again.
func (s *Story) restarted(ctx context.Context) error {
	if len(s.citizens) == 0 {
		return errors.New("there is nobody to ask, see step 8")
	}
	ctx, cancel := context.WithTimeout(ctx, restartTime)
	defer cancel()
	before, err := s.world.account(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.world.restart(ctx); err != nil {
		return err
	}
	s.did("stop of shop, pipeline, broker and MySQL, and start: %.1f s", time.Since(began).Seconds())
	after, err := s.world.account(ctx)
	if err != nil {
		return err
	}
	if err := after.continues(before); err != nil {
		return err
	}
	if err := s.markAll(ctx, s.citizens[:awoken]); err != nil {
		return err
	}
	marked, err := s.world.account(ctx)
	if err != nil {
		return err
	}
	s.printf("   before   %s\n   after    %s, of which %d by customers of all partitions who were changed once more\n", before, marked, awoken)
	return errors.Join(marked.grew(before, awoken), s.nextChange(ctx))
}

// nextChange shows that all goes on: Bob's browser is still signed in.
func (s *Story) nextChange(ctx context.Context) error {
	w := want{
		ops:    []string{"u"},
		events: []wantEvent{{"CustomerNameChanged", map[string]any{"old_name": "Dora", "new_name": "Emma"}}},
		mails:  []string{secondEmail},
	}
	return s.observeBob(ctx, w, func(ctx context.Context) error {
		c, err := s.bob.load(ctx)
		if err != nil {
			return err
		}
		c.Name = "Emma"
		return s.saved(ctx, c)
	})
}

// account is all that there is at a moment.
type account struct {
	changes, events, mails int
	ledger                 []ledgerRow
	// offsets are what the consumers have handled, by consumer and partition.
	offsets map[string]int64
}

func (w *World) account(ctx context.Context) (account, error) {
	a := account{offsets: map[string]int64{}}
	var err error
	if a.ledger, err = w.settledLedger(ctx); err != nil {
		return a, err
	}
	rows, err := w.consumers.QueryContext(ctx, "SELECT CONCAT_WS('/', consumer, topic, partition_id), next_offset FROM consumer_offsets")
	if err != nil {
		return a, fmt.Errorf("read the consumers' offsets: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var place string
		var next int64
		if err := rows.Scan(&place, &next); err != nil {
			return a, fmt.Errorf("read the consumers' offsets: %w", err)
		}
		a.offsets[place] = next
	}
	sight, _ := w.seen.look()
	a.changes, a.events, a.mails = len(sight.changes), len(sight.events), len(sight.mails)
	return a, rows.Err()
}

// String is for people.
func (a account) String() string {
	return fmt.Sprintf("%d row changes, %d events, %d mails, %d rows in the ledger", a.changes, a.events, a.mails, len(a.ledger))
}

// continues checks that what was there is there as it was: the offsets that the
// consumers had, or later ones, and the ledger's rows, word for word.
func (a account) continues(before account) error {
	for place, next := range before.offsets {
		if now, ok := a.offsets[place]; !ok || now < next {
			return fmt.Errorf("the offset of %s was %d and is %d (known: %t)", place, next, now, ok)
		}
	}
	if len(a.ledger) < len(before.ledger) || !slices.Equal(a.ledger[:len(before.ledger)], before.ledger) {
		return fmt.Errorf("the ledger's %d rows are not what its %d rows were", len(a.ledger), len(before.ledger))
	}
	return nil
}

// grew checks that one row change, event and mail came of each of so many
// changes, and nothing else.
func (a account) grew(before account, by int) error {
	var errs []error
	for _, n := range []struct {
		what        string
		now, before int
	}{
		{"row changes", a.changes, before.changes},
		{"events", a.events, before.events},
		{"mails", a.mails, before.mails},
		{"rows of the ledger", len(a.ledger), len(before.ledger)},
	} {
		if n.now != n.before+by {
			errs = append(errs, fmt.Errorf("%s: %d after the restart, want %d", n.what, n.now, n.before+by))
		}
	}
	return errors.Join(errs...)
}

package faults

import (
	"fmt"
	"slices"

	"telltale/load"
)

// findings are what all comparisons found. Problems are deviations that no
// tally counts.
type findings struct {
	tallies  []*Tally
	problems []error
}

func (f *findings) tally(what string) *Tally {
	t := &Tally{What: what}
	f.tallies = append(f.tallies, t)
	return t
}

// maxProblems bounds what findings tell.
const maxProblems = 10

func (f *findings) problem(format string, args ...any) {
	if len(f.problems) < maxProblems {
		f.problems = append(f.problems, fmt.Errorf(format, args...))
	}
}

// errors are all deviations.
func (f *findings) errors() []error {
	errs := slices.Clone(f.problems)
	for _, t := range f.tallies {
		if t.Right() {
			continue
		}
		errs = append(errs, fmt.Errorf("%s: wanted %d, got %d: %d missing, %d too many, %d in another order",
			t.What, t.Wanted, t.Got, t.Missing, t.Surplus, t.Reordered))
		for _, e := range t.Examples {
			errs = append(errs, fmt.Errorf("  %s", e))
		}
	}
	return errs
}

// topics compares what a read_committed reader got with what must have come.
func (f *findings) topics(want map[uint64]expected, got received) {
	changes, events := f.tally("row changes"), f.tally("events")
	for _, customer := range customers(want, got.changes, got.events) {
		w, c, e := want[customer], got.changes[customer], got.events[customer]
		compare(changes, customer, changesOf(c), plain(w.changes))
		compare(events, customer, eventsOf(e), w.events)
		if len(c) == len(w.changes) {
			f.grouping(customer, c, w.changes)
		}
		if len(c) == len(w.changes) && len(e) == len(w.events) {
			f.causes(customer, c, e, w.from)
		}
	}
	for _, id := range got.twice {
		f.problem("the id %s came twice", id)
	}
	for _, torn := range got.torn {
		f.problem("%w", torn)
	}
}

// customers are all that somebody names.
func customers(want map[uint64]expected, changes map[uint64][]rawChange, events map[uint64][]rawEvent) []uint64 {
	var all []uint64
	for id := range want {
		all = append(all, id)
	}
	for id := range changes {
		all = append(all, id)
	}
	for id := range events {
		all = append(all, id)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func changesOf(records []rawChange) []load.Change {
	list := make([]load.Change, len(records))
	for i, r := range records {
		list[i] = r.change
	}
	return list
}

func eventsOf(records []rawEvent) []event {
	list := make([]event, len(records))
	for i, r := range records {
		list[i] = r.event
	}
	return list
}

// plain leaves out the numbers of transactions, which no raw change has.
func plain(changes []change) []load.Change {
	list := make([]load.Change, len(changes))
	for i, c := range changes {
		list[i] = c.Change
	}
	return list
}

// grouping checks that what one transaction did stands in one, and no more.
func (f *findings) grouping(customer uint64, got []rawChange, want []change) {
	for i := 1; i < len(want); i++ {
		together := got[i].transaction == got[i-1].transaction
		if together != (want[i].transaction == want[i-1].transaction) {
			f.problem("customer %d: the changes %s and %s are in one transaction: %t, want %t",
				customer, got[i-1].id, got[i].id, together, !together)
		}
	}
}

// causes checks that each event names the change that it was made from (I7).
func (f *findings) causes(customer uint64, changes []rawChange, events []rawEvent, from []int) {
	for i, e := range events {
		if want := changes[from[i]].id; changeOf(e.id) != want {
			f.problem("customer %d: the event %s comes of another change, want %s", customer, e.id, want)
		}
	}
}

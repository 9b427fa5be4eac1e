package faults

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

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
func (f *findings) topics(want map[subject]expected, got received) {
	changes, events := map[string]*Tally{}, map[string]*Tally{}
	for _, a := range changed() {
		changes[a] = f.tally("row changes of " + a + "s")
	}
	for _, a := range told() {
		events[a] = f.tally("events of " + a + "s")
	}
	for _, s := range subjects(want, got) {
		w, c := want[s], got.changes[s]
		compare(changes[s.aggregate], s, changesOf(c), plain(w.changes))
		if len(c) == len(w.changes) {
			f.grouping(s, c, w.changes)
		}
		for _, a := range toldOf(s.aggregate) {
			of := subject{a, s.id}
			e, must := got.events[of], w.events[a]
			compare(events[a], of, eventsOf(e), bare(must))
			if len(c) == len(w.changes) && len(e) == len(must) {
				f.causes(of, c, e, must)
			}
		}
	}
	for _, id := range got.twice {
		f.problem("the id %s came twice", id)
	}
	for _, torn := range got.torn {
		f.problem("%w", torn)
	}
}

// subjects are all that somebody names and that have changes.
func subjects(want map[subject]expected, got received) []subject {
	all := map[subject]bool{}
	for s := range want {
		all[s] = true
	}
	for s := range got.changes {
		all[s] = true
	}
	for s := range got.events {
		all[s.source()] = true
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b subject) int {
		return cmp.Or(strings.Compare(a.aggregate, b.aggregate), cmp.Compare(a.id, b.id))
	})
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

// bare leaves out what events were made from, which their ids say.
func bare(events []caused) []event {
	list := make([]event, len(events))
	for i, e := range events {
		list[i] = e.event
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
func (f *findings) grouping(s subject, got []rawChange, want []change) {
	for i := 1; i < len(want); i++ {
		together := got[i].transaction == got[i-1].transaction
		if together != (want[i].transaction == want[i-1].transaction) {
			f.problem("%s: the changes %s and %s are in one transaction: %t, want %t",
				s, got[i-1].id, got[i].id, together, !together)
		}
	}
}

// causes checks that each event names the change that it was made from (I7).
func (f *findings) causes(s subject, changes []rawChange, events []rawEvent, want []caused) {
	for i, e := range events {
		if from := changes[want[i].from].id; changeOf(e.id) != from {
			f.problem("%s: the event %s comes of another change, want %s", s, e.id, from)
		}
	}
}

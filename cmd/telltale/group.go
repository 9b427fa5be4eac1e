package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// stopWithin is how long a process may take from the first sign of its end to the
// end of its last part.
const stopWithin = 9 * time.Second

// actor is one part of a process. Its run blocks until its context ends, and then
// stops in good order and returns nil.
type actor struct {
	name string
	run  func(context.Context) error
}

// outcome is what became of an actor.
type outcome struct {
	index int
	err   error
}

// runGroup runs actors until ctx ends or the first of them does, for whatever
// reason. Then they are stopped one after the other in the order given, so that
// those which feed others go first. An actor that does not stop in time is left
// behind and named: the process is about to end. The errors of all are joined, and
// that of the first to end comes first.
func runGroup(ctx context.Context, within time.Duration, actors ...actor) error {
	ended := make(chan outcome, len(actors))
	cancels := make([]context.CancelFunc, len(actors))
	for i, a := range actors {
		// Each has a context of its own, or all would stop at once with ctx.
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancels[i] = cancel
		defer cancel()
		go func() { ended <- outcome{i, a.run(own)} }()
	}

	g := group{actors: actors, done: make([]bool, len(actors))}
	select {
	case <-ctx.Done():
	case o := <-ended:
		g.note(o)
		if o.err == nil && ctx.Err() == nil {
			g.errs = append(g.errs, fmt.Errorf("%s: ended although nobody asked it to", actors[o.index].name))
		}
	}

	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for i, cancel := range cancels {
		cancel()
		for !g.done[i] {
			select {
			case o := <-ended:
				g.note(o)
			case <-deadline.C:
				return errors.Join(append(g.errs, g.late(within))...)
			}
		}
	}
	return errors.Join(g.errs...)
}

// group is the state of runGroup.
type group struct {
	actors []actor
	done   []bool
	errs   []error
}

func (g *group) note(o outcome) {
	g.done[o.index] = true
	if o.err != nil {
		g.errs = append(g.errs, fmt.Errorf("%s: %w", g.actors[o.index].name, o.err))
	}
}

// late names the actors that still run.
func (g *group) late(within time.Duration) error {
	var names []string
	for i, a := range g.actors {
		if !g.done[i] {
			names = append(names, a.name)
		}
	}
	return fmt.Errorf("not stopped after %v: %s", within, strings.Join(names, ", "))
}

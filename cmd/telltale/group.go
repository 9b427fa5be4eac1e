package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// stopWithin is how long a process takes at most to stop in order, and lastCall how
// long those then have that are left.
const (
	stopWithin = 8 * time.Second
	lastCall   = time.Second
)

// actor is one part of a process. Its run blocks until its context ends, and then
// stops in good order and returns nil.
type actor struct {
	name string
	run  func(context.Context) error
	// part is the part of the health that run itself sets; none for an actor that
	// is ready at once.
	part string
}

// outcome is what became of an actor.
type outcome struct {
	index int
	err   error
}

// runGroup runs actors until ctx ends or the first of them does, for whatever
// reason. Then they are stopped one after the other in the order given, so that
// those which feed others go first; when that takes too long, all that are left are
// stopped at once. An actor that does not stop even so is left behind and named: the
// process is about to end. The errors of all are joined, and that of the first to
// end comes first.
func runGroup(ctx context.Context, within time.Duration, actors ...actor) error {
	g := group{
		actors: actors, done: make([]bool, len(actors)),
		ended: make(chan outcome, len(actors)), cancels: make([]context.CancelFunc, len(actors)),
	}
	for i, a := range actors {
		// Each has a context of its own, or all would stop at once with ctx.
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		g.cancels[i] = cancel
		go func() { g.ended <- outcome{i, a.run(own)} }()
	}
	select {
	case <-ctx.Done():
	case o := <-g.ended:
		g.note(o)
		if o.err == nil && ctx.Err() == nil {
			g.errs = append(g.errs, fmt.Errorf("%s: ended although nobody asked it to", actors[o.index].name))
		}
	}
	g.stopping = true
	g.stopInOrder(within)
	g.stopAll(lastCall)
	return errors.Join(g.errs...)
}

// group is the state of runGroup.
type group struct {
	actors  []actor
	cancels []context.CancelFunc
	ended   chan outcome
	done    []bool
	errs    []error
	// stopping is set before the first actor is told to stop.
	stopping bool
}

// stopInOrder stops one actor after the other, until time is up.
func (g *group) stopInOrder(within time.Duration) {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for i, cancel := range g.cancels {
		cancel()
		for !g.done[i] {
			select {
			case o := <-g.ended:
				g.note(o)
			case <-deadline.C:
				return
			}
		}
	}
}

// stopAll stops the actors that are left and names those that do not end in time.
func (g *group) stopAll(within time.Duration) {
	for _, cancel := range g.cancels {
		cancel()
	}
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for slices.Contains(g.done, false) {
		select {
		case o := <-g.ended:
			g.note(o)
		case <-deadline.C:
			g.errs = append(g.errs, fmt.Errorf("not stopped in time: %s", strings.Join(g.running(), ", ")))
			return
		}
	}
}

// note keeps an actor's outcome. One that was stopped in the middle of a call and
// says no more than that has nothing to say.
func (g *group) note(o outcome) {
	g.done[o.index] = true
	if o.err != nil && !(g.stopping && errors.Is(o.err, context.Canceled)) {
		g.errs = append(g.errs, fmt.Errorf("%s: %w", g.actors[o.index].name, o.err))
	}
}

// running names the actors that have not ended.
func (g *group) running() []string {
	var names []string
	for i, a := range g.actors {
		if !g.done[i] {
			names = append(names, a.name)
		}
	}
	return names
}

package load

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// queued is how many steps of a worker are planned ahead at most. A worker that
	// is later than that holds the planning up; due times stay what they were.
	queued = 1024
	// grace is how long what is under way may take when the load is asked to stop.
	grace = 30 * time.Second
	// late is how long after the load's end what was due before may begin.
	late = time.Second
)

// Span is how long a load runs. Both zero is until it is asked to stop.
type Span struct {
	// Transactions is how many are done, however long that takes; zero is any.
	Transactions int
	// For is how long transactions are begun; zero is any time. What was due by then
	// and is more than a second late is not begun, and counted so.
	For time.Duration
}

// due is a step and when it is to begin.
type due struct {
	Step
	at time.Time
}

// Run does the steps of the plan that follow, each when it is due or, where its
// worker is late, as soon as possible. It returns nil when all of the span was
// done, or when ctx ended: then what is under way is finished and nothing else
// begun.
func (l *Load) Run(ctx context.Context, span Span) error {
	began := time.Now()
	defer func() { l.tally.ran(time.Since(began)) }()
	if ctx.Err() != nil {
		return nil // Not all workers may have arrived.
	}
	work, release := graceful(ctx)
	defer release()
	group, work := errgroup.WithContext(work)
	queues := make([]chan due, len(l.workers))
	for n := range queues {
		queues[n] = make(chan due, queued)
		group.Go(func() error { return l.serve(ctx, work, queues[n], began, span) })
	}
	group.Go(func() error {
		defer func() {
			for _, q := range queues {
				close(q)
			}
		}()
		l.feed(ctx, work, queues, began, span)
		return nil
	})
	return group.Wait()
}

// graceful is a context that ends some time after ctx.
func graceful(ctx context.Context) (context.Context, func()) {
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	timer := time.AfterFunc(math.MaxInt64, func() {
		cancel(fmt.Errorf("what was under way has not ended within %s", grace))
	})
	stop := context.AfterFunc(ctx, func() { timer.Reset(grace) })
	return work, func() {
		stop()
		timer.Stop()
		cancel(nil)
	}
}

// feed plans ahead, as far as the queues take it.
func (l *Load) feed(ctx, work context.Context, queues []chan due, began time.Time, span Span) {
	base := l.planner.now()
	for n := 0; span.Transactions == 0 || n < span.Transactions; n++ {
		s := l.planner.Next()
		after := s.At - base
		if span.For > 0 && after > span.For {
			return
		}
		select {
		case queues[s.Worker] <- due{s, began.Add(after)}:
		case <-ctx.Done():
			return
		case <-work.Done():
			return
		}
	}
}

// serve does a worker's steps.
func (l *Load) serve(ctx, work context.Context, queue <-chan due, began time.Time, span Span) error {
	for d := range queue {
		if !wait(ctx, d.at) {
			continue // Nothing is begun any more, and these were not due yet.
		}
		if span.For > 0 && time.Since(began) > span.For+late {
			l.tally.missed()
			continue
		}
		outcome, err := l.do(work, d.Step)
		if err != nil {
			return err
		}
		l.tally.note(d.Deed, outcome, time.Since(d.at))
	}
	return nil
}

// wait waits for a time, and tells whether ctx has not ended.
func wait(ctx context.Context, until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

package consumers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// stopGrace is how long a batch may go on after its partition is to be
	// given up; most are done at once.
	stopGrace = 3 * time.Second
	// reclaimPause is about how long a fenced worker waits before it claims
	// again. An instance that the group has forgotten hears of it meanwhile,
	// and does not take the partition back from its rightful owner.
	reclaimPause = time.Second
	// askTimeout bounds a question to a broker.
	askTimeout = 3 * time.Second
)

// worker applies the records of one partition, from its assignment to its
// revocation.
type worker struct {
	place
	engine   *engine
	consumer Consumer
	types    map[string]bool
	store    *store
	metrics  *metrics
	logger   *slog.Logger
	queue    *queue
	claim    claim // Of the run under way; used by the goroutine that applies.
	paused   bool  // Whether fetching is paused; used by the poll loop alone.
	next     int64 // The offset behind what the queue took last; the poll loop's too.
	state    *condition
	cancel   context.CancelFunc
	done     chan struct{}
}

// run owns the partition until ctx ends. What cannot heal ends the consumer.
func (w *worker) run(ctx context.Context) {
	defer close(w.done)
	defer w.end()
	p := newPauses()
	for {
		err := w.own(ctx, p)
		w.queue.close()
		if ctx.Err() != nil {
			return // Whoever owns the partition next meets what was not done.
		}
		pause := reclaimPause + rand.N(reclaimPause)
		switch class := classify(err); {
		case errors.Is(err, errNotOwner):
			w.metrics.fenced.Inc()
			w.logger.Warn("partition claimed by another instance")
			w.state.set(err)
		case class != permanent:
			w.retrying(w.state, class, err)
			pause = p.next(class)
		default:
			w.engine.fail(err)
			return
		}
		if sleep(ctx, pause) != nil {
			return
		}
	}
}

// end takes back what was reported of the partition.
func (w *worker) end() {
	w.state.end()
	w.metrics.forget(w.place)
}

// own claims the partition, has the poll loop seek to where the claim stands,
// and applies what comes until the claim or ctx ends.
func (w *worker) own(ctx context.Context, p *pauses) error {
	c, err := w.take(ctx)
	if err != nil {
		return err
	}
	if err := w.engine.seek(ctx, w, c.next); err != nil {
		return err
	}
	*p = *newPauses()
	w.claim = c
	w.metrics.claims.Inc()
	w.state.set(nil)
	w.logger.Info("partition claimed", "offset", c.next, "epoch", c.epoch)
	g, ctx := errgroup.WithContext(ctx)
	part := newPartition(w, c)
	defer part.end()
	g.Go(func() error { return w.consume(ctx, part) })
	if w.consumer.Work != nil {
		g.Go(func() error { return w.work(ctx, part) })
	}
	return g.Wait()
}

// take asks what the topic holds and claims the partition's row.
func (w *worker) take(ctx context.Context) (claim, error) {
	ask, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	e, err := w.engine.extent(ask, w.place)
	if err != nil {
		return claim{}, err
	}
	return w.store.claim(ctx, w.place, e)
}

// consume applies batches. A batch under way is finished after ctx ends.
func (w *worker) consume(ctx context.Context, p *Partition) error {
	for {
		messages, err := w.queue.take(ctx, w.engine.options.Batch)
		if err != nil {
			return err
		}
		if err := w.fail("polled"); err != nil {
			return err
		}
		records, parseErr := w.parse(messages)
		if len(records) > 0 {
			if err := w.apply(ctx, records); err != nil {
				return err
			}
			signal(p.committed)
			w.noteProgress(records)
		}
		if parseErr != nil {
			return parseErr
		}
	}
}

// noteProgress tells whoever looks how far the partition is.
func (w *worker) noteProgress(records []record) {
	age := time.Duration(0)
	if w.queue.size() > 0 {
		age = time.Since(records[len(records)-1].Time)
	}
	w.metrics.behind(w.place, age)
}

// work runs the consumer's background work, again after an error that heals.
func (w *worker) work(ctx context.Context, part *Partition) error {
	p := newPauses()
	for {
		err := w.consumer.Work(ctx, part)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			return fmt.Errorf("consumer %s: the background work of %s ended by itself", w.consumer.Name, w.place)
		}
		class := classify(err)
		if class == permanent {
			return fmt.Errorf("consumer %s: the background work of %s: %w", w.consumer.Name, w.place, err)
		}
		w.retrying(part.state, class, err)
		if err := sleep(ctx, p.next(class)); err != nil {
			return err
		}
	}
}

// retrying counts a failure and, where a server is away, makes it the reason
// why part of the consumer makes no progress. A conflict is everyday life.
func (w *worker) retrying(part *condition, c class, err error) {
	w.metrics.retries.WithLabelValues(string(c)).Inc()
	if c == unavailable {
		part.set(err)
	}
}

// condition makes one for a part of the partition's work.
func (w *worker) condition(part string) *condition {
	name := fmt.Sprintf("consumer %s, %s", w.consumer.Name, w.place)
	if part != "" {
		name += ", " + part
	}
	return &condition{health: w.engine.options.Health, part: name, logger: w.logger}
}

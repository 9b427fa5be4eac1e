package mail

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// trust is for how long a round sends on the proof that its partition is owned.
// An instance that slept, and wakes up with mails in hand that are another's by
// now, sends no more than those under way.
const trust = 2 * time.Second

// round is a number of mails that are sent together: side by side those of
// different customers, one after the other those of one.
type round struct {
	proven  time.Time
	results chan result // Has room for all, so that no lane waits.

	mu      sync.Mutex
	lists   [][]entry // The mails of each customer that no lane has taken.
	all     []entry
	begun   map[uint64]bool // By seq.
	open    bool            // Some lane has had a connection.
	stopped bool
	down    bool // The server is away.
	tried   int
}

// result is what became of a mail.
type result struct {
	entry entry
	outcome
}

func newRound(entries []entry, proven time.Time) *round {
	r := &round{proven: proven, all: entries, results: make(chan result, len(entries)), begun: make(map[uint64]bool, len(entries))}
	index := make(map[string]int)
	for _, e := range entries {
		at, seen := index[e.customer]
		if !seen {
			at = len(r.lists)
			index[e.customer] = at
			r.lists = append(r.lists, nil)
		}
		r.lists[at] = append(r.lists[at], e)
	}
	return r
}

// next is a customer's mails that a lane shall send; none: it is done.
func (r *round) next() []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lists) == 0 {
		return nil
	}
	list := r.lists[0]
	r.lists = r.lists[1:]
	return list
}

// begin reports whether a mail may be tried, and counts it as tried then.
func (r *round) begin(e entry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped || time.Since(r.proven) >= trust {
		return false
	}
	r.begun[e.seq] = true
	return true
}

// opened says that a lane has a connection.
func (r *round) opened() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open = true
}

// putBack takes a customer's mails back from a lane that got no connection, where
// another lane got one: a server that refuses just one more is not away. It
// reports whether it did.
func (r *round) putBack(list []entry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open {
		return false
	}
	r.lists = append(r.lists, list)
	return true
}

func (r *round) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
}

// add takes an outcome down and ends the round where the server is away.
func (r *round) add(e entry, o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried++
	if o.verdict == away {
		r.stopped, r.down = true, true
	}
	r.results <- result{entry: e, outcome: o}
}

// more returns first and the results that are there without waiting.
func (r *round) more(first result) []result {
	batch := []result{first}
	for {
		select {
		case next, ok := <-r.results:
			if !ok {
				return batch
			}
			batch = append(batch, next)
		default:
			return batch
		}
	}
}

// left are the mails that were not tried.
func (r *round) left() []entry {
	var left []entry
	for _, e := range r.all {
		if !r.begun[e.seq] {
			left = append(left, e)
		}
	}
	return left
}

// send sends a round over the connection that the caller awaited and as many more
// as are free, and closes its results. It starts no mail after ctx ends; what is
// under way has until finish ends.
func (s *sender) send(ctx, finish context.Context, r *round) error {
	defer close(r.results)
	g, ctx := errgroup.WithContext(ctx)
	for n := range min(len(r.lists), s.options.SMTP.Connections) {
		if n > 0 && !s.pool.try() {
			break
		}
		g.Go(func() error {
			defer s.pool.release()
			return s.lane(ctx, finish, r)
		})
	}
	return g.Wait()
}

// lane sends over one connection.
func (s *sender) lane(ctx, finish context.Context, r *round) error {
	l := &lane{pool: s.pool}
	defer l.end()
	for list := r.next(); list != nil; list = r.next() {
		began := s.tracer.Now()
		if err := l.open(finish); err != nil {
			if !r.putBack(list) && r.begin(list[0]) {
				o := outcome{verdict: away, err: err}
				s.trace(list[0], o, began)
				r.add(list[0], o)
			}
			return nil
		}
		r.opened()
		if more, err := s.customer(ctx, finish, r, l, list); err != nil || !more {
			return err
		}
	}
	return nil
}

// customer sends the mails of one customer, and reports whether the lane may go
// on.
func (s *sender) customer(ctx, finish context.Context, r *round, l *lane, list []entry) (more bool, err error) {
	for _, e := range list {
		if ctx.Err() != nil || !r.begin(e) {
			return false, nil
		}
		began := s.tracer.Now()
		o := s.deliver(finish, l, e)
		s.trace(e, o, began)
		if err := s.options.Failpoint(string(o.verdict)); err != nil {
			return false, err
		}
		r.add(e, o)
		if o.verdict == deferred {
			break // Her later mails wait for this one.
		}
	}
	return true, nil
}

// deliver makes one attempt.
func (s *sender) deliver(ctx context.Context, l *lane, e entry) outcome {
	m, err := s.post.compose(e)
	if err != nil {
		return outcome{verdict: rejected, err: err}
	}
	if err := l.open(ctx); err != nil {
		return outcome{verdict: away, err: err}
	}
	err = l.send(ctx, m)
	o := outcome{verdict: judge(err), err: err}
	if o.verdict == deferred {
		o.pause = s.backoff(e.attempts + 1)
		if e.refused > s.options.GiveUp {
			o.verdict = rejected
		}
	}
	return o
}

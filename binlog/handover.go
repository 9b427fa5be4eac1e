package binlog

import (
	"context"
	"time"
)

// positionEvery is how often the position is published where nothing else is:
// a reader of quiet tables must not fall behind what the server keeps.
const positionEvery = time.Second

// take returns the next batch, which is the caller's until it takes the next
// one. It waits until there are records of whole transactions, or a batch is
// full in the middle of one, or the position alone has moved for positionEvery.
// It returns nil, nil when wait is false and nothing is there or about to come:
// the rest of a transaction whose first records are there is.
func (s *stream) take(ctx context.Context, done *batch, wait bool) (*batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if done != nil {
		done.reset()
		s.spare = done
		s.cond.Broadcast()
	}
	defer func() { s.waiting, s.wanted = false, false }()
	timer := time.AfterFunc(positionEvery, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.wanted = true
		s.offer()
	})
	defer timer.Stop()
	for {
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case s.ready != nil:
			b := s.ready
			s.ready = nil
			return b, nil
		case s.cur.full(), !s.tx.open && len(s.cur.records) > 0:
			return s.swap(), nil
		case s.err != nil:
			return nil, s.err
		case !wait && len(s.cur.records) == 0:
			return nil, nil
		}
		s.waiting = true
		s.cond.Wait()
	}
}

// offer hands the batch to a publisher that waits. The decoder calls it at the
// end of a transaction: were the publisher to look for itself, it would mostly
// find one open.
func (s *stream) offer() {
	if !s.waiting || s.tx.open || s.ready != nil {
		return
	}
	if len(s.cur.records) == 0 && !(s.wanted && s.moved) {
		return
	}
	s.ready = s.swap()
	s.waiting = false
	s.cond.Broadcast()
}

// swap takes the current batch out and puts the spare in its place. Where a
// transaction is open, the newest record of each of its partitions goes over
// to the new batch: whether it is the transaction's last there is not known.
func (s *stream) swap() *batch {
	b := s.cur
	s.cur, s.spare = s.spare, nil
	b.whole = !s.tx.open
	if b.whole {
		s.done.stamp(&s.position)
		if len(s.lastGTID) > 0 {
			s.position.Last, s.position.Fingerprint = string(s.lastGTID), s.lastSum.String()
		}
		b.position = s.position
		s.moved = false
	} else {
		s.handedOver = true
		if err := s.carry(b); err != nil && s.err == nil {
			s.err = err
		}
	}
	s.options.metrics.queue.Set(s.cur.fill())
	s.options.metrics.read(&s.intake) // Also inside a huge transaction.
	s.cond.Broadcast()
	return b
}

// dropOpen takes the open transaction's records out of the current batch, so that
// those before it can be published although it cannot. Where a part of it was
// handed over already, all of that Kafka transaction will be aborted.
func (s *stream) dropOpen() {
	if !s.tx.open || s.handedOver {
		return
	}
	s.cur.cut(s.begun)
	for _, p := range s.tx.touched {
		p.topic.last[p.partition] = noRecord
	}
	s.tx.open, s.tx.touched = false, s.tx.touched[:0]
	s.offer()
}

// remind has the position handed over again when nothing else comes for a while:
// the one of before was put off.
func (s *stream) remind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved = true
}

// end makes every present and later call of take and HandleEvent return err.
func (s *stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.cond.Broadcast()
}

package consumers

import (
	"context"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// queue holds the records of one partition between the loop that polls Kafka
// and the worker that applies them. It is closed until the worker has claimed
// the partition and the loop has sought to the claimed offset: what arrives
// before is not the worker's to apply and is dropped.
type queue struct {
	mu       sync.Mutex
	open     bool
	messages []*kafka.Message
	bytes    int
	err      error         // What take returns next.
	ready    chan struct{} // Holds a token while there may be something to take.
	room     chan struct{} // Holds a token after something was taken.
}

func newQueue() *queue {
	return &queue{ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// signal leaves a token where there is none yet.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// push appends a record and reports whether the queue took it, which it does
// while it is open: a record at hand must not get lost, so the bound is the
// caller's to keep.
func (q *queue) push(m *kafka.Message) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.open {
		return false
	}
	q.messages = append(q.messages, m)
	q.bytes += messageBytes(m)
	signal(q.ready)
	return true
}

// take waits for records and returns up to limit of them, in order, and no
// more bytes than batchBytes unless the first alone has more.
func (q *queue) take(ctx context.Context, limit int) ([]*kafka.Message, error) {
	for {
		if batch, err := q.tryTake(limit); len(batch) > 0 || err != nil {
			return batch, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-q.ready:
		}
	}
}

func (q *queue) tryTake(limit int) ([]*kafka.Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return nil, q.err
	}
	n, bytes := 0, 0
	for n < min(limit, len(q.messages)) {
		b := messageBytes(q.messages[n])
		if n > 0 && bytes+b > batchBytes {
			break
		}
		n, bytes = n+1, bytes+b
	}
	batch := q.messages[:n:n]
	q.messages = q.messages[n:]
	q.bytes -= bytes
	if len(q.messages) == 0 {
		q.messages = nil // Lets go of the records that were taken.
	}
	if n > 0 {
		signal(q.room)
	}
	return batch, nil
}

// awaitRoom waits until the queue holds less than limit bytes, for at most d,
// and reports whether it does.
func (q *queue) awaitRoom(ctx context.Context, limit int, d time.Duration) bool {
	if q.size() < limit {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-q.room:
			if q.size() < limit {
				return true
			}
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// close drops what the queue holds and all that is pushed until reopen.
func (q *queue) close() { q.reset(false) }

// reopen lets records in. The loop calls it, right after it sought.
func (q *queue) reopen() { q.reset(true) }

func (q *queue) reset(open bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open, q.messages, q.bytes, q.err = open, nil, 0, nil
	signal(q.room)
}

// fail makes take return err, until the queue is closed or reopened.
func (q *queue) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err = err
	signal(q.ready)
}

func (q *queue) isOpen() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.open
}

func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// messageBytes is about what a record costs in memory.
func messageBytes(m *kafka.Message) int {
	const perMessage, perHeader = 256, 48
	n := perMessage + len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += perHeader + len(h.Key) + len(h.Value)
	}
	return n
}

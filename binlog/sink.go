package binlog

import (
	"context"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

// The values of source.delivery.
const (
	deliveryExactlyOnce = "exactly-once"
	deliveryAtLeastOnce = "at-least-once"
)

// sink is where records become final, with the position behind them. It is used
// by one goroutine.
type sink interface {
	// begin starts what the next commit ends.
	begin() error
	produce(context.Context, *kafka.Message) error
	// commit makes final what was produced, and then the position and where the topics
	// end. Unless it is to be done now it may be put off to a later commit; final
	// tells whether it was not.
	commit(ctx context.Context, p Position, t *tails, now bool) (final bool, err error)
	// timeout is how long it may be from begin to commit, or 0 where that does not
	// matter.
	timeout() time.Duration
	// abort takes back what was produced since begin, where that is possible.
	abort(context.Context) error
	close()
}

// sink makes that of source.delivery.
func (r *reader) sink(positions *kafkaclient.TxnProducer) (sink, error) {
	if r.o.Delivery != deliveryAtLeastOnce {
		return &exactlyOnce{source: r.o.Name, TxnProducer: positions}, nil
	}
	records, err := kafkaclient.NewAckedProducer(r.o.Kafka, kafkaclient.AckedOptions{
		Report: func(err error) { r.o.Health.Set(partTransaction, err) }, QueueBytes: queueOf(r.o.Memory),
	})
	if err != nil {
		return nil, err
	}
	return &atLeastOnce{exactlyOnce: exactlyOnce{source: r.o.Name, TxnProducer: positions}, records: records, now: time.Now, written: time.Now()}, nil
}

// exactlyOnce has records and position in one Kafka transaction (I2, I3).
type exactlyOnce struct {
	source string
	*kafkaclient.TxnProducer
}

func (e *exactlyOnce) begin() error { return e.Begin() }

func (e *exactlyOnce) produce(ctx context.Context, m *kafka.Message) error { return e.Produce(ctx, m) }

func (e *exactlyOnce) commit(ctx context.Context, p Position, t *tails, _ bool) (bool, error) {
	ends, err := t.records()
	if err != nil {
		return false, err
	}
	if err := remember(ctx, e.TxnProducer, e.source, p, ends); err != nil {
		return false, err
	}
	return true, e.Commit(ctx)
}

func (e *exactlyOnce) timeout() time.Duration { return e.Timeout() }

func (e *exactlyOnce) abort(ctx context.Context) error { return e.Abort(ctx) }

func (e *exactlyOnce) close() {} // The session closes the producer.

// atLeastOnce shows records as soon as the brokers have them, and writes the
// position behind those that they have acknowledged (I3), at most once a
// positionEvery. The position alone is in a transaction, so that of a reader
// which lost the lease it is refused.
type atLeastOnce struct {
	exactlyOnce
	records *kafkaclient.AckedProducer
	now     func() time.Time
	written time.Time // When the position was, or the session began.
}

func (a *atLeastOnce) begin() error { return nil }

func (a *atLeastOnce) produce(ctx context.Context, m *kafka.Message) error {
	return a.records.Produce(ctx, m)
}

func (a *atLeastOnce) commit(ctx context.Context, p Position, t *tails, now bool) (bool, error) {
	if !now && a.now().Sub(a.written) < positionEvery {
		return false, nil
	}
	if err := a.records.Flush(ctx); err != nil {
		return false, err
	}
	if err := a.Begin(); err != nil {
		return false, err
	}
	if final, err := a.exactlyOnce.commit(ctx, p, t, now); err != nil {
		return final, err
	}
	a.written = a.now()
	return true, nil
}

// timeout is none: nothing is open.
func (a *atLeastOnce) timeout() time.Duration { return 0 }

// abort has nothing to take back: readers have seen it, and see it again.
func (a *atLeastOnce) abort(context.Context) error { return nil }

func (a *atLeastOnce) close() { a.records.Close() }

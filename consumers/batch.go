package consumers

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/schemas/event"
)

// record is one event of a batch. One that is passed moves the offset alone.
type record struct {
	Delivery
	passed bool
}

// parse reads records up to the first that is no event, whose error it returns
// beside those before it.
func (w *worker) parse(messages []*kafka.Message) ([]record, error) {
	records := make([]record, 0, len(messages))
	var headers []event.Header
	for _, m := range messages {
		headers = headers[:0]
		for _, h := range m.Headers {
			headers = append(headers, event.Header(h))
		}
		r := record{Delivery: Delivery{Key: string(m.Key), Topic: w.topic, Partition: w.partition, Offset: int64(m.TopicPartition.Offset)}}
		e, err := event.Parse(headers, m.Value)
		if err != nil {
			return records, w.eventError(r.Delivery, Poison(err))
		}
		r.Event = e
		r.passed = w.types != nil && !w.types[e.Type]
		records = append(records, r)
	}
	return records, nil
}

func (w *worker) eventError(d Delivery, err error) error {
	return &EventError{
		Consumer: w.consumer.Name, Topic: d.Topic, Partition: d.Partition, Offset: d.Offset,
		EventID: d.ID, Type: d.Type, Err: err,
	}
}

// apply commits a batch. Where it fails for good, its events are applied one by
// one, so that those before the culprit are kept and the error can name it.
func (w *worker) apply(ctx context.Context, records []record) error {
	began := w.engine.tracer.Now()
	err := w.persist(ctx, records)
	if err == nil || !culpable(ctx, err) {
		return err
	}
	if len(records) == 1 {
		w.trace(records, began, err)
		return w.eventError(records[0].Delivery, err)
	}
	for i := range records {
		if err := w.apply(ctx, records[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// culpable reports whether an event may have caused err.
func culpable(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !errors.Is(err, errNotOwner) && !errors.Is(err, errFailpoint)
}

// persist tries a batch until it is committed, fails for good, is refused, or
// ctx ends; an attempt under way is finished then.
func (w *worker) persist(ctx context.Context, records []record) error {
	p := newPauses()
	for {
		err := w.attempt(ctx, records)
		if err == nil || errors.Is(err, errMoved) {
			w.claim.next = records[len(records)-1].Offset + 1
			w.state.set(nil)
			return nil
		}
		class := classify(err)
		if ctx.Err() != nil || class == permanent {
			return err
		}
		w.retrying(w.state, class, err)
		w.metrics.behind(w.place, time.Since(records[0].Time))
		if err := sleep(ctx, p.next(class)); err != nil {
			return err
		}
	}
}

// attempt is one transaction: the offset first, which also proves ownership
// and locks it, then the events.
func (w *worker) attempt(ctx context.Context, records []record) error {
	ctx, cancel := linger(ctx, stopGrace)
	defer cancel()
	started := time.Now()
	next := records[len(records)-1].Offset + 1
	err := w.store.inTx(ctx, func(tx *sql.Tx) error {
		if err := w.fail("begun"); err != nil {
			return err
		}
		if err := w.store.advance(ctx, tx, w.claim, next); err != nil {
			return err
		}
		if err := w.fail("advanced"); err != nil {
			return err
		}
		if batch := deliveries(records); len(batch) > 0 {
			if err := w.consumer.Handle(ctx, tx, batch); err != nil {
				return err
			}
		}
		return w.fail("handled")
	})
	if err != nil {
		return err
	}
	done := w.claim
	done.next = next
	w.metrics.committed(done, records, time.Since(started))
	w.trace(records, started, nil)
	return w.fail("committed")
}

func deliveries(records []record) []Delivery {
	batch := make([]Delivery, 0, len(records))
	for _, r := range records {
		if !r.passed {
			batch = append(batch, r.Delivery)
		}
	}
	return batch
}

// errFailpoint marks what a test injects; it must not be taken for an event's
// fault.
var errFailpoint = errors.New("failpoint")

func (w *worker) fail(point string) error { return w.engine.options.failpoint(point) }

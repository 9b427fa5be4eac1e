package binlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/binlog/claims"
	"telltale/internal/kafkaclient"
	"telltale/internal/tracing"
)

// A Kafka transaction is committed when no batch waits, or when it has grown to
// one of these.
const (
	txnBytes = 32 << 20
	txnAge   = 200 * time.Millisecond
)

// work is what a Kafka transaction holds.
type work struct{ rows, txns, bytes int }

func (w work) plus(v work) work { return work{w.rows + v.rows, w.txns + v.txns, w.bytes + v.bytes} }

// publisher puts batches into Kafka transactions, each with the position behind
// it (I2, I3).
type publisher struct {
	sink     sink
	stream   *stream
	metrics  *metrics
	tracer   *tracing.Tracer
	now      func() time.Time
	overflow overflow
	tails    *tails
	// progressed is told after every commit.
	progressed func()

	open bool // Something was begun and not committed.
	// late is whether a commit was put off, putOff what it was of and behind the
	// position behind that.
	late    bool
	putOff  work
	behind  Position
	largest largest
	room    []byte // For records that are read back from a file.
	message kafka.Message
	headers [1]kafka.Header
	spans   tracing.Pending // Of the open Kafka transaction.
}

// run publishes until the stream or Kafka fails, or ctx ends. Whole MySQL
// transactions are committed even then; a part of one is taken back.
func (p *publisher) run(ctx context.Context) error {
	var done *batch
	for {
		b, err := p.stream.take(ctx, done, true)
		if err != nil {
			return errors.Join(err, p.settle(ctx))
		}
		if done, err = p.transaction(ctx, b); err != nil {
			return errors.Join(p.named(err), p.abort(ctx), p.settle(ctx))
		}
	}
}

// named makes a failure that would come back for ever one that stops the reader.
func (p *publisher) named(err error) error {
	if errors.As(err, new(*claims.RefusedError)) {
		return &StopError{Where: "a position behind the published one", Err: fmt.Errorf("%w: %w", errClaimsRefused, err)}
	}
	if !kafkaclient.IsTooLarge(err) {
		return err
	}
	return &StopError{Where: "a position behind the published one", Err: fmt.Errorf("%w: %v: %w", errRowTooLarge, &p.largest, err)}
}

// tooLong stops the reader inside a transaction of the server that does not fit
// into a Kafka transaction: the brokers are about to abort it, and would again.
func tooLong(w work, age time.Duration) error {
	return &StopError{
		Where: "a transaction behind the published position",
		Err:   fmt.Errorf("after %v and %d bytes: %w", age.Round(time.Millisecond), w.bytes, errHuge),
	}
}

// abortTimeout bounds the abort of a transaction that will not be finished.
const abortTimeout = 2 * time.Second

// abort takes the open transaction back, also when ctx has ended: readers of
// the topics wait for its end, and its timeout is long. The next producer of
// the same id does it where this fails.
func (p *publisher) abort(ctx context.Context) error {
	if !p.open {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	return p.sink.abort(ctx)
}

// settle makes final what was put off, also when ctx has ended.
func (p *publisher) settle(ctx context.Context) error {
	if !p.late {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	return p.end(ctx, p.behind, work{}, true)
}

// transaction publishes one Kafka transaction that begins with b, and returns
// the last batch it used.
func (p *publisher) transaction(ctx context.Context, b *batch) (*batch, error) {
	if err := p.sink.begin(); err != nil {
		return b, err
	}
	p.open, p.largest.bytes = true, 0
	p.stream.track.begin()
	var w work
	begun := p.now()
	for {
		p.metrics.lag.wait(b.since)
		if err := p.produce(ctx, b); err != nil {
			return b, err
		}
		w.rows, w.txns, w.bytes = w.rows+b.rows, w.txns+b.txns, w.bytes+len(b.buf)
		age := p.now().Sub(begun)
		if limit := p.sink.timeout(); !b.whole && limit > 0 && age > limit*9/10 {
			return b, tooLong(w, age)
		}
		if b.whole && (w.bytes >= txnBytes || age >= txnAge) {
			break
		}
		position, whole := b.position, b.whole
		next, err := p.stream.take(ctx, b, !whole)
		switch {
		case err != nil && !whole:
			return nil, err
		case err != nil: // What is whole is published whatever comes behind it.
			return nil, errors.Join(p.commit(ctx, position, w), err)
		case next == nil:
			return nil, p.commit(ctx, position, w)
		}
		b = next
	}
	return b, p.commit(ctx, b.position, w)
}

// produce hands a batch's records to the producer, which copies them.
func (p *publisher) produce(ctx context.Context, b *batch) error {
	defer p.stream.track.handOver(p.now, toKafka)()
	for i := range b.traced {
		p.spans.Add(b.traced[i].step())
	}
	m := &p.message
	for i := range b.records {
		r := &b.records[i]
		if r.moved {
			continue
		}
		m.TopicPartition.Topic, m.TopicPartition.Partition = &r.topic.name, r.partition
		buf, err := r.bytes(b, &p.room)
		if err != nil {
			return err
		}
		m.Key, m.Value, m.Headers = r.key.orNil(buf), r.value.in(buf), nil
		if r.tombstone {
			m.Value = nil
		}
		if r.headerKey != "" {
			p.headers[0] = kafka.Header{Key: r.headerKey, Value: r.header.in(buf)}
			m.Headers = p.headers[:]
		}
		if p.overflow.takes(r.topic, len(m.Key)+len(m.Value)+len(r.headerKey)+r.header.end-r.header.start) {
			taken := p.stream.track.handOver(p.now, p.overflow.taker())
			m.Value, err = p.overflow.divert(ctx, p.sink, m)
			if taken(); err != nil {
				return err
			}
		}
		p.largest.note(r.topic.name, m.Value)
		if err := p.sink.produce(ctx, m); err != nil {
			return err
		}
		p.tails.note(r.place)
	}
	m.Key, m.Value, m.Headers = nil, nil, nil // One huge record must not keep its memory for ever.
	return nil
}

// commit ends what transaction began. Where the sink puts the end off, it comes
// with a later one, or alone once nothing else has come for a while.
func (p *publisher) commit(ctx context.Context, position Position, w work) error {
	return p.end(ctx, position, w, false)
}

// end commits w and what was put off before, up to the position. Where that fails
// nothing changes: what was put off can still be settled.
func (p *publisher) end(ctx context.Context, position Position, w work, now bool) error {
	start := p.now()
	defer p.stream.track.handOver(p.now, toKafka)()
	final, err := p.sink.commit(ctx, position, p.tails, now)
	if err != nil {
		return fmt.Errorf("publish up to %s:%d: %w", position.File, position.Pos, err)
	}
	p.open = false
	if !final {
		p.late, p.putOff, p.behind = true, p.putOff.plus(w), position
		p.stream.remind()
		return nil
	}
	p.tails.committed()
	end := p.now()
	p.stream.track.commit(position)
	p.metrics.committed(p.putOff.plus(w), position, end.Sub(start), end)
	p.late, p.putOff = false, work{}
	p.spans.Commit(p.tracer, end)
	p.progressed()
	return nil
}

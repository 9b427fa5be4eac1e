package kafkaclient

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// callTimeout bounds one call of librdkafka, which goes on where it was when it
// is made again; between calls the context is looked at, which librdkafka itself
// never does, and a wait is reported.
const callTimeout = 2 * time.Second

// hangTime is how long a call may go on past its own time before the client is
// given up: librdkafka forgets that time while it waits for the coordinator of a
// group (its issue 5456), and can wait for ever for one that is there again.
const hangTime = 15 * time.Second

// TxnOptions say who produces in transactions.
type TxnOptions struct {
	// TransactionalID fences an earlier producer of the same id. Required.
	TransactionalID string
	// Timeout is how long the broker lets a transaction stay open before it
	// aborts it. Default 60 s.
	Timeout time.Duration
	// Report learns that a call has to wait for the brokers: it gets the reason
	// within moments and nil when the wait is over, however that ends. The
	// goroutine of the call calls it. Nil drops it.
	Report func(error)
	// QueueBytes is how many bytes of records wait for the brokers at most before
	// Produce waits; a record that is larger waits alone. Default 32 MiB.
	QueueBytes int
}

// TxnProducer produces in Kafka transactions. It is used by one goroutine.
// Delivery reports are off: a record that is not delivered makes the commit
// fail.
type TxnProducer struct {
	id       string
	p        *kafka.Producer
	stopLogs func()
	events   sync.WaitGroup
	close    sync.Once
	report   func(error)
	// said is what the client reported last beside the answers to calls: why a
	// call waits.
	said    atomic.Pointer[kafka.Error]
	timeout time.Duration
	intake  intake
	// hung gets the end of a call that hangs; nil where none does. hangTime is the
	// constant.
	hung     <-chan error
	hangTime time.Duration
}

// NewTxnProducer makes a producer and initialises its transactions, which
// fences an earlier producer of the same id and resolves its open transaction.
// It tries for as long as ctx lives while the broker does not answer.
func NewTxnProducer(ctx context.Context, c Config, o TxnOptions) (*TxnProducer, error) {
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	m, err := c.configMap(producing(kafka.ConfigMap{
		"transactional.id":       o.TransactionalID,
		"transaction.timeout.ms": int(o.Timeout / time.Millisecond),
		"go.delivery.reports":    false,
	}))
	if err != nil {
		return nil, err
	}
	stop := c.logs(m)
	p, err := kafka.NewProducer(&m)
	if err != nil {
		stop()
		return nil, fmt.Errorf("make a kafka producer %q: %w", o.TransactionalID, err)
	}
	t := &TxnProducer{id: o.TransactionalID, p: p, stopLogs: stop, report: o.Report, intake: newIntake(p, o.QueueBytes), hangTime: hangTime}
	t.timeout, err = timeoutOf(m)
	if err != nil {
		p.Close()
		stop()
		return nil, err
	}
	if t.report == nil {
		t.report = func(error) {}
	}
	t.events.Go(t.listen)
	if err := t.retry(ctx, "initialise transactions", p.InitTransactions); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// timeoutOf is the transaction timeout that a client is made with, which an
// operator may have set.
func timeoutOf(m kafka.ConfigMap) (time.Duration, error) {
	ms, err := strconv.Atoi(fmt.Sprint(m["transaction.timeout.ms"]))
	if err != nil {
		return 0, fmt.Errorf("kafka property transaction.timeout.ms: %w", err)
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// Timeout is how long the brokers let a transaction stay open.
func (t *TxnProducer) Timeout() time.Duration { return t.timeout }

// listen takes the client's events. What counts comes back from the calls.
func (t *TxnProducer) listen() {
	for event := range t.p.Events() {
		if e, ok := event.(kafka.Error); ok && e.Code() != kafka.ErrAllBrokersDown {
			t.said.Store(&e)
		}
	}
}

// Begin opens a transaction.
func (t *TxnProducer) Begin() error {
	if err := t.p.BeginTransaction(); err != nil {
		return fmt.Errorf("begin kafka transaction of %q: %w", t.id, err)
	}
	return nil
}

// Produce hands a record over; librdkafka copies it. It waits while the queue
// is full.
func (t *TxnProducer) Produce(ctx context.Context, m *kafka.Message) error {
	return t.intake.produce(ctx, m, func() error { return nil })
}

// SendOffsets makes a consumer's offsets part of the transaction.
func (t *TxnProducer) SendOffsets(ctx context.Context, offsets []kafka.TopicPartition, group *kafka.ConsumerGroupMetadata) error {
	return t.retry(ctx, "send offsets to the transaction", func(ctx context.Context) error {
		return t.p.SendOffsetsToTransaction(ctx, offsets, group)
	})
}

// Commit ends the transaction. After an error whose remedy is not to Rewind, a
// cancelled context's among them, the outcome is unknown: close the producer,
// make a new one, and read again what was committed.
func (t *TxnProducer) Commit(ctx context.Context) error {
	err := t.retry(ctx, "commit", t.p.CommitTransaction)
	t.intake.answered()
	return err
}

// Abort takes the open transaction back.
func (t *TxnProducer) Abort(ctx context.Context) error {
	err := t.retry(ctx, "abort", t.p.AbortTransaction)
	t.intake.answered()
	return err
}

// Close ends the producer without waiting for what it still holds: an open
// transaction is aborted by the next producer of the id, or by its timeout. It
// may be called twice. Where a call hangs, what the client holds is dropped at
// once, and its threads end when the call does: nobody can wait for that.
func (t *TxnProducer) Close() {
	t.close.Do(func() {
		_ = t.p.Purge(kafka.PurgeQueue | kafka.PurgeInFlight | kafka.PurgeNonBlocking) // Best effort: it makes the close quick.
		if t.hung == nil {
			t.end()
			return
		}
		go func() {
			<-t.hung
			t.end()
		}()
	})
}

func (t *TxnProducer) end() {
	t.p.Close()
	t.events.Wait()
	t.stopLogs()
}

// retry makes a transactional call until it is done, fails for good, or ctx ends.
func (t *TxnProducer) retry(ctx context.Context, what string, call func(context.Context) error) error {
	t.said.Store(nil)
	for waiting := false; ; waiting = true {
		err := t.bounded(ctx, call)
		if err != nil {
			err = t.explain(what, err)
		}
		if RemedyOf(err) != Retry || ctx.Err() != nil {
			if waiting {
				t.report(nil)
			}
			return err
		}
		t.report(err)
		select { // A retriable refusal can come back at once.
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// bounded makes a call once. The remedy of one that hangs is to Renew.
func (t *TxnProducer) bounded(ctx context.Context, call func(context.Context) error) error {
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		done <- call(ctx)
	}()
	hangs := time.NewTimer(callTimeout + t.hangTime)
	defer hangs.Stop()
	select {
	case err := <-done:
		return err
	case <-hangs.C:
		t.hung = done
		return kafka.NewError(kafka.ErrTimedOut, "the client hangs: its call does not end when its time is up", true)
	}
}

// explain adds to the failure of a call what it was for, and what the client met
// meanwhile: the failure itself often says only that time is up.
func (t *TxnProducer) explain(what string, err error) error {
	if said := t.said.Load(); said != nil {
		return fmt.Errorf("%s, transactional id %q: %w (%v)", what, t.id, err, *said)
	}
	return fmt.Errorf("%s, transactional id %q: %w", what, t.id, err)
}

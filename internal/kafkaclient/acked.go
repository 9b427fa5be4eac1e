package kafkaclient

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// AckedProducer produces without transactions: every reader sees a record as
// soon as all replicas in sync have it. Retries of the client neither repeat nor
// reorder (it is idempotent); two producers of the same records do both. It is
// used by one goroutine.
type AckedProducer struct {
	p        *kafka.Producer
	stopLogs func()
	events   sync.WaitGroup
	close    sync.Once
	report   func(error)
	// lost is closed once lostWhy says why the first record was not delivered. fatal
	// is what ended the client, and said what it reported last.
	lost        chan struct{}
	lostWhy     error
	fatal, said atomic.Pointer[kafka.Error]
	intake      intake
}

// AckedOptions say how a producer without transactions works.
type AckedOptions struct {
	// Report learns that Flush waits, with the reason, within moments, and nil when
	// the wait is over. The goroutine of the call calls it. Nil drops it.
	Report func(error)
	// QueueBytes is how many bytes of records wait for the brokers at most before
	// Produce waits; a record that is larger waits alone. Default 32 MiB.
	QueueBytes int
}

// NewAckedProducer makes a producer. A record waits for its brokers for as long
// as they take.
func NewAckedProducer(c Config, o AckedOptions) (*AckedProducer, error) {
	m, err := c.configMap(producing(kafka.ConfigMap{
		"enable.idempotence": true,
		// A record that cannot be delivered fails those behind it in its partition.
		"enable.gapless.guarantee":  true,
		"message.timeout.ms":        0,
		"go.delivery.reports":       true,
		"go.delivery.report.fields": "none",
	}))
	if err != nil {
		return nil, err
	}
	stop := c.logs(m)
	p, err := kafka.NewProducer(&m)
	if err != nil {
		stop()
		return nil, fmt.Errorf("make a kafka producer: %w", err)
	}
	if o.Report == nil {
		o.Report = func(error) {}
	}
	a := &AckedProducer{p: p, stopLogs: stop, report: o.Report, lost: make(chan struct{}), intake: newIntake(p, o.QueueBytes)}
	a.events.Go(a.listen)
	return a, nil
}

// listen takes the client's events: whether records were delivered, what it met,
// and barriers.
func (a *AckedProducer) listen() {
	for event := range a.p.Events() {
		switch e := event.(type) {
		case *kafka.Message:
			if e.TopicPartition.Error != nil && a.lostWhy == nil {
				a.lostWhy = fmt.Errorf("deliver a record to topic %s: %w", *e.TopicPartition.Topic, e.TopicPartition.Error)
				close(a.lost)
			}
		case kafka.Error:
			if e.IsFatal() {
				a.fatal.Store(&e)
			}
			if e.Code() != kafka.ErrAllBrokersDown {
				a.said.Store(&e)
			}
		case barrier:
			close(e)
		}
	}
}

// causeWait is how long the report of a record may take that ended the client.
const causeWait = time.Second

// failure is why a record was not delivered. Where that ends the client, its word
// comes before that of the record, which says more.
func (a *AckedProducer) failure() error {
	select {
	case <-a.lost:
		return a.lostWhy
	default:
	}
	fatal := a.fatal.Load()
	if fatal == nil {
		return nil
	}
	select {
	case <-a.lost:
		return a.lostWhy
	case <-time.After(causeWait):
		return fmt.Errorf("deliver records: %w", *fatal)
	}
}

// barrier is an event that is closed once all before it were taken.
type barrier chan struct{}

// String makes it an event.
func (barrier) String() string { return "barrier" }

// Produce hands a record over; librdkafka copies it. It waits while the queue
// is full. The error may be one of an earlier record.
func (a *AckedProducer) Produce(ctx context.Context, m *kafka.Message) error {
	if err := a.failure(); err != nil {
		return err
	}
	return a.intake.produce(ctx, m, a.failure)
}

// Flush waits until the brokers have all that was handed over, or one record
// will never be delivered. After an error close the producer: which of the
// records arrived is unknown.
func (a *AckedProducer) Flush(ctx context.Context) error {
	waits := time.Now().Add(callTimeout)
	for reported := false; ; reported = true {
		waiting, err := a.flush(ctx, waits)
		if !waiting {
			if reported {
				a.report(nil)
			}
			return err
		}
		a.report(err)
		waits = time.Now().Add(callTimeout)
	}
}

// flush is Flush up to a moment: behind that it tells why it is still waiting.
func (a *AckedProducer) flush(ctx context.Context, until time.Time) (waiting bool, err error) {
	for a.p.Flush(5) > 0 {
		switch {
		case a.failure() != nil:
			return false, a.failure()
		case ctx.Err() != nil:
			return false, fmt.Errorf("wait for the brokers to take %d records: %w", a.p.Len(), context.Cause(ctx))
		case time.Now().After(until):
			return true, a.explain()
		}
	}
	taken := make(barrier) // The last report may be on its way to the listener.
	a.p.Events() <- taken
	<-taken
	a.intake.answered()
	return false, a.failure()
}

// explain says why records wait.
func (a *AckedProducer) explain() error {
	err := fmt.Errorf("%d records wait for the brokers", a.p.Len())
	if said := a.said.Load(); said != nil {
		return fmt.Errorf("%w: %w", err, *said)
	}
	return err
}

// Close ends the producer without waiting for what it still holds. It may be
// called twice.
func (a *AckedProducer) Close() {
	a.close.Do(func() {
		_ = a.p.Purge(kafka.PurgeQueue | kafka.PurgeInFlight | kafka.PurgeNonBlocking) // Best effort: it makes the close quick.
		a.p.Close()
		a.events.Wait()
		a.stopLogs()
	})
}

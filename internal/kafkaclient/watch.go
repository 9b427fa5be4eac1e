package kafkaclient

import (
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

const (
	// watchPause is how often brokers in trouble are asked whether it is over, and
	// watchWait how long they may take to answer: who polls waits meanwhile.
	watchPause = time.Second
	watchWait  = 500 * time.Millisecond
)

// Watch turns the errors that a consumer's client reports beside records, which
// nothing takes back, into a state that ends. The goroutine that polls uses it.
type Watch struct {
	consumer *Consumer
	topics   []string
	report   func(error)
	err      error
	asked    time.Time
}

// NewWatch makes a watch over the brokers and topics of a consumer. report gets
// the trouble, each time anew, and nil when it is over.
func NewWatch(c *Consumer, topics []string, report func(error)) *Watch {
	return &Watch{consumer: c, topics: topics, report: report}
}

// Down notes trouble.
func (w *Watch) Down(err error) {
	w.err, w.asked = err, time.Now()
	w.report(err)
}

// Up notes that there is none, as an answer of the brokers shows.
func (w *Watch) Up() {
	if w.err == nil {
		return
	}
	w.err = nil
	w.report(nil)
}

// Probe asks the brokers, where there is trouble, whether it is over. It is to be
// called often and asks once a second.
func (w *Watch) Probe() {
	if w.err == nil || time.Since(w.asked) < watchPause {
		return
	}
	if err := w.ask(); err != nil {
		w.Down(err)
		return
	}
	w.Up()
}

// ask fails where no broker answers or a topic is not there.
func (w *Watch) ask() error {
	for _, topic := range w.topics {
		md, err := w.consumer.GetMetadata(&topic, false, int(watchWait.Milliseconds()))
		if err != nil {
			return fmt.Errorf("ask the brokers for topic %s: %w", topic, err)
		}
		if t := md.Topics[topic]; t.Error.Code() != kafka.ErrNoError {
			return fmt.Errorf("ask the brokers for topic %s: %w", topic, t.Error)
		}
	}
	return nil
}

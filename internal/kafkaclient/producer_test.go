package kafkaclient

import (
	"context"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// A call that does not end when its time is up costs the client, which ends once the
// call does.
func TestCallHangs(t *testing.T) {
	t.Parallel()
	p, err := kafka.NewProducer(&kafka.ConfigMap{"bootstrap.servers": "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	producer := &TxnProducer{
		id: "shop", p: p, report: func(error) {}, hangTime: 10 * time.Millisecond,
		stopLogs: func() { close(ended) },
	}
	producer.events.Go(producer.listen)
	release := make(chan struct{})
	err = producer.retry(t.Context(), "send offsets to the transaction", func(context.Context) error {
		<-release
		return nil
	})
	if got := RemedyOf(err); got != Renew {
		t.Errorf("the remedy of %v is to %v, want to %v", err, got, Renew)
	}
	producer.Close()
	select {
	case <-ended:
		t.Error("the client was ended under its call")
	default:
	}
	close(release)
	<-ended
}

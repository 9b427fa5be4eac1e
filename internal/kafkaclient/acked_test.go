package kafkaclient_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
)

func message(topic, value string) *kafka.Message {
	return &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: 0}, Value: []byte(value)}
}

// A flush comes back when the brokers have all records, also where they were away
// meanwhile, and says so while it waits.
func TestAckedProducerWaits(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartDurable(t)
	c := kafkaclient.Config{Brokers: broker.Brokers()}
	if err := kafkaclient.EnsureTopics(t.Context(), c, []kafkaclient.TopicSpec{spec("t", 1)}, true); err != nil {
		t.Fatal(err)
	}
	reports := make(chan error, 10_000)
	p, err := kafkaclient.NewAckedProducer(c, kafkaclient.AckedOptions{Report: func(err error) { reports <- err }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	var want []string
	for _, value := range []string{"a", "b"} {
		if err := p.Produce(t.Context(), message("t", value)); err != nil {
			t.Fatal(err)
		}
		want = append(want, value)
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	broker.Down()
	if err := p.Produce(t.Context(), message("t", "c")); err != nil {
		t.Fatal(err)
	}
	flushed := make(chan error, 1)
	go func() { flushed <- p.Flush(t.Context()) }()
	if why := <-reports; why == nil || !strings.Contains(why.Error(), "wait for the brokers") {
		t.Errorf("while it waits: got %v, want that records wait", why)
	}
	broker.Up()
	if err := <-flushed; err != nil {
		t.Fatal(err)
	}
	if got := values(t, c, "t"); !slices.Equal(got, append(want, "c")) {
		t.Errorf("got %q, want %q and c", got, want)
	}
}

// A record that is not delivered fails the flush, and those behind it in its
// partition are not delivered either.
func TestAckedProducerFails(t *testing.T) {
	t.Parallel()
	c := config(t)
	if err := kafkaclient.EnsureTopics(t.Context(), c, []kafkaclient.TopicSpec{
		{Name: "small", Partitions: 1, ReplicationFactor: 1, Settings: map[string]string{"max.message.bytes": "1000"}},
	}, true); err != nil {
		t.Fatal(err)
	}
	p, err := kafkaclient.NewAckedProducer(c, kafkaclient.AckedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	large := make([]byte, 100_000)
	for i := range large { // Compression must not make it fit.
		large[i] = byte(i*i>>3 ^ i*7919>>2 ^ i*104729>>5)
	}
	for _, value := range []string{"first", string(large), "behind it"} {
		if err := p.Produce(t.Context(), message("small", value)); err != nil {
			break // The report of the large one was quick.
		}
		if value == "first" {
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := p.Flush(t.Context()); !kafkaclient.IsTooLarge(err) {
		t.Errorf("got %v, want that a record is too large", err)
	}
	if err := p.Produce(t.Context(), message("small", "again")); !kafkaclient.IsTooLarge(err) {
		t.Errorf("after a failure: got %v, want the failure", err)
	}
	if got := values(t, c, "small"); !slices.Equal(got, []string{"first"}) {
		t.Errorf("got %q, want what stands before the large record", got)
	}
}

package feed_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"go.uber.org/goleak"

	"telltale/internal/demo/feed"
	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink keeps the ids of what it gets.
type sink struct {
	mu   sync.Mutex
	seen []string
}

func (s *sink) AddChange(c feed.Change) { s.add(c.ID) }
func (s *sink) AddEvent(e feed.Event)   { s.add(e.ID) }

func (s *sink) add(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, id)
}

func (s *sink) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// await polls until n ids were seen.
func (s *sink) await(t *testing.T, n int) []string {
	t.Helper()
	for range 1000 {
		if got := s.ids(); len(got) >= n {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("got %q, want %d records", s.ids(), n)
	return nil
}

// broker is a broker with a producer.
type broker struct {
	config   kafkaclient.Config
	producer *kafkaclient.TxnProducer
}

func startBroker(t *testing.T) *broker {
	t.Helper()
	b := &broker{config: kafkaclient.Config{Brokers: kafkatest.Start(t).Brokers()}}
	var err error
	if b.producer, err = kafkaclient.NewTxnProducer(t.Context(), b.config, kafkaclient.TxnOptions{TransactionalID: "test"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.producer.Close)
	return b
}

func (b *broker) topic(t *testing.T, name string, partitions int) {
	t.Helper()
	spec := kafkaclient.TopicSpec{Name: name, Partitions: partitions, ReplicationFactor: 1}
	if err := kafkaclient.EnsureTopics(t.Context(), b.config, []kafkaclient.TopicSpec{spec}, true); err != nil {
		t.Fatal(err)
	}
}

// produce writes records in one transaction, which it commits or takes back.
func (b *broker) produce(t *testing.T, commit bool, messages ...*kafka.Message) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.producer.Begin())
	for _, m := range messages {
		must(b.producer.Produce(ctx, m))
	}
	if commit {
		must(b.producer.Commit(ctx))
		return
	}
	must(b.producer.Abort(ctx))
}

func place(topic string, partition int32) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: &topic, Partition: partition}
}

func rawRecord(partition int32, id string, committed time.Time) *kafka.Message {
	return &kafka.Message{
		TopicPartition: place("shop.shop.customers", partition), Key: []byte(`{"id":1}`),
		Value: fmt.Appendf(nil, `{"before":null,"after":{"id":1},"op":"c","id":%q,"source":{"db":"shop","table":"customers","ts_us":%d,"gtid":null}}`,
			id, committed.UnixMicro()),
	}
}

func eventRecord(id string, at time.Time) *kafka.Message {
	return &kafka.Message{
		TopicPartition: place("events.customer", 0), Key: []byte("1"), Value: []byte(`{"id":1}`),
		Headers: []kafka.Header{
			{Key: "ce_id", Value: []byte(id)},
			{Key: "ce_type", Value: []byte("CustomerRegistered")},
			{Key: "ce_time", Value: []byte(at.Format(time.RFC3339Nano))},
		},
	}
}

// watch runs a watcher until the test ends, or until it fails.
func watch(t *testing.T, o feed.WatchOptions) (caughtUp <-chan struct{}, ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	o.Changes, o.Events, o.CaughtUp = []string{"shop.shop."}, []string{"events."}, func() { close(ready) }
	var running sync.WaitGroup
	running.Go(func() { done <- feed.Watch(ctx, o) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return ready, done
}

func TestWatchOrdersThePastAndFollows(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	b.topic(t, "shop.shop.customers", 3)
	b.topic(t, "shop.other.customers", 1)
	at := func(n int) time.Time { return started.Add(time.Duration(n) * time.Second) }
	b.produce(t, true, rawRecord(2, "g:3", at(3)), rawRecord(0, "g:1", at(1)), rawRecord(1, "g:2", at(2)))
	b.produce(t, false, rawRecord(0, "g:9", at(0)))
	b.produce(t, true, &kafka.Message{TopicPartition: place("shop.other.customers", 0), Value: []byte("not ours")})

	s := &sink{}
	caughtUp, _ := watch(t, feed.WatchOptions{Kafka: b.config, Sink: s})
	<-caughtUp
	if got, want := s.ids(), []string{"g:1", "g:2", "g:3"}; !slices.Equal(got, want) {
		t.Errorf("past: got %q, want %q", got, want)
	}

	b.topic(t, "events.customer", 1) // It appears while the watcher runs.
	b.produce(t, true, eventRecord("g:1/customer.CustomerRegistered", at(1)))
	tombstone := &kafka.Message{TopicPartition: place("shop.shop.customers", 0), Key: []byte(`{"id":1}`)}
	b.produce(t, true, tombstone, rawRecord(0, "g:4", at(4)))
	got := s.await(t, 5)[3:]
	slices.Sort(got)
	if want := []string{"g:1/customer.CustomerRegistered", "g:4"}; !slices.Equal(got, want) {
		t.Errorf("present: got %q, want %q", got, want)
	}
}

func TestWatchReadsTheNewestOfAPartition(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	b.topic(t, "shop.shop.customers", 1)
	var records []*kafka.Message
	for i := range 20 {
		records = append(records, rawRecord(0, fmt.Sprintf("g:%02d", i), started.Add(time.Duration(i))))
	}
	b.produce(t, true, records...)
	s := &sink{}
	caughtUp, _ := watch(t, feed.WatchOptions{Kafka: b.config, Sink: s, Newest: 5})
	<-caughtUp
	got := s.ids() // The end of the transaction takes an offset too.
	if len(got) == 0 || len(got) > 5 || got[len(got)-1] != "g:19" {
		t.Errorf("got %q, want at most 5 records that end with g:19", got)
	}
}

func TestWatchRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	raw := func(value string) *kafka.Message {
		return &kafka.Message{TopicPartition: place("shop.shop.customers", 0), Value: []byte(value)}
	}
	event := func(id string) *kafka.Message {
		return &kafka.Message{
			TopicPartition: place("events.customer", 0), Value: []byte(`{}`),
			Headers: []kafka.Header{{Key: "ce_id", Value: []byte(id)}, {Key: "ce_type", Value: []byte("X")}},
		}
	}
	tests := []struct {
		name   string
		record *kafka.Message
		want   string
	}{
		{"no JSON", raw("{"), "read raw change at shop.shop.customers[0]@0"},
		{"no id", raw(`{"op":"c","source":{"table":"customers"}}`), `id ""`},
		{"an event without a change", event("alone"), `ce_id "alone"`},
		{"an event without a time", event("g:1/x"), "ce_time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := startBroker(t)
			b.topic(t, "shop.shop.customers", 1)
			b.topic(t, "events.customer", 1)
			_, ended := watch(t, feed.WatchOptions{Kafka: b.config, Sink: &sink{}})
			b.produce(t, true, tt.record)
			if err := <-ended; err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}

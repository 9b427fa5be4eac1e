package apachekafka_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/apachekafka"
	"telltale/internal/kafkaclient"
)

// waitTime is how long a test waits for the broker.
const waitTime = 20 * time.Second

// topic has two partitions, which get the same values, so that a transaction
// spans them.
type topic struct {
	config kafkaclient.Config
	name   string
}

func newTopic(t *testing.T, s *apachekafka.Server, name string) topic {
	t.Helper()
	tp := topic{config: kafkaclient.Config{Brokers: s.Brokers()}, name: name}
	spec := kafkaclient.TopicSpec{Name: name, Partitions: 2, ReplicationFactor: 1}
	if err := kafkaclient.EnsureTopics(t.Context(), tp.config, []kafkaclient.TopicSpec{spec}, true); err != nil {
		t.Fatal(err)
	}
	return tp
}

func (tp topic) producer(t *testing.T, id string, timeout time.Duration) *kafkaclient.TxnProducer {
	t.Helper()
	p, err := kafkaclient.NewTxnProducer(t.Context(), tp.config, kafkaclient.TxnOptions{TransactionalID: id, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// begin opens a transaction and produces the values in it.
func (tp topic) begin(t *testing.T, p *kafkaclient.TxnProducer, values ...string) {
	t.Helper()
	if err := p.Begin(); err != nil {
		t.Fatal(err)
	}
	for _, value := range values {
		for partition := range int32(2) {
			m := &kafka.Message{
				TopicPartition: kafka.TopicPartition{Topic: &tp.name, Partition: partition},
				Value:          []byte(value),
			}
			if err := p.Produce(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// transact produces the values in one transaction that it ends by end.
func (tp topic) transact(t *testing.T, p *kafkaclient.TxnProducer, end func(context.Context) error, values ...string) {
	t.Helper()
	tp.begin(t, p, values...)
	if err := end(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// awaitUncommitted returns when the value is on the broker in both partitions.
func (tp topic) awaitUncommitted(t *testing.T, value string) {
	t.Helper()
	tp.config.Properties = []string{"isolation.level=read_uncommitted"}
	for deadline := time.Now().Add(waitTime); time.Now().Before(deadline); {
		if slices.Contains(tp.partition(t, 0), value) && slices.Contains(tp.partition(t, 1), value) {
			return
		}
	}
	t.Fatalf("%q did not reach the broker", value)
}

// check compares what a read_committed reader sees in each partition.
func (tp topic) check(t *testing.T, want ...string) {
	t.Helper()
	for p := range int32(2) {
		if got := tp.partition(t, p); !slices.Equal(got, want) {
			t.Errorf("%s-%d: got %q, want %q", tp.name, p, got, want)
		}
	}
}

// partition returns the values of one partition.
func (tp topic) partition(t *testing.T, partition int32) []string {
	t.Helper()
	var values []string
	err := kafkaclient.ReadToEnd(t.Context(), tp.config, tp.name, func(m *kafka.Message) error {
		if m.TopicPartition.Partition == partition {
			values = append(values, string(m.Value))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// join returns a member of the group that has been given its partitions.
func (tp topic) join(t *testing.T, group string) *kafkaclient.Consumer {
	t.Helper()
	member, err := kafkaclient.NewConsumer(tp.config, kafkaclient.ConsumerOptions{Group: group, ResetEarliest: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := member.Close(); err != nil {
			t.Errorf("leave the group: %v", err)
		}
	})
	if err := member.Subscribe(tp.name, nil); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(waitTime); time.Now().Before(deadline); {
		member.Poll(50)
		if assigned, err := member.Assignment(); err == nil && len(assigned) == 2 {
			return member
		}
	}
	t.Fatalf("no partitions were assigned to a member of %s", group)
	return nil
}

func (tp topic) committed(t *testing.T, member *kafkaclient.Consumer) kafka.Offset {
	t.Helper()
	const timeoutMillis = 10_000
	got, err := member.Committed([]kafka.TopicPartition{{Topic: &tp.name, Partition: 0}}, timeoutMillis)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Error != nil {
		t.Fatal(got[0].Error)
	}
	return got[0].Offset
}

package kafkaserver_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/dirlock"
	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver"
	"telltale/internal/kafkaserver/kafkatest"
)

// topic has two partitions, so that a transaction spans them.
const topic = "orders"

func TestTransactionsSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := start(t, dir, 0)
	createTopic(t, server.Brokers())
	producer := newProducer(t, server.Brokers())
	transact(t, producer, producer.Commit, "a", "b")
	transact(t, producer, producer.Abort, "never")
	transact(t, producer, producer.Commit, "c")
	want := []string{"a", "b", "c"}
	if got := readCommitted(t, server.Brokers()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	_, port, err := net.SplitHostPort(server.Brokers())
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	server = start(t, dir, number(t, port))
	if got := readCommitted(t, server.Brokers()); !slices.Equal(got, want) {
		t.Errorf("after a restart: got %q, want %q", got, want)
	}
	transact(t, producer, producer.Commit, "d")
	if got, want := readCommitted(t, server.Brokers()), append(want, "d"); !slices.Equal(got, want) {
		t.Errorf("the same producer after a restart: got %q, want %q", got, want)
	}
}

func TestOffsetsInATransaction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := start(t, dir, 0)
	createTopic(t, server.Brokers())
	producer := newProducer(t, server.Brokers())
	transact(t, producer, producer.Commit, "a")

	member := joined(t, server.Brokers(), "readers")
	metadata, err := member.GetConsumerGroupMetadata()
	if err != nil {
		t.Fatal(err)
	}
	name := topic
	offsets := []kafka.TopicPartition{{Topic: &name, Partition: 0, Offset: 41}}
	for _, end := range []func(context.Context) error{producer.Abort, producer.Commit} {
		if got := committed(t, member); got != kafka.OffsetInvalid {
			t.Errorf("before the commit: got offset %v, want none", got)
		}
		begin(t, producer)
		if err := producer.SendOffsets(t.Context(), offsets, metadata); err != nil {
			t.Fatal(err)
		}
		if err := end(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := committed(t, member); got != 41 {
		t.Errorf("after the commit: got offset %v, want 41", got)
	}
	if err := member.Close(); err != nil {
		t.Fatal(err)
	}
	server.Close()

	server = start(t, dir, 0)
	member = joined(t, server.Brokers(), "readers")
	if got := committed(t, member); got != 41 {
		t.Errorf("after a restart: got offset %v, want 41", got)
	}
}

func TestLaterProducerFencesEarlier(t *testing.T) {
	t.Parallel()
	server := kafkatest.Start(t)
	createTopic(t, server.Brokers())
	earlier := newProducer(t, server.Brokers())
	begin(t, earlier)
	produce(t, earlier, "never")
	later := newProducer(t, server.Brokers())
	transact(t, later, later.Commit, "a")
	if err := earlier.Commit(t.Context()); !kafkaclient.IsFenced(err) {
		t.Errorf("commit of the earlier producer: got %v, want it fenced", err)
	}
	if got := readCommitted(t, server.Brokers()); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %q, want only the later producer's", got)
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := start(t, dir, 0)
	_, port, err := net.SplitHostPort(server.Brokers())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kafkaserver.Start(kafkaserver.Options{Port: number(t, port)}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("port taken: got %v, want EADDRINUSE", err)
	}
	if _, err := kafkaserver.Start(kafkaserver.Options{Dir: dir}); !errors.Is(err, dirlock.ErrHeld) || !strings.Contains(err.Error(), dir) {
		t.Errorf("directory in use: got %v, want ErrHeld with the directory", err)
	}
	server.Close()
	server.Close()
	start(t, dir, number(t, port))
}

func start(t *testing.T, dir string, port int) *kafkaserver.Server {
	t.Helper()
	server, err := kafkaserver.Start(kafkaserver.Options{Dir: dir, Port: port, Logger: kafkatest.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

func createTopic(t *testing.T, brokers string) {
	t.Helper()
	spec := kafkaclient.TopicSpec{Name: topic, Partitions: 2, ReplicationFactor: 1}
	err := kafkaclient.EnsureTopics(t.Context(), kafkaclient.Config{Brokers: brokers}, []kafkaclient.TopicSpec{spec}, true)
	if err != nil {
		t.Fatal(err)
	}
}

func newProducer(t *testing.T, brokers string) *kafkaclient.TxnProducer {
	t.Helper()
	producer, err := kafkaclient.NewTxnProducer(t.Context(), kafkaclient.Config{Brokers: brokers},
		kafkaclient.TxnOptions{TransactionalID: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(producer.Close)
	return producer
}

// transact produces the values in one transaction that it ends by end.
func transact(t *testing.T, p *kafkaclient.TxnProducer, end func(context.Context) error, values ...string) {
	t.Helper()
	begin(t, p)
	produce(t, p, values...)
	if err := end(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func begin(t *testing.T, p *kafkaclient.TxnProducer) {
	t.Helper()
	if err := p.Begin(); err != nil {
		t.Fatal(err)
	}
}

// produce writes each value to both partitions.
func produce(t *testing.T, p *kafkaclient.TxnProducer, values ...string) {
	t.Helper()
	name := topic
	for _, value := range values {
		for partition := range int32(2) {
			m := &kafka.Message{
				TopicPartition: kafka.TopicPartition{Topic: &name, Partition: partition},
				Value:          []byte(value),
			}
			if err := p.Produce(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// readCommitted returns the values of partition 0 after it has checked that
// partition 1 holds the same.
func readCommitted(t *testing.T, brokers string) []string {
	t.Helper()
	values := make([][]string, 2)
	err := kafkaclient.ReadToEnd(t.Context(), kafkaclient.Config{Brokers: brokers}, topic, func(m *kafka.Message) error {
		p := m.TopicPartition.Partition
		values[p] = append(values[p], string(m.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(values[0], values[1]) {
		t.Errorf("the partitions differ: %q and %q", values[0], values[1])
	}
	return values[0]
}

// joined returns a member of the group that has been given its partitions.
func joined(t *testing.T, brokers, group string) *kafkaclient.Consumer {
	t.Helper()
	member, err := kafkaclient.NewConsumer(kafkaclient.Config{Brokers: brokers}, kafkaclient.ConsumerOptions{Group: group, ResetEarliest: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := member.Close(); err != nil {
			t.Errorf("leave the group: %v", err)
		}
	})
	if err := member.Subscribe(topic, nil); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		member.Poll(50)
		if assigned, err := member.Assignment(); err == nil && len(assigned) == 2 {
			return member
		}
	}
	t.Fatalf("no partitions were assigned to a member of %s", group)
	return nil
}

func committed(t *testing.T, member *kafkaclient.Consumer) kafka.Offset {
	t.Helper()
	name := topic
	const timeoutMillis = 10_000
	got, err := member.Committed([]kafka.TopicPartition{{Topic: &name, Partition: 0}}, timeoutMillis)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Error != nil {
		t.Fatal(fmt.Errorf("committed offset: %w", got[0].Error))
	}
	return got[0].Offset
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

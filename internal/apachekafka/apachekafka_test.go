package apachekafka_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/apachekafka"
	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/dirlock"
	"telltale/internal/kafkaclient"
)

// The tests of one broker share it: a start takes seconds.
func TestOneBroker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := apachekafkatest.StartWith(t, apachekafka.Options{Dir: dir})
	tests := []struct {
		name string
		test func(*testing.T, *apachekafka.Server)
	}{
		{"transactions", commitsAndAborts},
		{"fencing", fences},
		{"timeout", timesOut},
		{"offsets in a transaction", offsetsInTransaction},
		{"start errors", func(t *testing.T, s *apachekafka.Server) { startErrors(t, s, dir) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, server) })
	}
	if err := server.Err(); err != nil {
		t.Errorf("while it runs: got %v, want nil", err)
	}
}

func commitsAndAborts(t *testing.T, server *apachekafka.Server) {
	topic := newTopic(t, server, "transactions")
	producer := topic.producer(t, "transactions", time.Minute)
	topic.transact(t, producer, producer.Commit, "a", "b")
	topic.transact(t, producer, producer.Abort, "never")
	topic.transact(t, producer, producer.Commit, "c")
	topic.check(t, "a", "b", "c")
}

func fences(t *testing.T, server *apachekafka.Server) {
	topic := newTopic(t, server, "fencing")
	earlier := topic.producer(t, "fencing", time.Minute)
	topic.begin(t, earlier, "never")
	later := topic.producer(t, "fencing", time.Minute)
	topic.transact(t, later, later.Commit, "a")
	if err := earlier.Commit(t.Context()); !kafkaclient.IsFenced(err) {
		t.Errorf("commit of the earlier producer: got %v, want it fenced", err)
	}
	topic.check(t, "a")
}

// timesOut: the transaction of a producer that is gone holds readers up until
// it times out, and the broker looks for such ones often.
func timesOut(t *testing.T, server *apachekafka.Server) {
	topic := newTopic(t, server, "timeout")
	gone := topic.producer(t, "gone", time.Second)
	topic.begin(t, gone, "never")
	topic.awaitUncommitted(t, "never")
	gone.Close()
	producer := topic.producer(t, "there", time.Minute)
	topic.transact(t, producer, producer.Commit, "a")
	deadline := time.Now().Add(20 * time.Second)
	for !slices.Equal(topic.partition(t, 0), []string{"a"}) {
		if time.Now().After(deadline) {
			t.Fatalf("got %q, want the abandoned transaction aborted and %q behind it", topic.partition(t, 0), "a")
		}
	}
}

func offsetsInTransaction(t *testing.T, server *apachekafka.Server) {
	topic := newTopic(t, server, "offsets")
	producer := topic.producer(t, "offsets", time.Minute)
	member := topic.join(t, "readers")
	group, err := member.GetConsumerGroupMetadata()
	if err != nil {
		t.Fatal(err)
	}
	offsets := []kafka.TopicPartition{{Topic: &topic.name, Partition: 0, Offset: 41}}
	for _, end := range []func(context.Context) error{producer.Abort, producer.Commit} {
		if got := topic.committed(t, member); got != kafka.OffsetInvalid {
			t.Errorf("before the commit: got offset %v, want none", got)
		}
		topic.begin(t, producer)
		if err := producer.SendOffsets(t.Context(), offsets, group); err != nil {
			t.Fatal(err)
		}
		if err := end(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := topic.committed(t, member); got != 41 {
		t.Errorf("after the commit: got offset %v, want 41", got)
	}
}

func startErrors(t *testing.T, running *apachekafka.Server, used string) {
	jars := apachekafkatest.Jars(t)
	tests := []struct {
		name    string
		options apachekafka.Options
		is      error
		texts   []string
	}{
		{name: "port taken", options: apachekafka.Options{Jars: jars, Dir: t.TempDir(), Port: port(t, running)}, is: syscall.EADDRINUSE},
		{name: "directory in use", options: apachekafka.Options{Jars: jars, Dir: used}, is: dirlock.ErrHeld, texts: []string{used}},
		{name: "no jars", options: apachekafka.Options{Jars: t.TempDir(), Dir: t.TempDir()}, texts: []string{"format", "kafka.log", "StorageTool"}},
		{
			name:    "bad setting",
			options: apachekafka.Options{Jars: jars, Dir: t.TempDir(), Settings: []string{"num.partitions=none"}},
			texts:   []string{"kafka.log", "num.partitions"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			server, err := apachekafka.Start(ctx, tt.options)
			if err == nil {
				t.Fatalf("got a broker on %s, want an error", errors.Join(server.Kill(), errors.New(server.Brokers())))
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want it to be %v", err, tt.is)
			}
			for _, text := range tt.texts {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("got %q, want it to contain %q", err, text)
				}
			}
		})
	}
}

// TestStartAgain stops and kills a broker and starts it again on its directory
// and its port, where the same clients go on.
func TestStartAgain(t *testing.T) {
	t.Parallel()
	options := apachekafka.Options{Dir: filepath.Join(t.TempDir(), "a folder", "kafka")}
	server := apachekafkatest.StartWith(t, options)
	options.Port = port(t, server)
	topic := newTopic(t, server, "orders")
	producer := topic.producer(t, "orders", time.Minute)
	topic.transact(t, producer, producer.Commit, "a")
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Err(); err != nil {
		t.Errorf("Err after an orderly stop: got %v, want nil", err)
	}

	server = apachekafkatest.StartWith(t, options)
	topic.transact(t, producer, producer.Commit, "b")
	topic.begin(t, producer, "never")
	topic.awaitUncommitted(t, "never")
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := server.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("after a crash: got %v, want how it ended", err)
	}

	apachekafkatest.StartWith(t, options)
	later := topic.producer(t, "orders", time.Minute)
	topic.transact(t, later, later.Commit, "c")
	if err := producer.Commit(t.Context()); !kafkaclient.IsFenced(err) {
		t.Errorf("commit of the earlier producer: got %v, want it fenced", err)
	}
	topic.check(t, "a", "b", "c")
}

func port(t *testing.T, s *apachekafka.Server) int {
	t.Helper()
	_, text, err := net.SplitHostPort(s.Brokers())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

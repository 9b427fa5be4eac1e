package binlog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// topicChanges are what somebody can do to a topic that was written, and what
// the reader says to it.
var topicChanges = []struct {
	name string
	do   func(t *testing.T, a *kafka.AdminClient, topic string)
	want string
}{
	{"deleted", deleteTopic, "was written and is gone"},
	{"created anew", func(t *testing.T, a *kafka.AdminClient, topic string) {
		deleteTopic(t, a, topic)
		createTopic(t, a, topic, 3)
	}, "was deleted and created anew"},
	{"given more partitions", func(t *testing.T, a *kafka.AdminClient, topic string) {
		r, err := a.CreatePartitions(t.Context(), []kafka.PartitionsSpecification{{Topic: topic, IncreaseTo: 4}})
		if err != nil || r[0].Error.Code() != kafka.ErrNoError {
			t.Fatal(err, r)
		}
	}, "had 3 partitions and has 4"},
}

func deleteTopic(t *testing.T, a *kafka.AdminClient, topic string) {
	t.Helper()
	r, err := a.DeleteTopics(t.Context(), []string{topic})
	if err != nil || r[0].Error.Code() != kafka.ErrNoError {
		t.Fatal(err, r)
	}
}

// createTopic creates one that was just deleted, which may take a moment to go.
func createTopic(t *testing.T, a *kafka.AdminClient, topic string, partitions int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		r, err := a.CreateTopics(t.Context(), []kafka.TopicSpecification{{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if code := r[0].Error.Code(); code == kafka.ErrNoError {
			return
		} else if code != kafka.ErrTopicAlreadyExists || time.Now().After(deadline) {
			t.Fatal(r)
		}
	}
}

func (h *harness) admin(t *testing.T) *kafka.AdminClient {
	t.Helper()
	a, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": h.o.Kafka.Brokers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// A topic that was written and is not what it was stops the reader at its start,
// before it publishes anything, until an operator adopts it.
func TestChangedTopicsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(t, customers, "CREATE TABLE notes (id int PRIMARY KEY)")
	for i, tt := range topicChanges {
		t.Run(tt.name, func(t *testing.T) { // One after the other: a server takes seconds to start.
			h.start(t)
			h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
			before := h.published(t)
			h.mustStop(t)
			tt.do(t, h.admin(t), "shop.shop.customers")
			h.exec(t, "INSERT INTO customers (name) VALUES ('y')")
			err := h.fails(t)
			var changed *TopicError
			if !errors.As(err, &changed) || changed.Topic != "shop.shop.customers" || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want a TopicError with %q in it", err, tt.want)
			}
			if p, _, err := ReadPosition(t.Context(), h.o.Kafka, h.o.Name); err != nil || p.GTIDSet != before.GTIDSet {
				t.Errorf("the position moved to %s, %v; it was %s", p.GTIDSet, err, before.GTIDSet)
			}
			if p, err := Adopt(t.Context(), h.o); err != nil || p.GTIDSet != before.GTIDSet || p.Incarnation != 0 {
				t.Fatalf("adopt: got %+v, %v", p, err)
			}
			h.start(t)
			h.published(t)
			h.mustStop(t)
			// What was written while the reader refused is there in any case.
			if want := map[int]int{0: 1, 1: 1, 2: 3}[i]; want > 0 {
				h.records(t, "customers", want)
			}
		})
	}
}

// A running reader notices by itself that a topic is not what it was, also where
// nothing is written to it.
func TestChangedTopicsAreNoticed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(t, customers)
	h.o.topicsEvery = 50 * time.Millisecond
	for _, tt := range topicChanges {
		t.Run(tt.name, func(t *testing.T) {
			ended := h.start(t)
			h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
			h.published(t)
			tt.do(t, h.admin(t), "shop.shop.customers")
			select {
			case err := <-ended:
				// A topic that is created anew is gone for a moment.
				var changed *TopicError
				if !errors.As(err, &changed) || changed.Topic != "shop.shop.customers" {
					t.Errorf("got %v, want a TopicError with %q in it", err, tt.want)
				}
			case <-time.After(patience):
				t.Fatal("the reader goes on")
			}
			if _, err := Adopt(t.Context(), h.o); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// The topic of positions has one partition, and its first alone is the lease.
func TestLeaseIsTheFirstPartition(t *testing.T) {
	t.Parallel()
	topic := PositionsTopic("shop")
	for _, tt := range []struct {
		partitions []int32
		want       bool
	}{{nil, false}, {[]int32{0}, true}, {[]int32{1}, false}, {[]int32{1, 0}, true}} {
		var all []kafka.TopicPartition
		for _, p := range tt.partitions {
			all = append(all, kafka.TopicPartition{Topic: &topic, Partition: p})
		}
		if got := isLease(all); got != tt.want {
			t.Errorf("partitions %v: got %t", tt.partitions, got)
		}
	}
}

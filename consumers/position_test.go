package consumers

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/kafkaclient"
)

func (w *world) admin() *kafka.AdminClient {
	w.t.Helper()
	a, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": w.kafka.Brokers})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(a.Close)
	return a
}

// firstRecord reads a partition's oldest record.
func firstRecord(t *testing.T, w *world, p place) Delivery {
	t.Helper()
	var first *Delivery
	err := kafkaclient.ReadToEnd(t.Context(), w.kafka, p.topic, func(m *kafka.Message) error {
		if first != nil || m.TopicPartition.Partition != p.partition {
			return nil
		}
		wk := &worker{place: p, consumer: tallyConsumer()}
		records, err := wk.parse([]*kafka.Message{m})
		if err == nil {
			first = &records[0].Delivery
		}
		return err
	})
	if err != nil || first == nil {
		t.Fatalf("first record of %s: %v, %v", p, first, err)
	}
	return *first
}

func (w *world) assertPositionError(err error, reason string) {
	w.t.Helper()
	var e *PositionError
	if !errors.As(err, &e) || !strings.Contains(e.Reason, reason) {
		w.t.Fatalf("Run returned %v, want a PositionError that says %q", err, reason)
	}
	if !strings.Contains(err.Error(), "UPDATE consumer_offsets SET next_offset") {
		w.t.Errorf("the error %q names no statement that mends it", err)
	}
	// The statement in it does what it says.
	statement := err.Error()[strings.Index(err.Error(), "UPDATE consumer_offsets"):]
	if _, err := w.db.Exec(statement); err != nil {
		w.t.Errorf("run %q: %v", statement, err)
	}
}

// retention removes events that were not handled yet.
func retention(t *testing.T, w *world) {
	w.produce(50)
	i := w.start(w.options(), tallyConsumer())
	w.awaitHandled(50)
	i.stop()
	w.produce(50)
	w.deleteRecords(t)
	w.assertPositionError(w.start(w.options(), tallyConsumer()).wait(), "gone")
	w.commit(message("after", "Happened", keyIn(0), 3))
	i = w.start(w.options(), tallyConsumer())
	eventually(t, "the event after the gap", func() bool {
		return slices.Contains(w.handled(), "after")
	})
	i.stop()
}

// overtaken has retention remove events while the consumer is slow and holds
// its partitions back.
func overtaken(t *testing.T, w *world) {
	gate := make(chan struct{})
	var took atomic.Int64
	o := w.options()
	o.queueBytes = 8 << 10
	registry := prometheus.NewRegistry()
	o.Registerer = registry
	o.failpoint = func(point string) error {
		if point == "polled" {
			took.Add(1)
			<-gate
		}
		return nil
	}
	w.produce(1500)
	i := w.start(o, tallyConsumer())
	// Partitions are paused before they are claimed, too. A worker that took a
	// batch is past that.
	eventually(t, "the partitions are held back", func() bool {
		return took.Load() == 3 && value(t, registry, "telltale_consumers_paused_partitions") == 3
	})
	w.deleteRecords(t)
	close(gate)
	w.assertPositionError(i.wait(), "gone")
}

// deleteRecords empties the first partition.
func (w *world) deleteRecords(t *testing.T) {
	t.Helper()
	name := topic
	gone := kafka.TopicPartition{Topic: &name, Partition: 0, Offset: kafka.OffsetEnd}
	if _, err := w.admin().DeleteRecords(t.Context(), []kafka.TopicPartition{gone}); err != nil {
		t.Fatal(err)
	}
}

// keyIn is a customer whose events are in a partition.
func keyIn(partition int32) int {
	for key := 0; ; key++ {
		if message("", "", key, 3).TopicPartition.Partition == partition {
			return key
		}
	}
}

func recreatedTopic(t *testing.T, w *world) {
	w.produce(50)
	i := w.start(w.options(), tallyConsumer())
	w.awaitHandled(50)
	i.stop()
	if _, err := w.admin().DeleteTopics(t.Context(), []string{topic}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the topic is gone", func() bool {
		_, err := kafkaclient.Partitions(t.Context(), w.kafka, topic)
		return err != nil
	})
	w.createTopic(3)
	w.assertPositionError(w.start(w.options(), tallyConsumer()).wait(), "re-created")
}

// lateTopic starts the consumer before its topic exists.
func lateTopic(t *testing.T, w *world) {
	c := tallyConsumer()
	c.Topics = append(c.Topics, "events.late")
	i := w.start(w.options(), c)
	eventually(t, "a reason why it is not ready", func() bool { return len(w.health.Reasons()) > 0 })
	spec := kafkaclient.TopicSpec{Name: "events.late", Partitions: 1, ReplicationFactor: 1}
	if err := kafkaclient.EnsureTopics(t.Context(), w.kafka, []kafkaclient.TopicSpec{spec}, true); err != nil {
		t.Fatal(err)
	}
	m := message("e000000", "Happened", 1, 1)
	*m.TopicPartition.Topic, m.TopicPartition.Partition = "events.late", 0
	w.commit(m)
	w.awaitHandled(1)
	eventually(t, "it is ready", func() bool { return len(w.health.Reasons()) == 0 })
	i.stop()
}

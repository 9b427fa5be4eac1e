package binlog

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver/mysqltest"
)

// With at-least-once a reader that is stopped in order has written the position
// behind all that it published: nothing comes again, also at random moments under
// load. What comes again after a crash is in internal/faults.
func TestAtLeastOnce(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testAtLeastOnce)
}

func testAtLeastOnce(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.o.Delivery = deliveryAtLeastOnce
	h.exec(t, customers)
	h.start(t)
	const rows, updates = 10, 1000
	for range rows {
		h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	}
	h.published(t) // It is idle then, and the position follows nonetheless.
	h.restartUnderLoad(t, rows, updates, 2)
}

// A change is there for readers before the position that is behind it: that is
// what at-least-once is for. The position follows within a second.
func TestAtLeastOnceShowsChangesFirst(t *testing.T) {
	t.Parallel()
	c := kafkaclient.Config{Brokers: kafkatest.Start(t).Brokers(), Logger: kafkatest.Logger(t)}
	err := kafkaclient.EnsureTopics(t.Context(), c, []kafkaclient.TopicSpec{
		{Name: "changes", Partitions: 1, ReplicationFactor: 1}, {Name: PositionsTopic("shop"), Partitions: 1, ReplicationFactor: 1},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	positions, err := kafkaclient.NewTxnProducer(t.Context(), c, kafkaclient.TxnOptions{TransactionalID: producerID("shop")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(positions.Close)
	r := &reader{o: Options{Name: "shop", Kafka: c, Delivery: deliveryAtLeastOnce}}
	s, err := r.sink(positions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	var clock time.Time
	s.(*atLeastOnce).now = func() time.Time { return clock }
	s.(*atLeastOnce).written = clock
	topic := "changes"
	for i, tt := range []struct {
		passed     time.Duration
		now, final bool
	}{{positionEvery / 2, false, false}, {positionEvery, false, true}, {positionEvery / 2, false, false}, {0, true, true}} {
		clock = clock.Add(tt.passed)
		if err := s.begin(); err != nil {
			t.Fatal(err)
		}
		m := &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &topic}, Value: []byte("change")}
		if err := s.produce(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		want := Position{GTIDSet: strconv.Itoa(i)}
		final, err := s.commit(t.Context(), want, &tails{}, tt.now)
		if err != nil || final != tt.final {
			t.Fatalf("commit %d: got %t, %v; want %t", i, final, err, tt.final)
		}
		for deadline := time.Now().Add(patience); count(t, c, topic) != i+1; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("after commit %d readers see %d changes", i, count(t, c, topic))
			}
		}
		p, _, err := ReadPosition(t.Context(), c, "shop")
		if err != nil || (p.GTIDSet == want.GTIDSet) != tt.final {
			t.Errorf("after commit %d the position is %q, %v", i, p.GTIDSet, err)
		}
	}
}

func count(t *testing.T, c kafkaclient.Config, topic string) (n int) {
	t.Helper()
	err := kafkaclient.ReadToEnd(t.Context(), c, topic, func(*kafka.Message) error { n++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A source that delivered exactly once is switched to at-least-once and dies between
// a record and its position: what stands behind the position is no loss of the
// positions topic, whichever way the next reader delivers.
func TestSwitchedDeliveryDies(t *testing.T) {
	t.Parallel()
	for _, next := range []string{deliveryAtLeastOnce, deliveryExactlyOnce} {
		t.Run(next, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.exec(t, customers)
			h.start(t)
			h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
			h.published(t)
			h.mustStop(t)

			h.o.Delivery = deliveryAtLeastOnce
			h.start(t)
			begun, err := readStored(t.Context(), h.o.Kafka, h.o.Name)
			if err != nil {
				t.Fatal(err)
			}
			h.exec(t, "INSERT INTO customers (name) VALUES ('y')")
			h.published(t)
			h.mustStop(t)
			h.rewind(t, begun)

			h.o.Delivery = next
			h.start(t)
			h.exec(t, "INSERT INTO customers (name) VALUES ('z')")
			h.published(t)
			h.mustStop(t)
			var ids []string
			for _, r := range h.records(t, "customers", 4) {
				ids = append(ids, r.ID)
			}
			slices.Sort(ids) // They are in several partitions.
			if len(slices.Compact(ids)) != 3 {
				t.Errorf("the changes are %q, want three, one of them again", ids)
			}
		})
	}
}

// rewind makes the positions topic say what it said before, as if the newest of it
// had never come.
func (h *harness) rewind(t *testing.T, to stored) {
	t.Helper()
	producer, err := kafkaclient.NewTxnProducer(t.Context(), h.o.Kafka, kafkaclient.TxnOptions{TransactionalID: producerID(h.o.Name)})
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	topics := &topics{o: h.o, positions: newTopic(PositionsTopic(h.o.Name), 1), recorded: map[string]topicState{}}
	for name, state := range to.topics {
		if err := topics.say(name, state); err != nil {
			t.Fatal(err)
		}
	}
	if err := announce(t.Context(), producer, h.o.Name, to.position, topics.unsaid); err != nil {
		t.Fatal(err)
	}
}

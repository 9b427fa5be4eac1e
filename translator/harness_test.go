package translator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/ops"
	"telltale/schemas/change"
	"telltale/schemas/event"
)

const rulesDir = "../config/rules"

// otherTables are those that the project's rules name beside shop.customers.
var otherTables = []string{"shop.addresses", "shop.consents", "shop.invoices", "shop.order_lines", "shop.orders", "shop.payments", "shop.product_categories", "shop.products", "shop.refunds", "shop.reviews", "shop.shipments", "shop.sign_ins", "shop.stock"}

// bench is a broker with raw topics, and a producer that plays the reader.
type bench struct {
	t        testing.TB
	config   kafkaclient.Config
	producer *kafka.Producer
	shape    change.Shape
	n        int // Changes made so far; the last GTID.
}

// setup starts a broker that holds the aggregates' topics and the shapes of all
// tables but, not yet, that of customers.
func setup(t testing.TB) *bench {
	t.Helper()
	return setupOn(t, kafkatest.Start(t).Brokers())
}

func setupOn(t testing.TB, brokers string) *bench {
	t.Helper()
	b := &bench{t: t, config: kafkaclient.Config{Brokers: brokers}}
	shape, err := readShape(rulesDir, "shop.customers")
	if err != nil {
		t.Fatal(err)
	}
	b.shape = shape
	b.producer, err = kafka.NewProducer(&kafka.ConfigMap{"bootstrap.servers": b.config.Brokers, "linger.ms": 1, "go.delivery.reports": false})
	if err != nil {
		t.Fatal(err)
	}
	var drained sync.WaitGroup
	drained.Go(func() { // An event that nobody takes counts as a record not flushed.
		for range b.producer.Events() {
		}
	})
	t.Cleanup(func() {
		b.producer.Close()
		drained.Wait()
	})
	b.topics("shop.customer", 3)
	b.topics("shop.product", 1)
	b.topics("shop.order", 1)
	b.topics("shop.shop.reviews", 1)
	b.topics("shop.schemas", 1)
	for _, table := range otherTables {
		shape, err := readShape(rulesDir, table)
		if err != nil {
			t.Fatal(err)
		}
		b.publishShape(shape)
	}
	return b
}

func (b *bench) topics(name string, partitions int) {
	b.t.Helper()
	spec := kafkaclient.TopicSpec{Name: name, Partitions: partitions, ReplicationFactor: 1}
	if err := kafkaclient.EnsureTopics(b.t.Context(), b.config, []kafkaclient.TopicSpec{spec}, true); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) produce(topic string, partition int32, key string, value []byte) {
	b.t.Helper()
	m := &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: partition}, Key: []byte(key), Value: value}
	if err := b.producer.Produce(m, nil); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) flush() {
	b.t.Helper()
	if left := b.producer.Flush(10_000); left > 0 {
		b.t.Fatalf("%d records not produced", left)
	}
}

func (b *bench) publishShape(shape change.Shape) {
	b.t.Helper()
	value, err := json.Marshal(shape)
	if err != nil {
		b.t.Fatal(err)
	}
	b.produce("shop.schemas", 0, shape.Key(), value)
	b.flush()
}

// customer is the part of a row that the tests set.
type customer struct {
	ID      int    `json:"id"`
	Email   string `json:"email"`
	Name    string `json:"name"`
	Phone   any    `json:"phone"`
	Version int    `json:"version"`
}

// envelope is a raw change in a transaction of its own.
func (b *bench) envelope(op change.Op, before, after *customer) []byte {
	b.n++
	gtid := fmt.Sprintf("3e11fa47-71ca-11e1-9e33-c80aa9429562:%d", b.n)
	image := func(c *customer) json.RawMessage {
		if c == nil {
			return nil
		}
		text, err := json.Marshal(c)
		if err != nil {
			b.t.Fatal(err)
		}
		return text
	}
	value, err := json.Marshal(change.Envelope{
		Before: image(before), After: image(after), Op: op, ID: gtid + ":shop.customers:0",
		Source:      change.Source{Name: "shop", DB: "shop", Table: "customers", TsMS: 1_700_000_000_000 + int64(b.n), GTID: &gtid, Shape: b.shape.ID},
		Transaction: &change.Transaction{ID: gtid, TotalOrder: 1, DataCollectionOrder: 1, Last: true},
		Context:     map[string]string{change.ContextActor: "customer:1", change.ContextRequestID: "req-1"},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}

func (b *bench) change(op change.Op, before, after *customer) {
	b.t.Helper()
	row := after
	if row == nil {
		row = before
	}
	key := fmt.Sprintf(`{"id":%d}`, row.ID)
	b.produce("shop.customer", kafkaclient.Partition([]byte(key), 3), key, b.envelope(op, before, after))
}

// renames makes n renames for each of the customers 1 to keys, in turn.
func (b *bench) renames(keys, from, n int) {
	b.t.Helper()
	for v := from; v < from+n; v++ {
		for id := 1; id <= keys; id++ {
			b.change(change.Update,
				&customer{ID: id, Name: fmt.Sprint("name ", v), Version: v},
				&customer{ID: id, Name: fmt.Sprint("name ", v+1), Version: v + 1})
		}
	}
	b.flush()
}

func (b *bench) options() Options {
	return Options{
		Source: "shop", Rules: rulesDir, Kafka: b.config, CreateTopics: true, Logger: kafkatest.Logger(b.t),
		Registerer: prometheus.NewRegistry(), Health: ops.NewHealth(),
	}
}

// start runs a translator until stop, which returns what Run returned.
func (b *bench) start(o Options) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- Run(ctx, o) }()
	stopped := false
	stop = func() error {
		cancel()
		if stopped {
			return nil
		}
		stopped = true
		select {
		case err := <-result:
			return err
		case <-time.After(time.Minute):
			return errors.New("the translator did not stop")
		}
	}
	b.t.Cleanup(func() { _ = stop() })
	return stop
}

// published is an event as a reader gets it.
type publishedEvent struct {
	event.Event
	key string
}

// events reads all committed events, in order within a partition.
func (b *bench) events() []publishedEvent {
	b.t.Helper()
	var out []publishedEvent
	err := kafkaclient.ReadToEnd(b.t.Context(), b.config, "events.customer", func(m *kafka.Message) error {
		var headers []event.Header
		for _, h := range m.Headers {
			headers = append(headers, event.Header{Key: h.Key, Value: h.Value})
		}
		e, err := event.Parse(headers, m.Value)
		out = append(out, publishedEvent{e, string(m.Key)})
		return err
	})
	var k kafka.Error
	if errors.As(err, &k) && k.Code() == kafka.ErrUnknownTopicOrPart {
		return nil
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// await reads events until there are n.
func (b *bench) await(n int) []publishedEvent {
	b.t.Helper()
	var got []publishedEvent
	eventually(b.t, 60*time.Second, func() bool {
		got = b.events()
		return len(got) >= n
	}, func() string { return fmt.Sprintf("got %d events, want %d", len(got), n) })
	return got
}

func eventually(t testing.TB, limit time.Duration, ok func() bool, why func() string) {
	t.Helper()
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(why())
		}
	}
}

// checkOnce makes sure that the events are the renames of every key, each once
// and in order.
func checkOnce(t *testing.T, events []publishedEvent, keys, renames int) {
	t.Helper()
	next := make(map[string]int)
	for _, e := range events {
		version, err := strconv.Atoi(e.Sequence)
		if err != nil {
			t.Fatalf("event %s: sequence %q: %v", e.ID, e.Sequence, err)
		}
		if want := next[e.key] + 2; version != want {
			t.Fatalf("customer %s: got version %d, want %d (id %s)", e.key, version, want, e.ID)
		}
		next[e.key]++
	}
	for id := 1; id <= keys; id++ {
		if got := next[strconv.Itoa(id)]; got != renames {
			t.Errorf("customer %d: got %d events, want %d", id, got, renames)
		}
	}
}

// copyRules copies the project's rules with one text replaced.
func copyRules(t *testing.T, old, new string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(rulesDir)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "customer.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", path, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

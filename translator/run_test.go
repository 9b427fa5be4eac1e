package translator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/ops"
	"telltale/schemas/change"
	"telltale/schemas/event"
)

const rulesDir = "../config/rules"

// bench is a broker with raw topics, and a producer that plays the reader.
type bench struct {
	t        testing.TB
	config   kafkaclient.Config
	producer *kafka.Producer
	shape    change.Shape
	n        int // Changes made so far; the last GTID.
}

// setup starts a broker that holds the customers' topic and no shape yet.
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
	b.topics("shop.shop.customers", 3)
	b.topics("shop.schemas", 1)
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
		Context:     map[string]string{change.ContextActor: "customer:1"},
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
	b.produce("shop.shop.customers", kafkaclient.Partition([]byte(key), 3), key, b.envelope(op, before, after))
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
		case <-time.After(20 * time.Second):
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

func TestRunTranslatesAndStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	bob := &customer{ID: 42, Name: "Bob", Email: "bob@example.com", Version: 1}
	b.change(change.Create, nil, bob)
	b.change(change.Update, bob, &customer{ID: 42, Name: "Alice", Email: "alice@example.com", Phone: "1", Version: 2})
	b.change(change.Delete, &customer{ID: 42, Version: 2}, nil)
	b.produce("shop.shop.customers", kafkaclient.Partition([]byte(`{"id":42}`), 3), `{"id":42}`, nil)
	b.flush()
	o := b.options()
	stop := b.start(o)
	got := b.await(4)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	const gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:"
	want := []publishedEvent{
		{event.Event{ID: gtid + "1:shop.customers:0/customer.CustomerRegistered", Type: "CustomerRegistered", DataSchema: "customer/CustomerRegistered/v1", Cause: gtid + "1", Sequence: "1", Data: []byte(`{"id":42,"name":"Bob","email":"bob@example.com"}`)}, "42"},
		{event.Event{ID: gtid + "2:shop.customers:0/customer.CustomerNameChanged", Type: "CustomerNameChanged", DataSchema: "customer/CustomerNameChanged/v1", Cause: gtid + "2", Sequence: "2", Data: []byte(`{"id":42,"old_name":"Bob","new_name":"Alice"}`)}, "42"},
		{event.Event{ID: gtid + "2:shop.customers:0/customer.CustomerEmailChanged", Type: "CustomerEmailChanged", DataSchema: "customer/CustomerEmailChanged/v1", Cause: gtid + "2", Sequence: "2", Data: []byte(`{"id":42,"old_email":"bob@example.com","new_email":"alice@example.com"}`)}, "42"},
		{event.Event{ID: gtid + "2:shop.customers:0/customer.CustomerPhoneChanged", Type: "CustomerPhoneChanged", DataSchema: "customer/CustomerPhoneChanged/v1", Cause: gtid + "2", Sequence: "2", Data: []byte(`{"id":42,"old_phone":null,"new_phone":"1"}`)}, "42"},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d events, want %d", len(got), len(want))
	}
	for i := range want {
		w := &want[i]
		w.Source, w.Subject, w.Actor = "/telltale/shop", "customer/42", "customer:1"
		n, _ := strconv.Atoi(strings.TrimPrefix(w.Cause, gtid))
		w.Time = time.UnixMilli(1_700_000_000_000 + int64(n)).UTC()
		if g, w := fmt.Sprintf("%+v", got[i]), fmt.Sprintf("%+v", *w); g != w {
			t.Errorf("event %d:\ngot  %s\nwant %s", i, g, w)
		}
	}
	if reasons := o.Health.Reasons(); len(reasons) != 0 {
		t.Errorf("not ready: %v", reasons)
	}
}

func TestRunIsExactlyOnceAcrossRestarts(t *testing.T) {
	t.Parallel()
	const keys, perRound, rounds = 20, 30, 3
	b := setup(t)
	b.publishShape(b.shape)
	for round := range rounds {
		b.renames(keys, 1+round*perRound, perRound)
		stop := b.start(b.options())
		// Stopped somewhere in the middle of this round's changes.
		b.await(round*keys*perRound + keys*perRound/3)
		if err := stop(); err != nil {
			t.Fatalf("Run: %v", err)
		}
	}
	stop := b.start(b.options())
	got := b.await(keys * perRound * rounds)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	checkOnce(t, got, keys, perRound*rounds)
}

func TestRunIsExactlyOnceAcrossKill(t *testing.T) {
	t.Parallel()
	const keys, renames = 20, 400
	b := setup(t)
	b.publishShape(b.shape)
	b.renames(keys, 1, renames/2)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+b.config.Brokers+" "+rulesDir)
	child.Stderr = t.Output()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	b.await(1)
	b.renames(keys, 1+renames/2, renames/2)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	stop := b.start(b.options())
	got := b.await(keys * renames)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	checkOnce(t, got, keys, renames)
}

func TestRunIsExactlyOnceAcrossRebalance(t *testing.T) {
	t.Parallel()
	const keys, renames = 20, 60
	b := setup(t)
	b.publishShape(b.shape)
	first, second := b.options(), b.options()
	stopFirst := b.start(first)
	b.renames(keys, 1, renames/3)
	b.await(keys * renames / 3)
	stopSecond := b.start(second)
	// Changes flow while partitions change hands, until the second has had some.
	eventsOfSecond := func() int {
		n, err := testutil.GatherAndCount(second.Registerer.(prometheus.Gatherer), "telltale_translator_events_total")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	done := renames / 3
	eventually(t, 60*time.Second, func() bool {
		b.renames(keys, 1+done, 1)
		done++
		return eventsOfSecond() > 0
	}, func() string { return "the second instance got no partition" })
	b.renames(keys, 1+done, renames/3)
	done += renames / 3
	if err := stopFirst(); err != nil {
		t.Fatalf("first Run: %v", err)
	}
	b.renames(keys, 1+done, renames/3)
	done += renames / 3
	got := b.await(keys * done)
	if err := stopSecond(); err != nil {
		t.Fatalf("second Run: %v", err)
	}
	checkOnce(t, got, keys, done)
}

func TestRunWaitsForTables(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.options()
	stop := b.start(o)
	eventually(t, 20*time.Second, func() bool {
		return strings.Contains(o.Health.Reasons()[partShapes], "shop.customers; check that the reader runs")
	}, func() string { return fmt.Sprintf("reasons: %v", o.Health.Reasons()) })
	b.publishShape(b.shape)
	b.renames(1, 1, 1)
	b.await(1)
	// A shape that is published after the start is learnt from the first change that has it.
	b.shape.Columns = append(b.shape.Columns, change.Column{Name: "nickname", Type: "varchar(10)", Nullable: true})
	b.shape = b.shape.WithID()
	b.publishShape(b.shape)
	b.renames(1, 2, 1)
	checkOnce(t, b.await(2), 1, 2)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
}

func TestRunStopsAtWhatItCannotTranslate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules string // Replaces the data's new_name.
		spoil func(*bench)
		want  string
	}{
		{
			"a rule that fails on a row", "string(1 / (int(after.version) - 3))", func(*bench) {},
			"customer.yaml:23: CustomerNameChanged: data.new_name: division by zero; " +
				"change 3e11fa47-71ca-11e1-9e33-c80aa9429562:2:shop.customers:0 (topic shop.shop.customers, partition",
		},
		{
			"a record that is no change", "after.name",
			func(b *bench) { b.produce("shop.shop.customers", 0, "k", []byte(`{"id":1}`)) },
			"topic shop.shop.customers, partition 0, offset",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.publishShape(b.shape)
			b.renames(1, 1, 1)
			o := b.options()
			o.Rules = copyRules(t, "new_name: after.name", "new_name: "+tt.rules)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			tt.spoil(b)
			b.renames(1, 2, 1)
			err := Run(ctx, o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Run: got %v, want %q", err, tt.want)
			}
			if got := b.events(); len(got) > 2 {
				t.Errorf("got %d events, want what was translated before the failure at most", len(got))
			}
		})
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

func TestRunHealsWhenTheBrokerReturns(t *testing.T) {
	t.Parallel()
	const keys, renames = 5, 20
	b, restart := setupRestartable(t)
	b.publishShape(b.shape)
	o := b.options()
	stop := b.start(o)
	b.renames(keys, 1, renames)
	b.await(keys * renames)
	up := restart()
	eventually(t, 20*time.Second, func() bool { return o.Health.Reasons()[partKafka] != "" },
		func() string { return "ready without a broker" })
	up()
	eventually(t, 30*time.Second, func() bool { return len(o.Health.Reasons()) == 0 },
		func() string { return fmt.Sprintf("not ready with a broker: %v", o.Health.Reasons()) })
	b.renames(keys, 1+renames, renames)
	got := b.await(2 * keys * renames)
	if err := stop(); err != nil {
		t.Fatalf("Run: %v", err)
	}
	checkOnce(t, got, keys, 2*renames)
}

// setupRestartable is setup on a broker that keeps its data on disk. restart
// stops the broker and returns what starts it again at the same address.
func setupRestartable(t *testing.T) (b *bench, restart func() (up func())) {
	t.Helper()
	o := kafkaserver.Options{Dir: t.TempDir(), Logger: kafkatest.Logger(t)}
	server, err := kafkaserver.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	brokers := server.Brokers()
	_, port, err := net.SplitHostPort(brokers)
	if err != nil {
		t.Fatal(err)
	}
	if o.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	restart = func() func() {
		server.Close()
		return func() {
			if server, err = kafkaserver.Start(o); err != nil {
				t.Fatal(err)
			}
		}
	}
	return setupOn(t, brokers), restart
}

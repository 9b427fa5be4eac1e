package consumers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"go.uber.org/goleak"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/ops"
	"telltale/schemas/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests.
const patience = 60 * time.Second

const topic = "events.customer"

// world is a broker, a database and a topic with events.
type world struct {
	t        testing.TB
	dsn      string
	db       *sql.DB
	kafka    kafkaclient.Config
	producer *kafkaclient.TxnProducer
	produced []string // Event ids, in the order of their commits.
	health   *ops.Health
}

// server is a MySQL server as the tests use it.
type server interface{ DSN(db string) string }

// newWorld makes a world on a MySQL server that it may share, with a topic of
// three partitions.
func newWorld(t testing.TB, s server, database *sql.DB, name string) *world {
	t.Helper()
	return newWorldOn(t, kafkatest.Start(t).Brokers(), s, database, name)
}

func newWorldOn(t testing.TB, brokers string, s server, database *sql.DB, name string) *world {
	t.Helper()
	w := &world{t: t, dsn: s.DSN(name), db: database, health: ops.NewHealth()}
	w.kafka = kafkaclient.Config{Brokers: brokers}
	w.createTopic(3)
	var err error
	w.producer, err = kafkaclient.NewTxnProducer(t.Context(), w.kafka, kafkaclient.TxnOptions{TransactionalID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.producer.Close)
	return w
}

func (w *world) createTopic(partitions int) {
	w.t.Helper()
	spec := kafkaclient.TopicSpec{Name: topic, Partitions: partitions, ReplicationFactor: 1}
	if err := kafkaclient.EnsureTopics(w.t.Context(), w.kafka, []kafkaclient.TopicSpec{spec}, true); err != nil {
		w.t.Fatal(err)
	}
}

// message is a record of an event of customer key.
func message(id, kind string, key int, partitions int32) *kafka.Message {
	text := strconv.Itoa(key)
	e := event.Event{
		ID: id, Type: kind, Source: "/telltale/shop", Subject: "customer/" + text, Time: time.Now(),
		Data: []byte(`{"id":` + text + `}`),
	}
	name := topic
	m := &kafka.Message{
		TopicPartition: kafka.TopicPartition{Topic: &name, Partition: kafkaclient.Partition([]byte(text), partitions)},
		Key:            []byte(text), Value: e.Data,
	}
	for _, h := range e.Headers() {
		m.Headers = append(m.Headers, kafka.Header(h))
	}
	return m
}

// produce commits n events of ten customers, in transactions of a few, with
// aborted ones in between that nobody may ever see.
func (w *world) produce(n int) {
	w.t.Helper()
	for end := len(w.produced) + n; len(w.produced) < end; {
		size := min(1+rand.N(20), end-len(w.produced))
		w.transaction(func() {
			for range size {
				id := fmt.Sprintf("e%06d", len(w.produced))
				w.send(message(id, "Happened", len(w.produced)%10, 3))
				w.produced = append(w.produced, id)
			}
		}, true)
		if rand.N(10) == 0 {
			w.transaction(func() { w.send(message("aborted", "Happened", rand.N(10), 3)) }, false)
		}
	}
}

func (w *world) transaction(f func(), commit bool) {
	w.t.Helper()
	ctx := w.t.Context()
	if err := w.producer.Begin(); err != nil {
		w.t.Fatal(err)
	}
	f()
	end := w.producer.Commit
	if !commit {
		end = w.producer.Abort
	}
	if err := end(ctx); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) send(m *kafka.Message) {
	w.t.Helper()
	if err := w.producer.Produce(w.t.Context(), m); err != nil {
		w.t.Fatal(err)
	}
}

// commit produces messages in a transaction of their own.
func (w *world) commit(messages ...*kafka.Message) {
	w.t.Helper()
	w.transaction(func() {
		for _, m := range messages {
			w.send(m)
		}
	}, true)
}

// tallyFiles is the schema of the tally. Nothing in it keeps an event from
// being written twice, so that a second time would show.
func tallyFiles() fs.FS {
	return fstest.MapFS{"00001_tally.sql": {Data: []byte(`-- +goose Up
CREATE TABLE tally (seq BIGINT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(20) NOT NULL, event_id VARCHAR(100) NOT NULL);
`)}}
}

// tally writes down each event.
func tally(ctx context.Context, tx *sql.Tx, d Delivery) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO tally (customer, event_id) VALUES (?, ?)", d.Key, d.ID)
	return err
}

func tallyConsumer() Consumer {
	return Consumer{Name: "tally", Topics: []string{topic}, Migrations: tallyFiles(), Handle: Each(tally)}
}

func (w *world) options() Options {
	return Options{DSN: w.dsn, Kafka: w.kafka, Logger: kafkatest.Logger(w.t), Batch: 7, Health: w.health}
}

// instance is a consumer that runs.
type instance struct {
	w      *world
	cancel context.CancelFunc
	result chan error
}

func (w *world) start(o Options, c Consumer) *instance {
	ctx, cancel := context.WithCancel(context.Background())
	i := &instance{w: w, cancel: cancel, result: make(chan error, 1)}
	go func() { i.result <- Run(ctx, o, c) }()
	w.t.Cleanup(func() { i.cancel(); <-i.result })
	return i
}

// stop ends the instance in order.
func (i *instance) stop() {
	i.w.t.Helper()
	i.cancel()
	if err := i.wait(); err != nil {
		i.w.t.Fatalf("Run ended with %v, want nil after a cancelled context", err)
	}
}

// wait returns what Run returned.
func (i *instance) wait() error {
	i.w.t.Helper()
	select {
	case err := <-i.result:
		i.result <- err
		return err
	case <-time.After(patience):
		i.w.t.Fatal("Run did not end")
		return nil
	}
}

// eventually polls until f holds.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// handled returns the event ids of the tally in the order of their writing.
func (w *world) handled() []string {
	w.t.Helper()
	var ids []string
	rows, err := w.db.Query("SELECT event_id FROM tally ORDER BY seq")
	if err != nil {
		return nil // The consumer has not migrated yet, or the server is away.
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// claims returns, per partition, how often it was claimed.
func (w *world) claims() []int {
	w.t.Helper()
	var epochs []int
	rows, err := w.db.Query("SELECT owner_epoch FROM consumer_offsets ORDER BY topic, partition_id")
	if err != nil {
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var epoch int
		if err := rows.Scan(&epoch); err != nil {
			w.t.Fatal(err)
		}
		epochs = append(epochs, epoch)
	}
	return epochs
}

func (w *world) awaitHandled(n int) {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("%d events handled", n), func() bool { return len(w.handled()) >= n })
}

// assertExactlyOnce checks the tally against what was produced: nothing
// missing, nothing twice, nothing that was aborted, in order per customer.
func (w *world) assertExactlyOnce() {
	w.t.Helper()
	got := w.handled()
	sorted := slices.Sorted(slices.Values(got))
	if !slices.Equal(sorted, w.produced) {
		w.t.Fatalf("handled %d events, want each of %d once: %s", len(got), len(w.produced), difference(sorted, w.produced))
	}
	last := make(map[int]int)
	for _, id := range got {
		n, err := strconv.Atoi(strings.TrimPrefix(id, "e"))
		if err != nil {
			w.t.Fatalf("event id %q: %v", id, err)
		}
		if before, ok := last[n%10]; ok && n < before {
			w.t.Fatalf("event %d of customer %d was handled after %d", n, n%10, before)
		}
		last[n%10] = n
	}
}

func difference(got, want []string) string {
	count := make(map[string]int)
	for _, id := range want {
		count[id]--
	}
	for _, id := range got {
		count[id]++
	}
	var b strings.Builder
	for id, n := range count {
		if n != 0 {
			fmt.Fprintf(&b, " %s:%+d", id, n)
		}
	}
	return b.String()
}

var errKilled = fmt.Errorf("killed by the test: %w", errFailpoint)

// killAt makes a failpoint that ends a run of the consumer at the visit'th visit
// of a point.
func killAt(point string, visit int64) func(string) error {
	var visits atomic.Int64
	return func(at string) error {
		if at == point && visits.Add(1) == visit {
			return errKilled
		}
		return nil
	}
}

func isKilled(err error) bool { return errors.Is(err, errFailpoint) }

// sharedMySQL starts one server for a group of subtests.
func sharedMySQL(t *testing.T) func(t testing.TB, name string) *world {
	t.Helper()
	s := mysqltest.Start(t)
	return func(t testing.TB, name string) *world {
		return newWorld(t, s, mysqltest.DB(t, s, name), name)
	}
}

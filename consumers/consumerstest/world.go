// Package consumerstest runs a consumer on a real MySQL server and a broker of
// the test's own, and publishes the events that it shall react to.
package consumerstest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/consumers"
	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/ops"
	"telltale/schemas/event"
)

// patience bounds every wait.
const patience = 60 * time.Second

// partitions of the topic with the customers' events.
const partitions = 2

// World is a broker with a topic for customers' events, and a database.
type World struct {
	T      testing.TB
	DB     *sql.DB
	Kafka  kafkaclient.Config
	Health *ops.Health

	server   *mysqlserver.Server
	dsn      string
	producer *kafkaclient.TxnProducer
	events   int
}

// Shared starts one MySQL server for a group of subtests, and returns what makes
// a world of its own on it.
func Shared(t testing.TB) func(t testing.TB, database string) *World {
	t.Helper()
	s := mysqltest.Start(t)
	return func(t testing.TB, database string) *World {
		t.Helper()
		w := &World{T: t, server: s, Health: ops.NewHealth()}
		w.UseDatabase(database)
		w.Kafka = kafkaclient.Config{Brokers: kafkatest.Start(t).Brokers()}
		spec := kafkaclient.TopicSpec{Name: event.Topic("customer"), Partitions: partitions, ReplicationFactor: 1}
		if err := kafkaclient.EnsureTopics(t.Context(), w.Kafka, []kafkaclient.TopicSpec{spec}, true); err != nil {
			t.Fatal(err)
		}
		var err error
		w.producer, err = kafkaclient.NewTxnProducer(t.Context(), w.Kafka, kafkaclient.TxnOptions{TransactionalID: "test"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.producer.Close)
		return w
	}
}

// UseDatabase has consumers that are started from now on use a new database.
func (w *World) UseDatabase(name string) {
	w.T.Helper()
	w.DB, w.dsn = mysqltest.DB(w.T, w.server, name), w.server.DSN(name)
}

// At is when the n-th event of a world happened.
func At(n int) time.Time { return time.Date(2026, 3, 4, 5, 6, n, 123456000, time.UTC) }

// Event is one of a customer, as far as it is not made up.
func (w *World) Event(kind string, data map[string]any) event.Event {
	w.T.Helper()
	value, err := json.Marshal(data)
	if err != nil {
		w.T.Fatal(err)
	}
	w.events++
	return event.Event{ID: fmt.Sprintf("e%04d", w.events), Type: kind, Source: "/telltale/shop", Time: At(w.events), Data: value}
}

// Publish commits events of a customer in one transaction and returns the id of
// the last.
func (w *World) Publish(customer int, events ...event.Event) string {
	w.T.Helper()
	key, topic := strconv.Itoa(customer), event.Topic("customer")
	if err := w.producer.Begin(); err != nil {
		w.T.Fatal(err)
	}
	for _, e := range events {
		e.Subject = "customer/" + key
		m := &kafka.Message{
			TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: kafkaclient.Partition([]byte(key), partitions)},
			Key:            []byte(key), Value: e.Data,
		}
		for _, h := range e.Headers() {
			m.Headers = append(m.Headers, kafka.Header(h))
		}
		if err := w.producer.Produce(w.T.Context(), m); err != nil {
			w.T.Fatal(err)
		}
	}
	if err := w.producer.Commit(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
	return events[len(events)-1].ID
}

// AwaitHandled waits until the only consumer of the database has handled every
// event that was published.
func (w *World) AwaitHandled() {
	w.T.Helper()
	last := make(map[int32]int64)
	err := kafkaclient.ReadToEnd(w.T.Context(), w.Kafka, event.Topic("customer"), func(m *kafka.Message) error {
		last[m.TopicPartition.Partition] = int64(m.TopicPartition.Offset)
		return nil
	})
	if err != nil {
		w.T.Fatal(err)
	}
	var want []string
	for _, p := range slices.Sorted(maps.Keys(last)) {
		want = append(want, fmt.Sprintf("%d: %d", p, last[p]+1))
	}
	handled := func() []string {
		return w.Rows("SELECT CONCAT(partition_id, ': ', next_offset) FROM consumer_offsets WHERE next_offset > 0 ORDER BY partition_id")
	}
	w.Eventually("all events handled", func() bool { return slices.Equal(handled(), want) },
		func() string { return fmt.Sprintf("the partitions are at %v, want %v", handled(), want) })
}

// Run is a consumer under way.
type Run struct {
	w      *World
	cancel context.CancelFunc
	result chan error
}

// Start runs a consumer until it is stopped or the test ends.
func (w *World) Start(c consumers.Consumer) *Run {
	w.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &Run{w: w, cancel: cancel, result: make(chan error, 1)}
	options := consumers.Options{DSN: w.dsn, Kafka: w.Kafka, Logger: kafkatest.Logger(w.T), Health: w.Health}
	go func() { r.result <- consumers.Run(ctx, options, c) }()
	w.T.Cleanup(func() { r.cancel(); <-r.result })
	return r
}

// Wait returns what the consumer ended with.
func (r *Run) Wait() error {
	r.w.T.Helper()
	select {
	case err := <-r.result:
		r.result <- err
		return err
	case <-time.After(patience):
		r.w.T.Fatal("the consumer did not end")
		return nil
	}
}

// Stop ends the consumer in good order.
func (r *Run) Stop() {
	r.w.T.Helper()
	r.cancel()
	if err := r.Wait(); err != nil {
		r.w.T.Fatalf("the consumer ended with %v, want nil", err)
	}
}

// Eventually polls until f holds; state is shown where it never does.
func (w *World) Eventually(what string, f func() bool, state func() string) {
	w.T.Helper()
	for deadline := time.Now().Add(patience); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.T.Fatalf("not within %v: %s; %s; not ready: %v", patience, what, state(), w.Health.Reasons())
		}
	}
}

// Rows returns what a query selects, the columns of a row in one text. It is
// empty as long as the consumer has not made its tables.
func (w *World) Rows(query string, args ...any) []string {
	w.T.Helper()
	rows, err := w.DB.Query(query, args...)
	if err != nil {
		return nil
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		w.T.Fatal(err)
	}
	var all []string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.T.Fatal(err)
		}
		text := ""
		for i, v := range values {
			if i > 0 {
				text += " | "
			}
			if text += v.String; !v.Valid {
				text += "NULL"
			}
		}
		all = append(all, text)
	}
	return all
}

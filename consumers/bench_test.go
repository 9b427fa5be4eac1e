package consumers

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"telltale/internal/mysqlserver/mysqltest"
)

// BenchmarkProjection measures the whole path of a projection: records from the
// broker, parsed, written in one statement a batch under a key that lets an
// event count once, offset and effect in one transaction.
func BenchmarkProjection(b *testing.B) {
	for _, batch := range []int{100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			s := mysqltest.Start(b)
			name := fmt.Sprintf("bench%d", batch)
			w := newWorld(b, s, mysqltest.DB(b, s, name), name)
			fill(w, b.N)
			o := w.options()
			o.Logger, o.Batch = nil, batch
			first, done, c := projection(b.N)
			i := w.start(o, c)
			<-first // Joining the group takes a fixed time.
			b.ResetTimer()
			<-done
			b.StopTimer()
			i.stop()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			assertProjected(b, w.db, b.N)
		})
	}
}

// fill commits n events of a thousand customers.
func fill(w *world, n int) {
	w.t.Helper()
	const perTransaction = 10_000
	for at := 0; at < n; at += perTransaction {
		w.transaction(func() {
			for k := at; k < min(at+perTransaction, n); k++ {
				w.send(message(fmt.Sprintf("3E11FA47-71CA-11E1-9E33-C80AA9429562:%d/customer.Happened", k), "Happened", k%1000, 3))
			}
		}, true)
	}
}

// projection writes events down under their ids; first is closed when it sees
// the first of n events, done after the last.
func projection(n int) (first, done chan struct{}, c Consumer) {
	first, done = make(chan struct{}), make(chan struct{})
	seen := make(chan int, 1)
	seen <- 0
	c = tallyConsumer()
	c.Migrations = fstest.MapFS{"00001_projection.sql": {Data: []byte(`-- +goose Up
CREATE TABLE projection (event_id VARBINARY(255) PRIMARY KEY, customer VARBINARY(20) NOT NULL, data JSON NOT NULL);
`)}}
	c.Handle = func(ctx context.Context, tx *sql.Tx, batch []Delivery) error {
		query := "INSERT INTO projection (event_id, customer, data) VALUES " + strings.Repeat("(?,?,?),", len(batch)-1) +
			"(?,?,?) ON DUPLICATE KEY UPDATE event_id = VALUES(event_id)"
		args := make([]any, 0, 3*len(batch))
		for _, d := range batch {
			args = append(args, d.ID, d.Key, string(d.Data))
		}
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
		before := <-seen
		seen <- before + len(batch)
		if before == 0 {
			close(first)
		}
		if before+len(batch) == n {
			close(done)
		}
		return nil
	}
	return first, done, c
}

func assertProjected(b *testing.B, db *sql.DB, want int) {
	b.Helper()
	var got int
	if err := db.QueryRow("SELECT COUNT(*) FROM projection").Scan(&got); err != nil {
		b.Fatal(err)
	}
	if got != want {
		b.Errorf("projected %d events, want %d", got, want)
	}
}

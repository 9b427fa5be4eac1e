package binlog

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/ops"
)

// orders is a table of twelve columns whose rows become envelopes of some 800
// bytes.
const orders = `CREATE TABLE orders (
	id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id int NOT NULL, status enum('new','paid','sent') NOT NULL,
	total decimal(12,2) NOT NULL, currency char(3) NOT NULL, note varchar(200), email varchar(100) NOT NULL, weight double,
	express tinyint(1) NOT NULL, placed datetime(3) NOT NULL, updated timestamp NOT NULL, version int NOT NULL)`

// placeOrders inserts n rows, each its own transaction.
const placeOrders = `CREATE PROCEDURE place_orders(n INT) BEGIN
	WHILE n > 0 DO
		INSERT INTO orders (customer_id, status, total, currency, note, email, weight, express, placed, updated, version)
			VALUES (n % 1000, 'new', n / 100, 'EUR', 'please ring twice', CONCAT('customer', n, '@example.com'), n / 3, n % 2, NOW(3), NOW(), 1);
		SET n = n - 1;
	END WHILE;
END`

// BenchmarkDrain measures how fast a backlog of single-row transactions gets from
// MySQL into Apache Kafka, exactly once, from the start of the reader on. The
// servers share the machine with it. Run it with -benchtime 300000x.
func BenchmarkDrain(b *testing.B) {
	server, broker := mysqltest.Start(b, "max-binlog-size=1G"), apachekafkatest.Start(b)
	db := mysqltest.DB(b, server, "shop")
	for _, statement := range []string{orders, placeOrders} {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	o := Options{
		Name: "shop", DSN: server.DSN(""), Tables: []string{"shop.*"}, CreateTopics: true, Partitions: 6,
		Kafka: kafkaclient.Config{Brokers: broker.Brokers(), Logger: kafkatest.Logger(b)}, Logger: kafkatest.Logger(b),
	}
	drain(b, o, 0) // Its position is from where the backlog begins.
	b.Run("rows", func(b *testing.B) {
		b.StopTimer()
		write(b, db, b.N)
		before := processorTime(b)
		b.StartTimer()
		first := drain(b, o, b.N)
		b.StopTimer()
		b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "µs-cpu/row")
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		if steady := b.Elapsed() - first; steady > 0 {
			b.ReportMetric(float64(b.N)/steady.Seconds(), "rows/s-steady")
		}
	})
}

// processorTime is what the process has used of the processors, the Kafka client's
// threads included: what is left of a measurement on a busy machine.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// write makes the backlog with two connections.
func write(b *testing.B, db *sql.DB, n int) {
	b.Helper()
	const writers = 2
	var group sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		group.Go(func() {
			_, errs[w] = db.ExecContext(b.Context(), "CALL place_orders(?)", n/writers+(n%writers)*w)
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			b.Fatal(err)
		}
	}
}

// drain runs the reader until n rows are committed to Kafka, and returns when
// the first were.
func drain(b *testing.B, o Options, n int) (first time.Duration) {
	b.Helper()
	registry := prometheus.NewRegistry()
	o.Registerer, o.Health = registry, ops.NewHealth()
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	start := time.Now()
	go func() { ended <- Run(ctx, o) }()
	o.Health.Set(HealthPart, errStarting)
	for done := false; !done; time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-ended:
			b.Fatalf("the reader ended: %v", err)
		default:
		}
		rows := counted(b, registry, "telltale_binlog_rows_total")
		if rows > 0 && first == 0 {
			first = time.Since(start)
		}
		done = rows >= float64(n) && len(o.Health.Reasons()) == 0
	}
	b.StopTimer()
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
	return first
}

// counted is the value of a counter without labels.
func counted(b *testing.B, from prometheus.Gatherer, name string) float64 {
	b.Helper()
	families, err := from.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	if len(families) == 0 {
		return 0
	}
	b.Fatal(fmt.Errorf("no metric %s", name))
	return 0
}

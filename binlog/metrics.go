package binlog

import (
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the reader shows of itself. The hot ones are kept as plain
// counters by event type, found by index.
type metrics struct {
	events       [256]prometheus.Counter
	rows         prometheus.Counter
	bytes        prometheus.Counter
	transactions prometheus.Counter
	commits      prometheus.Counter
	commitTime   prometheus.Histogram
	lag          prometheus.Gauge
	position     prometheus.Gauge
	sessions     *prometheus.CounterVec
	leader       prometheus.Gauge
	vanished     *prometheus.CounterVec
	oversize     *prometheus.CounterVec
}

// newMetrics registers the metrics; with a nil Registerer nobody sees them.
func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "telltale", Subsystem: "binlog", Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "telltale", Subsystem: "binlog", Name: name, Help: help})
	}
	m := &metrics{
		rows:         counter("rows_total", "Row changes committed to Kafka."),
		bytes:        counter("bytes_total", "Bytes of keys and values committed to Kafka, before compression."),
		transactions: counter("transactions_total", "MySQL transactions that the committed position has passed, captured or not."),
		commits:      counter("kafka_commits_total", "Kafka transactions committed."),
		commitTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "telltale", Subsystem: "binlog", Name: "kafka_commit_seconds",
			Help: "How long Kafka took to commit a transaction, in seconds.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
		lag:      gauge("lag_seconds", "Seconds between the commit in MySQL and the commit in Kafka of the newest published transaction."),
		position: gauge("position_timestamp_seconds", "When the newest published transaction was committed in MySQL, in seconds since 1970."),
		sessions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "telltale", Subsystem: "binlog", Name: "sessions_ended_total", Help: "Connections to server and broker that ended, by class of the cause: retryable or fatal.",
		}, []string{"class"}),
		vanished: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "telltale", Subsystem: "binlog", Name: "vanishing_statements_total", Help: "Statements by which rows of captured tables went without a row event: TRUNCATE, DROP, RENAME, and CREATE for MariaDB's CREATE OR REPLACE.",
		}, []string{"statement"}),
		oversize: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "telltale", Subsystem: "binlog", Name: "oversize_records_total", Help: "Records that were larger than their topic takes and went another way, by the way: claim-check or dead-letter.",
		}, []string{"way"}),
		leader: gauge("leader", "1 while this reader holds the lease of its source, 0 while it stands by."),
	}
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "telltale", Subsystem: "binlog", Name: "events_total", Help: "Binlog events read, by type.",
	}, []string{"type"})
	for t := range m.events {
		m.events[t] = events.WithLabelValues(replication.EventType(t).String())
	}
	if r != nil {
		r.MustRegister(events, m.rows, m.bytes, m.transactions, m.commits, m.commitTime, m.lag, m.position, m.sessions, m.leader, m.vanished, m.oversize)
	}
	return m
}

func (m *metrics) event(t replication.EventType) { m.events[t].Inc() }

// committed counts what a Kafka transaction held.
func (m *metrics) committed(w work, p Position, took time.Duration, now time.Time) {
	m.rows.Add(float64(w.rows))
	m.bytes.Add(float64(w.bytes))
	m.transactions.Add(float64(w.txns))
	m.commits.Inc()
	m.commitTime.Observe(took.Seconds())
	if !p.CommittedAt.IsZero() {
		m.lag.Set(now.Sub(p.CommittedAt).Seconds())
		m.position.Set(float64(p.CommittedAt.UnixMicro()) / 1e6)
	}
}

package binlog

import (
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the reader shows of itself.
type metrics struct {
	events           eventCounts
	bytesRead        prometheus.Counter
	rowsRead         prometheus.Counter
	transactionsRead prometheus.Counter
	rows             prometheus.Counter
	bytes            prometheus.Counter
	transactions     prometheus.Counter
	commits          prometheus.Counter
	commitTime       prometheus.Histogram
	lag              lag
	behind           prometheus.Gauge
	queue            prometheus.Gauge
	position         prometheus.Gauge
	sessions         *prometheus.CounterVec
	leader           prometheus.Gauge
	vanished         *prometheus.CounterVec
	oversize         *prometheus.CounterVec
	claims           *prometheus.HistogramVec
	undecided        prometheus.Gauge
}

// newMetrics registers the metrics; with a nil Registerer nobody sees them.
func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		events:           newEventCounts(),
		bytesRead:        newCounter("read_bytes_total", "Bytes of binlog events received from the server."),
		rowsRead:         newCounter("rows_read_total", "Row changes of captured tables read from the binlog."),
		transactionsRead: newCounter("transactions_read_total", "MySQL transactions read from the binlog to their end, captured or not."),
		rows:             newCounter("rows_total", "Row changes committed to Kafka."),
		bytes:            newCounter("bytes_total", "Bytes of keys and values committed to Kafka, before compression."),
		transactions:     newCounter("transactions_total", "MySQL transactions that the committed position has passed, captured or not."),
		commits:          newCounter("kafka_commits_total", "Kafka transactions committed."),
		commitTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "telltale", Subsystem: "binlog", Name: "kafka_commit_seconds",
			Help: "How long Kafka took to commit a transaction, in seconds.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
		behind:   newGauge("behind_bytes", "Bytes of the server's binlog behind what is committed to Kafka."),
		queue:    newGauge("queue_fill_ratio", "How full the queue between the binlog and Kafka is, from 0 to 1."),
		position: newGauge("position_timestamp_seconds", "When the newest published transaction was committed in MySQL, in seconds since 1970."),
		sessions: newCounters("sessions_ended_total", "Connections to server and broker that ended, by class (retryable or fatal) and cause.", "class", "cause"),
		vanished: newCounters("vanishing_statements_total", "Statements by which rows of captured tables went without a row event: TRUNCATE, DROP, RENAME, ALTER for one that renames, and CREATE for MariaDB's CREATE OR REPLACE.", "statement"),
		oversize: newCounters("oversize_records_total", "Records that were larger than their topic takes and went another way, by the way: claim-check or dead-letter.", "way"),
		claims: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "telltale", Subsystem: "binlog", Name: "claim_check_seconds",
			Help:    "How long claim checks took to be kept, in seconds, by outcome: stored, failed for one that is tried again, or refused for one at which the reader ended.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2, 16),
		}, []string{"outcome"}),
		undecided: newGauge("undecided_branches", "XA branches that are prepared and neither committed nor rolled back."),
		leader:    newGauge("leader", "1 while this reader holds the lease of its source, 0 while it stands by."),
	}
	for _, cause := range []string{causeMySQL, causeSilence, causeKafka, causeClaims} { // A rate needs the 0 before the first.
		m.sessions.WithLabelValues("retryable", cause)
	}
	if r != nil {
		r.MustRegister(m.events.vec, m.bytesRead, m.rowsRead, m.transactionsRead, m.rows, m.bytes, m.transactions, m.commits, m.commitTime,
			m.lag.gauge(time.Now), m.behind, m.queue, m.position, m.sessions, m.leader, m.vanished, m.oversize, m.claims, m.undecided)
	}
	return m
}

func newCounter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "telltale", Subsystem: "binlog", Name: name, Help: help})
}

func newCounters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "telltale", Subsystem: "binlog", Name: name, Help: help}, labels)
}

func newGauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "telltale", Subsystem: "binlog", Name: name, Help: help})
}

// standing notes whether this reader holds the lease. One that stands by is not
// late with anything; one that lost the lease to nobody still is.
func (m *metrics) standing(is standing) {
	m.leader.Set(0)
	switch is {
	case holding:
		m.leader.Set(1)
	case standingBy:
		m.behind.Set(0)
		m.queue.Set(0)
		m.lag.forget()
	}
}

// read counts what the binlog held, and empties it: an addition a transaction
// costs less than one an event.
func (m *metrics) read(w *work) {
	m.rowsRead.Add(float64(w.rows))
	m.transactionsRead.Add(float64(w.txns))
	m.bytesRead.Add(float64(w.bytes))
	*w = work{}
}

// committed counts what a Kafka transaction held.
func (m *metrics) committed(w work, p Position, took time.Duration, now time.Time) {
	m.rows.Add(float64(w.rows))
	m.bytes.Add(float64(w.bytes))
	m.transactions.Add(float64(w.txns))
	m.commits.Inc()
	m.commitTime.Observe(took.Seconds())
	if !p.CommittedAt.IsZero() {
		m.lag.published(p.CommittedAt, now)
		m.position.Set(float64(p.CommittedAt.UnixMicro()) / 1e6)
	}
}

// eventCounts count events by type and outcome. What happens to most events of a
// type is kept as a plain counter, found by index; so is what is passed over
// because its table is not captured.
type eventCounts struct {
	vec           *prometheus.CounterVec
	usual, passed [256]prometheus.Counter
}

func newEventCounts() eventCounts {
	c := eventCounts{vec: newCounters("events_total", "Binlog events read, by type and outcome: handled, skipped, or stops for one at which the reader ended.", "type", "outcome")}
	for t, k := range kinds {
		c.usual[t] = c.of(t, k.outcome)
		if k.outcome == handled {
			c.passed[t] = c.of(t, skipped)
		}
	}
	return c
}

func (c *eventCounts) of(t replication.EventType, o outcome) prometheus.Counter {
	return c.vec.WithLabelValues(t.String(), string(o))
}

package translator

import "github.com/prometheus/client_golang/prometheus"

// metrics are the translator's.
type metrics struct {
	records      *prometheus.CounterVec
	passed       *prometheus.CounterVec
	tombstones   *prometheus.CounterVec
	events       *prometheus.CounterVec
	transactions *prometheus.CounterVec
	lag          prometheus.Gauge
	ruleErrors   prometheus.Counter
	dropped      prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "telltale_translator_records_total",
			Help: "Raw changes translated, with or without an event, by table. Records read again after an aborted transaction count again.",
		}, []string{"table"}),
		passed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "telltale_translator_passed_total",
			Help: "Raw changes passed over on purpose, of tables that share a topic with others and that no rule names, by table.",
		}, []string{"table"}),
		tombstones: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "telltale_translator_tombstones_total",
			Help: "Records without a value, which follow a delete for compaction's sake and mean nothing more, by topic.",
		}, []string{"topic"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "telltale_translator_events_total",
			Help: "Business events produced, by type. Those of aborted transactions count, and count again when they are produced again.",
		}, []string{"type"}),
		transactions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "telltale_translator_transactions_total",
			Help: "Kafka transactions ended, by outcome: committed or aborted.",
		}, []string{"outcome"}),
		lag: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "telltale_translator_lag_seconds",
			Help: "Seconds from the MySQL commit of the newest translated change to the Kafka commit of its events, as of that Kafka commit.",
		}),
		ruleErrors: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "telltale_translator_rule_errors_total",
			Help: "Changes that a rule could not be applied to.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "telltale_translator_dropped_total",
			Help: "Raw changes of transactions that a reader with source.delivery at-least-once left unfinished and its successor published again, whole.",
		}),
	}
	r.MustRegister(m.records, m.passed, m.tombstones, m.events, m.transactions, m.lag, m.ruleErrors, m.dropped)
	return m
}

package consumers

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what one consumer counts. All carry the label consumer.
type metrics struct {
	events   *prometheus.CounterVec
	batches  prometheus.Counter
	duration prometheus.Histogram
	retries  *prometheus.CounterVec
	fenced   prometheus.Counter
	claims   prometheus.Counter
	paused   prometheus.Gauge
	lag      *prometheus.GaugeVec
	next     *prometheus.GaugeVec
}

// newMetrics registers the metrics of a consumer; unregister takes them back.
func newMetrics(r prometheus.Registerer, consumer string) (m *metrics, unregister func(), err error) {
	m = makeMetrics()
	r = prometheus.WrapRegistererWith(prometheus.Labels{"consumer": consumer}, r)
	all := []prometheus.Collector{m.events, m.batches, m.duration, m.retries, m.fenced, m.claims, m.paused, m.lag, m.next}
	unregister = func() {
		for _, c := range all {
			r.Unregister(c)
		}
	}
	for _, c := range all {
		if err := r.Register(c); err != nil {
			unregister()
			return nil, nil, fmt.Errorf("register the metrics of consumer %s: %w", consumer, err)
		}
	}
	return m, unregister, nil
}

func makeMetrics() *metrics {
	name := func(n string) string { return "telltale_consumers_" + n }
	perPartition := []string{"topic", "partition"}
	return &metrics{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("events_total"), Help: "Events committed, by type and outcome: handled, or passed because the consumer does not take the type.",
		}, []string{"type", "outcome"}),
		batches: prometheus.NewCounter(prometheus.CounterOpts{
			Name: name("batches_total"), Help: "Database transactions committed, each with the offset behind its events.",
		}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name("batch_seconds"), Help: "Time from the begin to the commit of a batch, in seconds, retries apart.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("retries_total"), Help: "Attempts taken back and made again, by class: conflict (deadlock, lock wait) or unavailable (a server is away).",
		}, []string{"class"}),
		fenced: prometheus.NewCounter(prometheus.CounterOpts{
			Name: name("fenced_total"), Help: "Transactions refused because another instance had claimed the partition.",
		}),
		claims: prometheus.NewCounter(prometheus.CounterOpts{
			Name: name("claims_total"), Help: "Partitions claimed.",
		}),
		paused: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: name("paused_partitions"), Help: "Partitions that are not fetched for now: they wait for their claim, or their worker takes no more.",
		}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: name("lag_seconds"), Help: "Age of the newest event handled, or of the one being tried, in seconds; 0 when nothing waits.",
		}, perPartition),
		next: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: name("next_offset"), Help: "Offset of the first event that is not handled.",
		}, perPartition),
	}
}

func (m *metrics) committed(c claim, records []record, took time.Duration) {
	m.batches.Inc()
	m.duration.Observe(took.Seconds())
	type kind struct{ name, outcome string }
	counts := make(map[kind]int)
	for _, r := range records {
		k := kind{name: r.Type, outcome: "handled"}
		if r.passed {
			k.outcome = "passed"
		}
		counts[k]++
	}
	for k, n := range counts {
		m.events.WithLabelValues(k.name, k.outcome).Add(float64(n))
	}
	m.next.WithLabelValues(c.topic, strconv.Itoa(int(c.partition))).Set(float64(c.next))
}

func (m *metrics) behind(p place, age time.Duration) {
	m.lag.WithLabelValues(p.topic, strconv.Itoa(int(p.partition))).Set(max(age, 0).Seconds())
}

// forget ends the series of a partition that another instance counts now.
func (m *metrics) forget(p place) {
	m.lag.DeleteLabelValues(p.topic, strconv.Itoa(int(p.partition)))
	m.next.DeleteLabelValues(p.topic, strconv.Itoa(int(p.partition)))
}

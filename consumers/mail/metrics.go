package mail

import (
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/consumers"
)

type metrics struct {
	mails   *prometheus.CounterVec
	delay   prometheus.Histogram
	waiting *prometheus.GaugeVec
}

// unaddressed is the outcome of a mail that could not be tried.
const unaddressed = "unaddressed"

// newMetrics registers the metrics of a consumer's mails.
func newMetrics(r prometheus.Registerer, consumer string) (*metrics, error) {
	name := func(n string) string { return "telltale_consumers_mail_" + n }
	r = prometheus.WrapRegistererWith(prometheus.Labels{"consumer": consumer}, r)
	m := &metrics{
		mails: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("attempts_total"), Help: "Attempts to send a mail, by outcome: sent, failed (for good), deferred (this mail, for now), unavailable (the server); and unaddressed, mails that could not be tried because no event has told the address.",
		}, []string{"outcome"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name("delay_seconds"), Help: "Time from the commit that planned a mail until the server took it, in seconds.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2.5, 14),
		}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: name("waiting"), Help: "Mails planned and not sent yet, as counted within the last seconds.",
		}, []string{"topic", "partition"}),
	}
	for _, c := range []prometheus.Collector{m.mails, m.delay, m.waiting} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of the mails of %s: %w", consumer, err)
		}
	}
	return m, nil
}

func (m *metrics) wait(p *consumers.Partition, n int) {
	m.waiting.WithLabelValues(p.Topic, strconv.Itoa(int(p.ID))).Set(float64(n))
}

func (m *metrics) forget(p *consumers.Partition) {
	m.waiting.DeleteLabelValues(p.Topic, strconv.Itoa(int(p.ID)))
}

package ops

import "github.com/prometheus/client_golang/prometheus"

var (
	readyDesc = prometheus.NewDesc("telltale_ready",
		"Whether all parts of the process can make progress, as /readyz says: 1 or 0.", nil, nil)
	notReadyDesc = prometheus.NewDesc("telltale_not_ready",
		"1 for each part that cannot make progress; /readyz says why.", []string{"part"}, nil)
)

// Describe implements prometheus.Collector.
func (h *Health) Describe(descs chan<- *prometheus.Desc) {
	descs <- readyDesc
	descs <- notReadyDesc
}

// Collect implements prometheus.Collector.
func (h *Health) Collect(metrics chan<- prometheus.Metric) {
	ready, reasons := 1.0, h.Reasons()
	if len(reasons) > 0 {
		ready = 0
	}
	metrics <- prometheus.MustNewConstMetric(readyDesc, prometheus.GaugeValue, ready)
	for part := range reasons {
		metrics <- prometheus.MustNewConstMetric(notReadyDesc, prometheus.GaugeValue, 1, part)
	}
}

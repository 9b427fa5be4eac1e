package tracing

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/doctest"
)

func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	doctest.Metrics(t, "internal/tracing", func(r prometheus.Registerer) { newMetrics(r) })
}

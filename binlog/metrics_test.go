package binlog

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/doctest"
)

func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	doctest.Metrics(t, "binlog", func(r prometheus.Registerer) { newMetrics(r) })
}

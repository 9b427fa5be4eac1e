package consumers

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/doctest"
)

func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	doctest.Metrics(t, "consumers", func(r prometheus.Registerer) {
		if _, _, err := newMetrics(r, "history"); err != nil {
			t.Error(err)
		}
	})
}

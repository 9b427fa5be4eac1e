package ops_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/doctest"
	"telltale/internal/ops"
)

func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	doctest.Metrics(t, "internal/ops", func(r prometheus.Registerer) { r.MustRegister(ops.NewHealth()) })
}

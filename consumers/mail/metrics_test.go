package mail

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/doctest"
)

func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	doctest.Metrics(t, "consumers/mail", func(r prometheus.Registerer) {
		if _, err := newMetrics(r, "mailer"); err != nil {
			t.Error(err)
		}
	})
}

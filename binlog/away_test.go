package binlog

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/kafkaserver/kafkatest"
)

// While no broker answers the reader is not ready, and its lag and what it is
// behind grow; both end with the brokers' return.
func TestKafkaIsAway(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	registry := prometheus.NewRegistry()
	h.o.Registerer = registry
	broker := kafkatest.StartDurable(t)
	h.o.Kafka.Brokers = broker.Brokers()
	got := func(name string) float64 { return sample(t, registry, "telltale_binlog_"+name) }
	await := func(what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: lag %v s, %v bytes behind, not ready: %v", what, got("lag_seconds"), got("behind_bytes"), h.o.Health.Reasons())
			}
		}
	}
	h.exec(t, customers)
	h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('before')")
	h.published(t)

	broker.Down()
	h.exec(t, "INSERT INTO customers (name) VALUES ('meanwhile')")
	await("without brokers", func() bool {
		return got("lag_seconds") > 2 && got("behind_bytes") > 0 && len(h.o.Health.Reasons()) > 0
	})
	broker.Up()
	await("with brokers again", func() bool { return len(h.o.Health.Reasons()) == 0 })
	h.published(t)
	await("caught up", func() bool { return got("behind_bytes") == 0 })
	h.records(t, "customers", 2)
	h.mustStop(t)
}

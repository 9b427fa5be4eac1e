package binlog

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// lag is how late Kafka is: of the newest published transaction, from its commit
// in MySQL to that in Kafka, or the age of the oldest that was read and is not
// published, where that is more. It therefore grows while Kafka takes nothing.
type lag struct {
	newest  atomic.Uint64 // Seconds, as the bits of a float64.
	waiting atomic.Int64  // When the oldest was committed in MySQL, in microseconds since 1970; 0 where none waits.
}

// wait notes a transaction that is about to be published. Only the first counts
// until published or begin is called.
func (l *lag) wait(micros int64) {
	if micros != 0 {
		l.waiting.CompareAndSwap(0, micros)
	}
}

// published notes that all that waited is published.
func (l *lag) published(committed, now time.Time) {
	l.newest.Store(math.Float64bits(now.Sub(committed).Seconds()))
	l.waiting.Store(0)
}

// begin notes that a session begins, which reads what waited again.
func (l *lag) begin() { l.waiting.Store(0) }

// forget makes it 0.
func (l *lag) forget() {
	l.newest.Store(0)
	l.waiting.Store(0)
}

// seconds is the lag at a time.
func (l *lag) seconds(now time.Time) float64 {
	newest := math.Float64frombits(l.newest.Load())
	if micros := l.waiting.Load(); micros != 0 {
		return max(newest, now.Sub(time.UnixMicro(micros)).Seconds())
	}
	return newest
}

func (l *lag) gauge(now func() time.Time) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "telltale", Subsystem: "binlog", Name: "lag_seconds",
		Help: "Seconds between the commit in MySQL and the commit in Kafka of the newest published transaction, or the age of the oldest one that waits for Kafka.",
	}, func() float64 { return l.seconds(now()) })
}

package load

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// Latencies are kept in microseconds up to maxLatency, with so many digits.
	maxLatency = 10 * time.Minute
	digits     = 3
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, maxLatency.Microseconds(), digits)
}

// tally counts what was done. It is safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	outcomes map[Outcome]int
	deeds    map[string]*hdrhistogram.Histogram
	all      *hdrhistogram.Histogram
	// recent is what was done since the last look.
	recent *hdrhistogram.Histogram
	// skipped were due and not begun; during is how long runs took.
	skipped int
	during  time.Duration
}

func newTally() *tally {
	return &tally{
		outcomes: map[Outcome]int{}, deeds: map[string]*hdrhistogram.Histogram{},
		all: newHistogram(), recent: newHistogram(),
	}
}

func (t *tally) note(deed string, o Outcome, latency time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outcomes[o]++
	h := t.deeds[deed]
	if h == nil {
		h = newHistogram()
		t.deeds[deed] = h
	}
	value := min(max(latency.Microseconds(), 1), maxLatency.Microseconds())
	for _, h := range []*hdrhistogram.Histogram{h, t.all, t.recent} {
		_ = h.RecordValue(value) // It fails on values out of range alone.
	}
}

func (t *tally) missed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped++
}

func (t *tally) ran(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.during += d
}

// Latency is a distribution of the time from when deeds were due to when their
// outcome was known.
type Latency struct {
	// Deed is the name, empty for all.
	Deed string
	// Count is how many.
	Count int64
	// The percentiles and the longest.
	P50, P90, P99, P999, Max time.Duration
}

func latencyOf(deed string, h *hdrhistogram.Histogram) Latency {
	at := func(q float64) time.Duration { return time.Duration(h.ValueAtQuantile(q)) * time.Microsecond }
	return Latency{
		Deed: deed, Count: h.TotalCount(), P50: at(50), P90: at(90), P99: at(99), P999: at(99.9),
		Max: time.Duration(h.Max()) * time.Microsecond,
	}
}

// Summary is what a load came to so far, without what was done aside.
type Summary struct {
	// Outcomes count deeds by how they ended.
	Outcomes map[Outcome]int
	// Skipped were due before the end and not begun any more.
	Skipped int
	// During is how long the runs took that have ended.
	During time.Duration
	// All is over all deeds, Deeds by name, in the order of names.
	All   Latency
	Deeds []Latency
}

// Summary is what was done so far.
func (l *Load) Summary() Summary {
	t := l.tally
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Summary{Outcomes: maps.Clone(t.outcomes), Skipped: t.skipped, During: t.during, All: latencyOf("", t.all)}
	for _, name := range slices.Sorted(maps.Keys(t.deeds)) {
		s.Deeds = append(s.Deeds, latencyOf(name, t.deeds[name]))
	}
	return s
}

// recently is what was done since the last call, and how much in all.
func (t *tally) recently() (now Latency, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now = latencyOf("", t.recent)
	t.recent.Reset()
	return now, t.all.TotalCount()
}

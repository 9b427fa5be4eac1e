// Package ops is what an operator sees of a running stage: its metrics, that
// it lives, and whether it can make progress.
package ops

import (
	"maps"
	"sync"
)

// Health collects, per part of a stage, whether that part can make progress.
// A nil *Health accepts Set and has no reasons. It is a prometheus.Collector, of
// telltale_ready and telltale_not_ready. It is safe for concurrent use.
type Health struct {
	mu      sync.RWMutex
	reasons map[string]string
}

// NewHealth returns a Health without reasons, which is ready. A stage that
// must not count as ready before its first progress sets its parts itself.
func NewHealth() *Health {
	return &Health{reasons: make(map[string]string)}
}

// Set records the state of a part: a nil error means that it can make
// progress, any other is the reason why it cannot.
func (h *Health) Set(part string, err error) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		delete(h.reasons, part)
		return
	}
	h.reasons[part] = err.Error()
}

// Reasons returns, per part that cannot make progress, why. It is empty when
// the stage is ready, and a copy that the caller may keep.
func (h *Health) Reasons() map[string]string {
	if h == nil {
		return map[string]string{}
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	return maps.Clone(h.reasons)
}

package demo

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"telltale/internal/demo/feed"
)

// The states of a part.
const (
	starting = "starting"
	running  = "running"
	waiting  = "waiting"
	failed   = "failed"
	stopped  = "stopped"
)

// board shows on the page how the demo's parts do. It is safe for concurrent
// use.
type board struct {
	log *feed.Log

	mu     sync.Mutex
	status feed.Status
}

// set shows a part's state. A part that failed stays so.
func (b *board) set(name, state, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	part := feed.Part{Name: name, State: state, Reason: reason}
	i := slices.IndexFunc(b.status.Parts, func(p feed.Part) bool { return p.Name == name })
	switch {
	case i < 0:
		b.status.Parts = append(b.status.Parts, part)
	case b.status.Parts[i] == part || b.status.Parts[i].State == failed:
		return
	default:
		b.status.Parts[i] = part
	}
	b.show()
}

// end tells the page why there will be no more.
func (b *board) end(reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.Ended = reason
	b.show()
}

// show hands on a copy, since the page may still be reading the one before.
func (b *board) show() {
	s := b.status
	s.Parts = slices.Clone(s.Parts)
	b.log.SetStatus(s)
}

// follow shows a stage as its health says: waiting with the reasons, or running.
func (b *board) follow(name string, reasons map[string]string) {
	if len(reasons) == 0 {
		b.set(name, running, "")
		return
	}
	var lines []string
	for _, part := range slices.Sorted(maps.Keys(reasons)) {
		lines = append(lines, part+": "+reasons[part])
	}
	b.set(name, waiting, strings.Join(lines, "; "))
}

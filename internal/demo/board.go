package demo

import (
	"maps"
	"slices"
	"sync"
	"time"

	"telltale/internal/demo/feed"
)

// The states of a part.
const (
	starting = "starting"
	running  = "running"
	waiting  = "waiting"
	killed   = "killed"
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

// add puts a part at the end of the list.
func (b *board) add(name, kind, state string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.Parts = append(b.status.Parts, feed.Part{Name: name, Kind: kind, State: state, Since: time.Now()})
	b.show()
}

// set shows a part's state.
func (b *board) set(name, state, reason string) {
	b.update(name, func(p *feed.Part) { p.State, p.Reason = state, reason })
}

// update changes what is shown of a part that was added.
func (b *board) update(name string, change func(*feed.Part)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.status.Parts, func(p feed.Part) bool { return p.Name == name })
	part := b.status.Parts[i]
	change(&part)
	if part == b.status.Parts[i] {
		return
	}
	if part.State != b.status.Parts[i].State {
		part.Since = time.Now()
	}
	b.status.Parts[i] = part
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

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

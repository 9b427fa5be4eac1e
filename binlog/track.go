package binlog

import (
	"fmt"
	"sync"
	"time"
)

// stuckAfter is how long Kafka's client, or the store of claim checks, may take over
// what is handed to it at once before the reader counts as stuck.
const stuckAfter = 30 * time.Second

// Who is handed something.
const (
	toKafka  = "Kafka"
	toClaims = "the store of claim checks"
)

// handOver is something that was given to somebody who has not taken it yet.
type handOver struct {
	to    string // Empty where there is no such thing.
	since time.Time
}

// coordinates are a place in a server's binlog. The file is empty where none is
// known.
type coordinates struct {
	file string
	pos  uint64
}

// track is how far reading and publishing have got, for those who watch.
type track struct {
	mu      sync.Mutex
	waiting handOver
	// read is the end of the newest whole transaction, or what stands behind it,
	// committed what is published. open says that there is a difference.
	read, committed coordinates
	open            bool
	beats           uint64 // The server's heartbeats, which it sends where it has nothing else.
}

// beat notes a heartbeat.
func (t *track) beat() {
	t.mu.Lock()
	t.beats++
	t.mu.Unlock()
}

// heard is up to where all was read, and how many heartbeats have come.
func (t *track) heard() (coordinates, uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.read, t.beats
}

// reach notes that all up to a place was read.
func (t *track) reach(file string, pos uint64) {
	t.mu.Lock()
	t.read = coordinates{file, pos}
	t.mu.Unlock()
}

// begin notes that there is something to publish.
func (t *track) begin() {
	t.mu.Lock()
	t.open = true
	t.mu.Unlock()
}

// commit notes that all up to a position is published.
func (t *track) commit(p Position) {
	t.mu.Lock()
	t.committed, t.open = coordinates{p.File, uint64(p.Pos)}, false
	t.mu.Unlock()
}

// published is up to where nothing is left to publish. Before the first commit of
// a session that is not known, and taken for what was read.
func (t *track) published() coordinates {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open && t.committed.file != "" {
		return t.committed
	}
	return t.read
}

// handOver notes that somebody is given something, perhaps in the middle of giving
// something to another; what it returns is to be called when that is taken.
func (t *track) handOver(now func() time.Time, to string) (taken func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.waiting
	t.waiting = handOver{to, now()}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.waiting = before; before.to != "" {
			t.waiting.since = now()
		}
	}
}

// waits reports whether something is not taken yet.
func (t *track) waits() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting.to != ""
}

// stuck is an error while a hand-over takes too long.
func (t *track) stuck(now time.Time) error {
	t.mu.Lock()
	w := t.waiting
	t.mu.Unlock()
	if w.to == "" {
		return nil
	}
	if took := now.Sub(w.since); took > stuckAfter {
		return fmt.Errorf("changes wait, and %s has taken none for %v", w.to, took.Truncate(time.Second))
	}
	return nil
}

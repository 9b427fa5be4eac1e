package binlog

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// stuckAfter is how long Kafka's client may take over what is handed to it at once
// before the reader counts as stuck.
const stuckAfter = 30 * time.Second

// coordinates are a place in a server's binlog. The file is empty where none is
// known.
type coordinates struct {
	file string
	pos  uint64
}

// track is how far reading and publishing have got, for those who watch.
type track struct {
	// since is when Kafka's client was given something that it has not taken yet,
	// in nanoseconds since 1970; 0 where there is no such thing.
	since atomic.Int64

	mu sync.Mutex
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

// handOver notes that Kafka's client is given something; what it returns is to be
// called when that is taken.
func (t *track) handOver(now time.Time) (taken func()) {
	t.since.Store(now.UnixNano())
	return func() { t.since.Store(0) }
}

// stuck is an error while a hand-over takes too long.
func (t *track) stuck(now time.Time) error {
	since := t.since.Load()
	if since == 0 {
		return nil
	}
	if took := now.Sub(time.Unix(0, since)); took > stuckAfter {
		return fmt.Errorf("changes wait, and Kafka has taken none for %v", took.Truncate(time.Second))
	}
	return nil
}

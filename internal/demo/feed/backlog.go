package feed

import (
	"slices"
	"sort"
	"sync"
	"time"
)

// keptMarks bounds what a Backlog keeps of a partition.
const keptMarks = 50_000

// Backlog knows which records stand in some topics, and so how many of them a
// reader has yet to read. Offsets alone do not tell: the ends of transactions
// take some too. It is safe for concurrent use.
type Backlog struct {
	mu     sync.Mutex
	places map[Place][]mark // In the order of their offsets.
}

// mark is a record: where it stands and since when what it tells is true.
type mark struct {
	offset int64
	at     time.Time
}

// Add notes a record. Those of a partition come in their order.
func (b *Backlog) Add(p Place, offset int64, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.places == nil {
		b.places = map[Place][]mark{}
	}
	marks := append(b.places[p], mark{offset, at})
	if len(marks) > 2*keptMarks {
		marks = slices.Clone(marks[len(marks)-keptMarks:])
	}
	b.places[p] = marks
}

// Behind counts the records that a reader at the given offsets has not read, and
// says since when the oldest of them has been true; zero where there is none.
// A reader that is not in a partition yet has read nothing there. Where the
// reader is behind everything that is kept, what it has to read before counts by
// its offsets.
func (b *Backlog) Behind(next Offsets) (n int64, oldest time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for p, marks := range b.places {
		at := next[p]
		read := sort.Search(len(marks), func(i int) bool { return marks[i].offset >= at })
		if read == len(marks) {
			continue
		}
		if read == 0 {
			n += marks[0].offset - at
		}
		n += int64(len(marks) - read)
		if first := marks[read].at; oldest.IsZero() || first.Before(oldest) {
			oldest = first
		}
	}
	return n, oldest
}

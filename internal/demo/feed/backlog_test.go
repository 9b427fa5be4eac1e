package feed_test

import (
	"testing"
	"time"

	"telltale/internal/demo/feed"
)

func TestBacklogCountsRecordsNotOffsets(t *testing.T) {
	t.Parallel()
	a, b := feed.Place{Topic: "a"}, feed.Place{Topic: "a", Partition: 1}
	var log feed.Backlog
	at := func(n int) time.Time { return started.Add(time.Duration(n) * time.Second) }
	// The ends of transactions take offsets 12 and 15 of a; those before 10 are
	// older than what is kept.
	for i, offset := range []int64{10, 11, 13, 14} {
		log.Add(a, offset, at(i))
	}
	log.Add(b, 0, at(9))
	tests := []struct {
		name   string
		next   feed.Offsets
		n      int64
		oldest time.Time
	}{
		{"all read", feed.Offsets{a: 16, b: 2}, 0, time.Time{}},
		{"but for the end of a transaction", feed.Offsets{a: 15, b: 1}, 0, time.Time{}},
		{"one partition", feed.Offsets{a: 12, b: 1}, 2, at(2)},
		{"both", feed.Offsets{a: 14, b: 0}, 2, at(3)},
		{"a partition that was never read", feed.Offsets{a: 16}, 1, at(9)},
		{"behind what is kept", feed.Offsets{a: 7, b: 1}, 7, at(0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, oldest := log.Behind(tt.next)
			if n != tt.n || !oldest.Equal(tt.oldest) {
				t.Errorf("got %d, the oldest of %s; want %d, of %s", n, oldest, tt.n, tt.oldest)
			}
		})
	}
}

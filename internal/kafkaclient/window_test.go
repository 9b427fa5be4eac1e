package kafkaclient

import (
	"testing"

	"pgregory.net/rapid"
)

// What the client holds never exceeds the limit by more than the coarseness of
// the marks, and a record of any size gets through in the end.
func TestWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const limit = 3200
		w := window{limit: limit}
		var held []int
		for range rapid.IntRange(1, 300).Draw(t, "records") {
			size := rapid.OneOf(rapid.IntRange(1, 50), rapid.IntRange(1, 2*limit)).Draw(t, "size")
			for !w.fits(size) {
				if len(held) == 0 {
					t.Fatalf("%d bytes do not fit although nothing is held", size)
				}
				held = held[1:]
				w.settle(len(held))
			}
			total := size
			for _, h := range held {
				total += h
			}
			if total > limit && len(held) > 0 {
				t.Fatalf("%d bytes are held in %d records, want %d at most", total, len(held)+1, limit)
			}
			held = append(held, size)
			w.add(size)
			if rapid.Bool().Draw(t, "answered") {
				held = held[rapid.IntRange(0, len(held)).Draw(t, "answers"):]
				w.settle(len(held))
			}
		}
	})
}

func TestWindowOfManyRecords(t *testing.T) {
	t.Parallel()
	w := window{limit: 1 << 20}
	for range 1_000_000 {
		for !w.fits(100) {
			w.settle(1)
		}
		w.add(100)
	}
	if n := cap(w.marks); n > 128 {
		t.Errorf("%d marks are kept, want few", n)
	}
}

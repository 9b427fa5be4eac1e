package kafkaclient

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What the client holds never exceeds the limit, in whichever order it gets rid of
// it, and a record of any size gets through in the end.
func TestWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const limit = 3200
		w := window{limit: limit}
		var held []int
		answer := func(n int) {
			for range n {
				i := 0 // In order, as one broker mostly does, or not.
				if rapid.Bool().Draw(t, "another first") {
					i = rapid.IntRange(0, len(held)-1).Draw(t, "record")
				}
				held = slices.Delete(held, i, i+1)
			}
			w.settle(len(held))
		}
		for range rapid.IntRange(1, 300).Draw(t, "records") {
			size := rapid.OneOf(rapid.IntRange(1, 50), rapid.IntRange(1, 2*limit)).Draw(t, "size")
			for !w.fits(size) {
				if len(held) == 0 {
					t.Fatalf("%d bytes do not fit although nothing is held", size)
				}
				answer(1)
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
				answer(rapid.IntRange(0, len(held)).Draw(t, "answers"))
			}
		}
	})
}

// Records of like size fill the window although nothing is known of the order in
// which they are answered: a drain does not wait for it to be empty.
func TestWindowStaysFull(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	w := window{limit: limit}
	size := func(i int) int { return 400 + i%40 }
	held, bytes := 0, 0
	for i := range 1_000_000 {
		for !w.fits(size(i)) {
			if bytes < limit*9/10 {
				t.Fatalf("record %d has to wait although %d of %d bytes are held", i, bytes, limit)
			}
			bytes -= size(i - held)
			held--
			w.settle(held)
		}
		w.add(size(i))
		held, bytes = held+1, bytes+size(i)
	}
}

package kafkaclient

import "math/bits"

// window bounds the bytes that a producer's client holds. The client's own bound
// is one that a larger record never gets past, and it tells no more than how many
// records it holds. Which ones depends on the brokers: where one hangs, they are
// old ones. So they count as the largest of those that came since it held none,
// as after a commit. The bound is close where records are of like size, and where
// they are not it lets fewer wait.
type window struct {
	limit int
	// held is how many bytes the client holds at most, and sizes has what was added
	// since it held none, by size.
	held  int
	sizes [sizeClasses]sizeClass
}

// sizeClass counts records of like size.
type sizeClass struct{ records, bytes, largest int }

const (
	// classBits is how many bits of a size, behind its first, tell its class: sizes
	// of one class differ by a quarter at most.
	classBits   = 2
	sizeClasses = (bits.UintSize + 1) << classBits
)

// classOf is the class of a size. A larger size has the same one or a higher one.
func classOf(n int) int {
	width := bits.Len(uint(n))
	next := n >> max(width-1-classBits, 0) & (1<<classBits - 1)
	return width<<classBits + next
}

// fits reports whether n more bytes may be handed over. A record beyond the limit
// may when nothing else is held.
func (w *window) fits(n int) bool { return w.held+n <= w.limit || w.held == 0 }

// add notes a record that was handed over.
func (w *window) add(n int) {
	c := &w.sizes[classOf(n)]
	c.records++
	c.bytes += n
	c.largest = max(c.largest, n)
	w.held += n
}

// settle notes that the client holds that many records.
func (w *window) settle(held int) {
	if held <= 0 {
		w.held, w.sizes = 0, [sizeClasses]sizeClass{}
		return
	}
	w.held = min(w.held, w.largest(held))
}

// largest is how many bytes n of the records have at most.
func (w *window) largest(n int) (total int) {
	for class := len(w.sizes) - 1; class >= 0; class-- {
		c := w.sizes[class]
		if c.records >= n {
			return total + min(c.bytes, n*c.largest)
		}
		total, n = total+c.bytes, n-c.records
	}
	return total
}

package kafkaclient

// window bounds the bytes that a producer's client holds. The client's own bound
// is one that a larger record never gets past, and it tells no more than how many
// records it holds: those that were handed over last, since it sends in order to
// each partition.
type window struct {
	limit int
	// added is what was handed over, settled what of it has been answered.
	added, settled load
	// marks are what had been added at some moments since, the oldest first.
	marks []load
}

// load counts records and their bytes.
type load struct{ records, bytes int }

// fits reports whether n more bytes may be handed over. A record beyond the limit
// may when nothing else is held.
func (w *window) fits(n int) bool {
	held := w.added.bytes - w.settled.bytes
	return held+n <= w.limit || held == 0
}

// add notes a record that was handed over.
func (w *window) add(n int) {
	w.added.records++
	w.added.bytes += n
	newest := w.settled
	if len(w.marks) > 0 {
		newest = w.marks[len(w.marks)-1]
	}
	if w.added.bytes-newest.bytes >= w.limit/32 {
		w.marks = append(w.marks, w.added)
	}
}

// settle notes that the client holds that many records.
func (w *window) settle(held int) {
	if held <= 0 {
		w.settled, w.marks = w.added, w.marks[:0]
		return
	}
	n := 0
	for n < len(w.marks) && w.marks[n].records <= w.added.records-held {
		w.settled = w.marks[n]
		n++
	}
	w.marks = append(w.marks[:0], w.marks[n:]...)
}

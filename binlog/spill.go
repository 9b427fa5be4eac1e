package binlog

import (
	"errors"
	"fmt"
	"os"
	"slices"
)

// spillFrom is from which size on a record that is carried from batch to batch
// waits in a file: inside one huge transaction there is one in each partition that
// it touched.
const spillFrom = 64 << 10

// spill is a file of records that wait for whether they are the last ones of one
// transaction. It has no name and is gone with the process: a cache, not state.
type spill struct {
	file   *os.File
	size   int64
	closed bool
}

func (s *spill) close() {
	if !s.closed {
		_ = s.file.Close() // It has no name: there is nothing that could be lost.
		s.closed = true
	}
}

func newSpill() (*spill, error) {
	file, err := os.CreateTemp("", "telltale-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for large records: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, fmt.Errorf("make a file for large records: %w", errors.Join(err, file.Close()))
	}
	return &spill{file: file}, nil
}

// put writes a record's bytes and returns where they are.
func (s *spill) put(record []byte) (*spilled, error) {
	at := s.size
	if _, err := s.file.WriteAt(record, at); err != nil {
		return nil, fmt.Errorf("write a record of %d bytes to a file: %w", len(record), err)
	}
	s.size += int64(len(record))
	return &spilled{file: s.file, at: at, size: len(record)}, nil
}

// spilled is a record whose bytes are in a file; its spans count from their
// beginning.
type spilled struct {
	file *os.File
	at   int64
	size int
	// isLast says that the record is its transaction's last in its partition: what
	// is in the file says that it is not.
	isLast bool
}

// load reads the record into buf, with its mark of the last one at the offset.
func (s *spilled) load(buf []byte, last int) ([]byte, error) {
	buf = slices.Grow(buf[:0], s.size)[:s.size]
	if _, err := s.file.ReadAt(buf, s.at); err != nil {
		return buf, fmt.Errorf("read a record of %d bytes back from a file: %w", s.size, err)
	}
	if s.isLast {
		copy(buf[last:], "true ")
	}
	return buf, nil
}

// carry takes the newest record of each partition that the open transaction
// touched over to the next batch; whether it is the last there is not known.
func (s *stream) carry(from *batch) error {
	defer func() { s.cur.carried = len(s.cur.buf) }()
	for _, p := range s.tx.touched {
		i := p.topic.last[p.partition]
		if r := &from.records[i]; r.away == nil && r.size() >= s.options.spillFrom {
			if err := s.spillRecord(r, from.buf); err != nil {
				return err
			}
		}
		p.topic.last[p.partition] = s.cur.move(from, i)
	}
	return nil
}

// spillRecord puts a record's bytes, which stand together, into the transaction's
// file.
func (s *stream) spillRecord(r *record, buf []byte) error {
	if s.spill == nil {
		one, err := newSpill()
		if err != nil {
			return &outsideError{err}
		}
		s.spill = one
		s.spills = append(slices.DeleteFunc(s.spills, func(old *spill) bool { return old.closed }), one)
	}
	start := r.value.start
	away, err := s.spill.put(buf[start : start+r.size()])
	if err != nil {
		return &outsideError{err}
	}
	r.away = away
	for _, one := range []*span{&r.value, &r.key, &r.header} {
		one.start, one.end = one.start-start, one.end-start
	}
	r.last -= start
	return nil
}

// endSpill leaves the transaction's file to the batch that ends it, which closes
// it when its records are handed over: those of the batches before it are then,
// too.
func (s *stream) endSpill() {
	if s.spill != nil {
		s.cur.spills = append(s.cur.spills, s.spill)
		s.spill = nil
	}
}

// close closes the files that are still open.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.spills {
		one.close()
	}
}

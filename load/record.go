package load

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// format is the version of the record's format.
const format = 1

// Header is the first line of a record.
type Header struct {
	// Record is the version of the format.
	Record int `json:"record"`
	// Run is in all values that must be there once, and differs from run to run.
	Run string `json:"run"`
	// Seed, Target and Mix are what was asked for.
	Seed   uint64 `json:"seed"`
	Target string `json:"target"`
	Mix    string `json:"mix"`
	// Begun is when.
	Begun time.Time `json:"begun"`
}

// Change is what one transaction did to one row. Changes can be compared.
type Change struct {
	Table string `json:"table"`
	// Op is c, u or d; r where the row was only read.
	Op string `json:"op"`
	// Key are the columns of the primary key, Before and After those that the load
	// knows.
	Key    Row `json:"key"`
	Before Row `json:"before"`
	After  Row `json:"after"`
	// Actor and Request are what the statement's comment says; empty where it was
	// typed by hand.
	Actor   string `json:"actor,omitempty"`
	Request string `json:"request_id,omitempty"`
}

// NewChange is what was done to a row of a table, by hand: nil stands for no row.
// The key is none where the rows lack a column of it.
func NewChange(table string, before, after any) (Change, error) {
	c := Change{Table: table, Op: "u"}
	var err error
	if c.Before, err = rowOrNone(before); err != nil {
		return c, err
	}
	if c.After, err = rowOrNone(after); err != nil {
		return c, err
	}
	switch {
	case before == nil:
		c.Op = "c"
	case after == nil:
		c.Op = "d"
	}
	key := []string{"id"} // Of a table that a load makes itself.
	if t, err := TableOf(table); err == nil {
		key = t.Key
	}
	c.Key, err = max(c.After, c.Before).key(key)
	return c, err
}

// NewReading is a row of a table that was read, with the outcome Read, where it is known
// that a transaction has changed it, and not to what.
func NewReading(table string, row any) (Change, error) {
	c, err := NewChange(table, nil, row)
	c.Op = "r"
	return c, err
}

func rowOrNone(v any) (Row, error) {
	if v == nil {
		return "", nil
	}
	return NewRow(v)
}

// Entry is any other line: a transaction and how it ended.
type Entry struct {
	// N and Worker are the step's.
	N      int64  `json:"n"`
	Worker int    `json:"worker"`
	Deed   string `json:"deed"`
	// At is when the outcome was known, by the client's clock.
	At      time.Time `json:"at"`
	Outcome Outcome   `json:"outcome"`
	// Changes are in the order of the statements; none where it vanished.
	Changes []Change `json:"changes,omitempty"`
}

// Recorder writes a record. It is safe for concurrent use.
type Recorder struct {
	mu sync.Mutex
	to io.Writer
}

// NewRecorder begins a record with its header. Each line is one Write.
func NewRecorder(to io.Writer, h Header) (*Recorder, error) {
	h.Record = format
	r := &Recorder{to: to}
	return r, r.line(h)
}

// Note writes how a step ended, with what it changed.
func (r *Recorder) Note(s Step, o Outcome, changes []Change) error {
	return r.line(Entry{N: s.N, Worker: s.Worker, Deed: s.Deed, At: time.Now().UTC(), Outcome: o, Changes: changes})
}

func (r *Recorder) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode a line of the record: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.to.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write the record: %w", err)
	}
	return nil
}

// RecordReader reads a record, which may still be written.
type RecordReader struct {
	from   *bufio.Reader
	header Header
	begun  bool   // A line of the header was read.
	part   []byte // Of a line whose end is not written yet.
}

// NewRecordReader reads from the beginning of a record.
func NewRecordReader(from io.Reader) *RecordReader { return &RecordReader{from: bufio.NewReader(from)} }

// Header is the first line's, once Next was called.
func (r *RecordReader) Header() Header { return r.header }

// Next is the next transaction, or io.EOF at the end of what is written so far;
// to call it again later reads on.
func (r *RecordReader) Next() (Entry, error) {
	var e Entry
	if !r.begun {
		if err := r.read(&r.header); err != nil {
			return e, err
		}
		if r.header.Record != format {
			return e, fmt.Errorf("read the record: its format is %d, want %d", r.header.Record, format)
		}
		r.begun = true
	}
	return e, r.read(&e)
}

func (r *RecordReader) read(into any) error {
	text, err := r.from.ReadBytes('\n')
	r.part = append(r.part, text...)
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil {
		return fmt.Errorf("read the record: %w", err)
	}
	line := r.part
	r.part = nil
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("read the record's line %q: %w", line, err)
	}
	return nil
}

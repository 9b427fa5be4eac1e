package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/schemas/change"
)

var errEvent = errors.New("the event ends too early")

// rowsEndStatement is the flag of a statement's last rows event.
const rowsEndStatement = 1

// rowsEvent is a rows event: its kind, as it is once what MariaDB compressed is
// unpacked, and what stands in it.
type rowsEvent struct {
	kind    replication.EventType
	op      change.Op
	columns int
	// head are the number of columns and the bitmaps of those present in the image,
	// two for an update; present are the bitmaps alone.
	head, present []byte
	rows          []byte
}

// parseRows takes a rows event apart: table id, flags, in version 2 extra data,
// the number of columns, the bitmaps, and the rows
// (libs/mysql/binlog/event/rows_event.h, class Rows_event). The first eight bytes
// must be there.
func parseRows(kind replication.EventType, data []byte) (rowsEvent, error) {
	e := rowsEvent{kind: kind}
	var v2 bool
	e.op, v2 = rowsOp(kind)
	rest := data[8:]
	if v2 {
		if len(rest) < 2 || len(rest) < int(binary.LittleEndian.Uint16(rest)) {
			return e, errEvent
		}
		rest = rest[max(2, binary.LittleEndian.Uint16(rest)):]
	}
	columns, n := lengthEncoded(rest)
	if n == 0 || columns > uint64(len(rest)*8) {
		return e, errEvent
	}
	e.columns = int(columns)
	width := bitmapLen(e.columns)
	if e.op == change.Update {
		width *= 2
	}
	if len(rest) < n+width {
		return e, errEvent
	}
	e.head, e.present, e.rows = rest[:n+width], rest[n:n+width], rest[n+width:]
	return e, nil
}

// rows takes a rows event. One of a table that is not captured counts for the
// fingerprint alone, and one whose outcome is open is held.
func (s *stream) rows(h *replication.EventHeader, raw, data []byte) error {
	if !s.tx.open {
		return fmt.Errorf("event %s outside of a transaction", h.EventType)
	}
	if len(data) < 8 {
		return errEvent
	}
	t := s.tables[tableID(data)]
	if t == nil {
		return fmt.Errorf("event %s of table id %d, which no table map named", h.EventType, tableID(data))
	}
	s.ended = data[6]&rowsEndStatement != 0
	s.partial = h.EventType == replication.PARTIAL_UPDATE_ROWS_EVENT
	e, err := parseRows(h.EventType, data)
	if err != nil {
		return err
	}
	if plain, ok := compressedRows[e.kind]; ok {
		if e.rows, err = s.inflater.inflate(e.rows); err != nil {
			return fmt.Errorf("decompress %s of table %s: %w", e.kind, t.name, err)
		}
		e.kind = plain
	}
	if s.tx.xa != xaReleasing { // The fingerprint is of what the transaction itself holds.
		s.tx.sum.rows(t.name, e.kind, e.head, e.rows)
	}
	if t.held {
		s.hold(h, raw, data)
		return nil
	}
	if !t.captured {
		s.passed = true
		return nil
	}
	return s.publishRows(h, t, e)
}

// publishRows makes records of the rows of a captured table.
func (s *stream) publishRows(h *replication.EventHeader, t *table, e rowsEvent) error {
	if e.columns != len(t.plan.columns) {
		return fmt.Errorf("event %s of table %s has %d columns, its table map %d", h.EventType, t.name, e.columns, len(t.plan.columns))
	}
	if err := t.frame.accept(e.present, e.columns); err != nil {
		return fmt.Errorf("event %s of table %s: %w", h.EventType, t.name, err)
	}
	if emptyImage(e.present, bitmapLen(e.columns)) {
		return fmt.Errorf("event %s of table %s: %w", h.EventType, t.name, errNoColumns)
	}
	s.startTable(t)
	pos := uint64(h.LogPos) - uint64(h.EventSize)
	records, rows := len(s.cur.records), s.cur.rows
	if len(e.rows) > reserveFrom { // Base64 and quotes make values longer.
		s.cur.buf = slices.Grow(s.cur.buf, len(e.rows)+len(e.rows)/2)
	}
	for row, rest := 0, e.rows; len(rest) > 0; row++ {
		took, err := s.row(t, e.op, e.present, rest, pos, row)
		if err != nil {
			return fmt.Errorf("table %s, row %d of the event, op %s: %w", t.name, row, e.op, err)
		}
		if took == 0 {
			return fmt.Errorf("table %s, row %d of the event, op %s: the row is empty", t.name, row, e.op)
		}
		rest = rest[took:]
	}
	s.intake.rows += s.cur.rows - rows
	if s.options.tracer != nil {
		s.trace(t.topic, len(s.cur.records)-records)
	}
	return nil
}

// emptyImage reports whether an event's images hold no column: each of their rows
// is nothing then, or a byte, and MySQL's event has no bytes of rows at all.
func emptyImage(present []byte, width int) bool {
	for ; len(present) > 0; present = present[width:] {
		if bytes.Count(present[:width], []byte{0}) == width {
			return true
		}
	}
	return false
}

func rowsOp(t replication.EventType) (op change.Op, v2 bool) {
	switch t {
	case replication.WRITE_ROWS_EVENTv1, replication.MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1:
		return change.Create, false
	case replication.UPDATE_ROWS_EVENTv1, replication.MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1:
		return change.Update, false
	case replication.DELETE_ROWS_EVENTv1, replication.MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1:
		return change.Delete, false
	case replication.WRITE_ROWS_EVENTv2:
		return change.Create, true
	case replication.UPDATE_ROWS_EVENTv2, replication.PARTIAL_UPDATE_ROWS_EVENT:
		return change.Update, true
	}
	return change.Delete, true
}

// lengthEncoded reads MySQL's length-encoded integer; n is 0 where it is cut
// off.
func lengthEncoded(data []byte) (v uint64, n int) {
	if len(data) == 0 {
		return 0, 0
	}
	var width int
	switch data[0] {
	case 0xfc:
		width = 2
	case 0xfd:
		width = 3
	case 0xfe:
		width = 8
	default:
		return uint64(data[0]), 1
	}
	v, err := little(data[1:], width)
	if err != nil {
		return 0, 0
	}
	return v, 1 + width
}

// row appends the records of one row and returns how many bytes it took.
func (s *stream) row(t *table, op change.Op, present, data []byte, pos uint64, row int) (int, error) {
	p, b := t.plan, s.cur
	s.before.key = slices.Grow(s.before.key[:0], len(p.key))[:len(p.key)]
	s.after.key = slices.Grow(s.after.key[:0], len(p.key))[:len(p.key)]
	clear(s.before.key)
	clear(s.after.key)
	start := len(b.buf)
	var took, n int
	var err error
	b.buf = append(t.frame.value.open(b.buf), `{"before":`...)
	if op == change.Create {
		b.buf = append(b.buf, `null,"after":`...)
		b.buf, took, err = p.appendImage(b.buf, data, present, &s.after)
	} else {
		half := len(present)
		if op == change.Update {
			half /= 2
		}
		b.buf, took, err = p.appendImage(b.buf, data, present[:half], &s.before)
		b.buf = append(b.buf, `,"after":`...)
		switch {
		case err != nil:
		case op == change.Delete:
			b.buf = append(b.buf, "null"...)
		default:
			after := p
			if s.partial {
				after, n, err = p.withDiffs(data[:took], present[:half], data[took:])
				took += n
			}
			if err == nil {
				b.buf, n, err = after.appendImage(b.buf, data[took:], present[half:], &s.after)
				took += n
			}
		}
	}
	if err != nil {
		b.buf = b.buf[:start]
		return 0, err
	}
	b.rows++
	index := t.count.n
	t.count.n++
	e := envelope{table: t, op: op, pos: pos, row: row, index: index}
	return took, s.appendRecords(e, start)
}

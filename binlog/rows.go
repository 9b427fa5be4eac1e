package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

var errEvent = errors.New("the event ends too early")

// tableMap learns what a table id stands for. Maps are cached by their bytes
// behind the id, so that a statement on a known table costs a look-up.
func (s *stream) tableMap(h *replication.EventHeader, raw, data []byte) error {
	if len(data) < 8 {
		return errEvent
	}
	if s.ended { // Table ids are good for one statement.
		clear(s.tables)
		s.ended = false
	}
	id, rest := tableID(data), data[6:]
	if s.tx.xa == xaHolding {
		t, err := s.heldTable(data)
		if err != nil {
			return err
		}
		if s.passed = !t.held; t.held {
			s.hold(h, raw, data)
		}
		s.tables[id] = t
		return nil
	}
	t := s.tableOf(rest)
	if t == nil {
		var err error
		if t, err = s.newTable(raw[:replication.EventHeaderSize+len(data)]); err != nil {
			return err
		}
		s.remember(rest, t)
	}
	s.passed = !t.captured
	if t.captured {
		if err := s.roots.accept(t.plan); err != nil {
			return err
		}
	}
	s.tables[id] = t
	return nil
}

func tableID(data []byte) uint64 {
	return uint64(binary.LittleEndian.Uint32(data)) | uint64(binary.LittleEndian.Uint16(data[4:]))<<32
}

func (s *stream) newTable(raw []byte) (*table, error) {
	tm, compressed, err := parseTableMap(s.options.flavor, s.fde, raw)
	if err != nil {
		return nil, err
	}
	db, name := string(tm.Schema), string(tm.Table)
	t := &table{name: db + "." + name, captured: s.options.filter.captures(db, name)}
	t.count = s.counterOf(t.name)
	if !t.captured {
		return t, nil
	}
	d, err := defOfTableMap(tm, compressed)
	if err != nil {
		return nil, err
	}
	if s.options.complete != nil {
		if err := s.options.complete(&d); err != nil {
			return nil, &outsideError{fmt.Errorf("look up table %s: %w", t.name, err)}
		}
	}
	return t, s.define(t, d)
}

// define makes a captured table known by its definition.
func (s *stream) define(t *table, d tableDef) (err error) {
	if s.options.truncates != nil {
		s.options.truncates[t.name] = d
	}
	if t.plan, err = newPlan(d, s.options.colls, s.options.encoding, s.options.filter); err != nil {
		return err
	}
	if err := s.names.take(s.options.source, t.plan); err != nil {
		return err
	}
	t.frame = s.frames(d, t.plan)
	var states []*stateRecord
	if t.topic, states, err = s.options.open(t.plan); err != nil {
		return &outsideError{fmt.Errorf("open the topic of table %s: %w", t.name, err)}
	}
	for _, r := range states {
		s.appendState(r)
	}
	id, err := appendString(nil, []byte(":"+t.name+":"))
	if err != nil {
		return fmt.Errorf("table %q: its name: %w", t.name, err)
	}
	t.id = id[1 : len(id)-1]
	return nil
}

func (s *stream) appendState(r *stateRecord) {
	b := s.cur
	put := func(p []byte) span {
		start := len(b.buf)
		b.buf = append(b.buf, p...)
		return span{start, len(b.buf)}
	}
	b.records = append(b.records, record{place: place{topic: r.topic}, key: put(r.key), value: put(r.value)})
}

// rowsEndStatement is the flag of a statement's last rows event.
const rowsEndStatement = 1

// rows decodes a rows event: table id, flags, in version 2 extra data, the
// number of columns, the bitmap of those present in the image (two for an
// update), and the rows, which MariaDB may have compressed
// (libs/mysql/binlog/event/rows_event.h, class Rows_event).
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
	op, v2 := rowsOp(h.EventType)
	s.partial = h.EventType == replication.PARTIAL_UPDATE_ROWS_EVENT
	rest := data[8:]
	if v2 {
		if len(rest) < 2 || len(rest) < int(binary.LittleEndian.Uint16(rest)) {
			return errEvent
		}
		rest = rest[max(2, binary.LittleEndian.Uint16(rest)):]
	}
	columns, n := lengthEncoded(rest)
	if n == 0 || columns > uint64(len(rest)*8) {
		return errEvent
	}
	width := bitmapLen(int(columns))
	if op == change.Update {
		width *= 2
	}
	if len(rest) < n+width {
		return errEvent
	}
	head, rest := rest[:n+width], rest[n+width:]
	kind := h.EventType
	if plain, ok := compressedRows[kind]; ok {
		var err error
		if rest, err = s.inflater.inflate(rest); err != nil {
			return fmt.Errorf("decompress %s of table %s: %w", kind, t.name, err)
		}
		kind = plain
	}
	if s.tx.xa != xaReleasing { // The fingerprint is of what the transaction itself holds.
		s.tx.sum.rows(t.name, kind, head, rest)
	}
	if t.held {
		s.hold(h, raw, data)
		return nil
	}
	if !t.captured {
		s.passed = true
		return nil
	}
	if columns != uint64(len(t.plan.columns)) {
		return fmt.Errorf("event %s of table %s has %d columns, its table map %d", h.EventType, t.name, columns, len(t.plan.columns))
	}
	present := head[n:]
	if err := t.frame.accept(present, len(t.plan.columns)); err != nil {
		return fmt.Errorf("event %s of table %s: %w", h.EventType, t.name, err)
	}
	if emptyImage(present, bitmapLen(int(columns))) {
		return fmt.Errorf("event %s of table %s: %w", h.EventType, t.name, errNoColumns)
	}
	s.startTable(t)
	pos := uint64(h.LogPos) - uint64(h.EventSize)
	records, rows := len(s.cur.records), s.cur.rows
	if len(rest) > reserveFrom { // Base64 and quotes make values longer.
		s.cur.buf = slices.Grow(s.cur.buf, len(rest)+len(rest)/2)
	}
	for row := 0; len(rest) > 0; row++ {
		took, err := s.row(t, op, present, rest, pos, row)
		if err != nil {
			return fmt.Errorf("table %s, row %d of the event, op %s: %w", t.name, row, op, err)
		}
		if took == 0 {
			return fmt.Errorf("table %s, row %d of the event, op %s: the row is empty", t.name, row, op)
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

// appendRecords finishes the envelope that begins at start and appends its
// record, or the three records of a row whose key changed.
func (s *stream) appendRecords(e envelope, start int) error {
	p, b := e.table.plan, s.cur
	img, other := &s.after, &s.before
	if e.op == change.Delete {
		img, other = &s.before, nil
	}
	images := len(b.buf)
	var err error
	if b.buf, err = p.appendKey(b.buf, img, other); err != nil {
		return err
	}
	if e.op == change.Update {
		key := len(b.buf)
		if b.buf, err = p.appendKey(b.buf, other, nil); err != nil {
			return err
		}
		if string(b.buf[images:key]) != string(b.buf[key:]) {
			return s.keyChange(e, start, images, key)
		}
		b.buf = b.buf[:key]
	}
	// The key stands between the images and the envelope's rest: move it behind.
	s.held = append(s.held[:0], b.buf[images:]...)
	b.buf = s.appendEnvelope(b.buf[:images], e)
	s.appendRecord(e, start, s.held, nil, "")
	return nil
}

// partition is where a record with that key goes, by the bytes that Kafka has for
// the key. With a schema beside it these differ between the tables of an
// aggregate, whose keys must meet: they go by the key alone.
func (t *table) partition(key, framed []byte) int32 {
	if t.plan.route == nil {
		key = framed
	}
	return kafkaclient.Partition(key, t.topic.partitions)
}

// keyChange replaces an update by the delete of the old key, its tombstone
// unless the table is routed, and the create of the new one, each pointing at
// the other by a header, as Debezium does. In buf stand the two images and, from
// images on, the new key and, from key on, the old one.
func (s *stream) keyChange(e envelope, start, images, key int) error {
	b := s.cur
	newKey, oldKey := slices.Clone(b.buf[images:key]), slices.Clone(b.buf[key:])
	after := slices.Clone(b.buf[s.after.start:s.after.end])

	del := e
	del.op, del.half = change.Delete, '-'
	b.buf = append(b.buf[:s.before.end], `,"after":null`...)
	b.buf = s.appendEnvelope(b.buf, del)
	s.appendRecord(del, start, oldKey, newKey, change.HeaderNewKey)

	create := e
	create.op, create.half = change.Create, '+'
	start = len(b.buf)
	b.buf = append(append(e.table.frame.value.open(b.buf), `{"before":null,"after":`...), after...)
	b.buf = s.appendEnvelope(b.buf, create)
	s.appendRecord(create, start, newKey, oldKey, change.HeaderOldKey)
	return nil
}

// appendRecord appends the record whose value stands from start to the end of
// the buffer, and after a delete the tombstone. A row of an aggregate leaves
// none: its key lives on in other rows.
func (s *stream) appendRecord(e envelope, start int, key, header []byte, headerKey string) {
	b, t := s.cur, e.table.topic
	r := record{value: span{start, len(b.buf)}, last: s.lastMark, headerKey: headerKey}
	if frame := e.table.frame.key; len(key) > 0 {
		b.buf = frame.close(append(frame.open(b.buf), key...))
	}
	r.key = span{r.value.end, len(b.buf)}
	r.place = place{topic: t, partition: e.table.partition(key, r.key.in(b.buf))}
	b.buf = append(b.buf, header...)
	r.header = span{r.key.end, len(b.buf)}
	if t.last[r.partition] == noRecord {
		s.tx.touched = append(s.tx.touched, r.place)
	}
	t.last[r.partition] = int32(len(b.records))
	b.records = append(b.records, r)
	if e.op == change.Delete && e.table.plan.route == nil && !s.options.noTombstones {
		b.records = append(b.records, record{place: r.place, key: r.key, header: r.header, headerKey: headerKey, tombstone: true})
	}
}

package binlog

import (
	"encoding/binary"
	"fmt"

	"github.com/go-mysql-org/go-mysql/replication"
)

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

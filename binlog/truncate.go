package binlog

import (
	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/schemas/change"
)

// vanish reports that the rows of a captured table went without a record of each,
// or publishes that where it is asked for.
func (s *stream) vanish(h *replication.EventHeader, statement string, t tableRef) error {
	if !s.options.filter.captures(t.db, t.name) && (t.name != "*" || !s.options.filter.reaches(t.db)) {
		return nil
	}
	name := t.db + "." + t.name
	if statement == "TRUNCATE" && s.options.truncates != nil {
		return s.truncate(h, name)
	}
	s.reportVanished(statement, name)
	return nil
}

func (s *stream) reportVanished(statement, table string) {
	if s.options.onVanish != nil {
		s.options.onVanish(statement, table)
	}
}

// truncate publishes that a table was emptied: one record without images and
// without a key, as Debezium's, in the partition of what has no key. Its order
// among the records of other partitions is not kept. Of a table that is gone by
// now and had no row since the start nothing is known but its name: that is
// reported as if it was not asked for.
func (s *stream) truncate(h *replication.EventHeader, name string) error {
	d, known := s.options.truncates[name]
	if !known {
		s.reportVanished("TRUNCATE", name)
		return nil
	}
	t := &table{name: name, captured: true, count: s.counterOf(name)}
	if err := s.define(t, d); err != nil {
		return err
	}
	s.startTable(t)
	b := s.cur
	start := len(b.buf)
	b.buf = append(t.frame.value.open(b.buf), `{"before":null,"after":null`...)
	e := envelope{table: t, op: change.Truncate, pos: uint64(h.LogPos) - uint64(h.EventSize), index: t.count.n}
	t.count.n++
	b.buf = s.appendEnvelope(b.buf, e)
	s.appendRecord(e, start, nil, nil, "")
	return nil
}

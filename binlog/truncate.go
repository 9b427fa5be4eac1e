package binlog

import (
	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/schemas/change"
)

// vanish reports a statement by which the rows of a table went without a record.
func (s *stream) vanish(statement, table string) {
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
		s.vanish("TRUNCATE", name)
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

package binlog

import (
	"strconv"

	"telltale/schemas/change"
)

// envelope is what, beside the images, makes up a record's value.
type envelope struct {
	table *table
	op    change.Op
	pos   uint64 // Where the row event begins.
	row   int    // Index in the row event.
	index int64  // Index among the table's rows in the transaction.
	half  byte   // '-' or '+' for the halves of a key change, or 0.
}

// startTable prepares what all the rows of a table in a transaction share.
func (s *stream) startTable(t *table) {
	if t.count.serial != s.tx.serial {
		*t.count = counter{table: t.name, serial: s.tx.serial}
		if len(s.tx.tables) == 0 {
			s.beginMark()
		}
		s.tx.tables = append(s.tx.tables, t.count)
	}
	if t.serial == s.tx.serial {
		return
	}
	t.serial = s.tx.serial
	shape := &t.plan.shape
	p := append(t.prefix[:0], s.sourceHead...)
	p = strconv.AppendInt(p, s.tx.micros/1000, 10)
	p = append(p, `,"snapshot":"false","db":`...)
	p = appendName(p, shape.DB)
	p = append(p, `,"sequence":null,"ts_us":`...)
	p = strconv.AppendInt(p, s.tx.micros, 10)
	p = append(p, `,"ts_ns":`...)
	p = strconv.AppendInt(p, s.tx.micros*1000, 10)
	p = append(p, `,"table":`...)
	p = appendName(p, shape.Table)
	p = append(p, `,"server_id":`...)
	p = strconv.AppendUint(p, uint64(s.tx.serverID), 10)
	p = append(p, `,"gtid":`...)
	if s.tx.byFile {
		p = append(p, "null"...)
	} else {
		p = append(append(append(p, '"'), s.tx.gtid...), '"')
	}
	p = append(p, `,"file":"`...)
	p = append(p, s.file...)
	t.prefix = append(p, `","pos":`...)

	f := append(t.suffix[:0], `,"thread":`...)
	if s.tx.thread == 0 {
		f = append(f, "null"...)
	} else {
		f = strconv.AppendUint(f, uint64(s.tx.thread), 10)
	}
	f = append(f, `,"query":null,"shape":"`...)
	f = append(f, shape.ID...)
	f = append(f, `"},"transaction":{"id":"`...)
	f = append(f, s.tx.label...)
	t.suffix = append(f, `","total_order":`...)
}

// sourceHead is the part of an envelope's source that never changes.
func sourceHead(connector, version, source string) []byte {
	p := append([]byte(nil), `,"source":{"version":`...)
	p = appendName(p, version)
	p = append(p, `,"connector":`...)
	p = appendName(p, connector)
	p = append(p, `,"name":`...)
	p = appendName(p, source)
	return append(p, `,"ts_ms":`...)
}

// appendName appends a name that is known to be text: newTable has found a
// table's to be, and configuration is.
func appendName(dst []byte, name string) []byte {
	dst, _ = appendString(dst, []byte(name))
	return dst
}

const (
	lastFalse = `,"last":false`
	lastField = len(lastFalse) - len("false")
)

// appendEnvelope appends all that follows the images. It counts the record, as
// Debezium does: the two halves of a key change are two.
func (s *stream) appendEnvelope(dst []byte, e envelope) []byte {
	t := e.table
	s.tx.order++
	t.count.records++
	dst = append(dst, t.prefix...)
	dst = strconv.AppendUint(dst, e.pos, 10)
	dst = append(dst, `,"row":`...)
	dst = strconv.AppendInt(dst, int64(e.row), 10)
	dst = append(dst, t.suffix...)
	dst = strconv.AppendInt(dst, s.tx.order, 10)
	dst = append(dst, `,"data_collection_order":`...)
	dst = strconv.AppendInt(dst, t.count.records, 10)
	s.lastMark = len(dst) + lastField
	dst = append(dst, lastFalse...)
	dst = append(dst, `},"op":"`...)
	dst = append(dst, e.op...)
	dst = append(dst, `",`...)
	dst = appendUnix(dst, s.tx.handled)
	dst = append(dst, `,"id":"`...)
	dst = append(dst, s.tx.id...)
	if s.tx.byFile {
		dst = s.appendPlace(dst, e)
	} else {
		dst = append(dst, t.id...)
		dst = strconv.AppendInt(dst, e.index, 10)
	}
	if e.half != 0 {
		dst = append(dst, e.half)
	}
	dst = append(dst, '"')
	dst = append(dst, s.tx.context...)
	if len(t.frame.value) > 0 && len(s.tx.context) == 0 {
		dst = append(dst, `,"context":null`...) // A converter writes what its schema names.
	}
	return t.frame.value.close(append(dst, '}'))
}

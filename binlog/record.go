package binlog

import (
	"slices"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

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

// partition is where a record with that key goes, by the bytes that Kafka has for
// the key. With a schema beside it these differ between the tables of an
// aggregate, whose keys must meet: they go by the key alone.
func (t *table) partition(key, framed []byte) int32 {
	if t.plan.route == nil {
		key = framed
	}
	return kafkaclient.Partition(key, t.topic.partitions)
}

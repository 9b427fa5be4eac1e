package binlog

import (
	"strconv"

	"telltale/internal/kafkaclient"
)

// TransactionTopic is the topic of a source's transactions. Each has a record
// with the status BEGIN, and one with END which counts its records by table,
// tombstones aside, as Debezium's provide.transaction.metadata has them. A
// transaction of no captured table has none.
func TransactionTopic(source string) string { return source + ".transaction" }

// transactionMarks writes the records of transactions.
type transactionMarks struct {
	topic *topic
	frame frame
}

func newTransactionMarks(t *topic, withSchema bool) *transactionMarks {
	m := &transactionMarks{topic: t}
	if withSchema {
		m.frame = frame{key: wrappingOf(transactionKeySchema()), value: wrappingOf(transactionValueSchema())}
	}
	return m
}

func transactionKeySchema() connectSchema {
	return structOf("io.debezium.connector.common.TransactionMetadataKey", 1, plainOf("string").field("id"))
}

func transactionValueSchema() connectSchema {
	collection := structOf("event.collection", 1, plainOf("string").field("data_collection"), plainOf("int64").field("event_count"))
	return structOf("io.debezium.connector.common.TransactionMetadataValue", 1,
		plainOf("string").field("status"), plainOf("string").field("id"), plainOf("int64").optional().field("event_count"),
		arrayOf(collection.optional()).optional().field("data_collections"),
		plainOf("int64").field("ts_ms"),
	)
}

// beginMark appends the record of the transaction's beginning.
func (s *stream) beginMark() {
	if s.options.marks != nil {
		s.appendMark("BEGIN", nil)
	}
}

// endMark appends the record of its end, where it has a beginning.
func (s *stream) endMark() {
	if s.options.marks != nil && len(s.tx.tables) > 0 {
		s.appendMark("END", s.tx.tables)
	}
}

func (s *stream) appendMark(status string, tables []*counter) {
	b, m := s.cur, s.options.marks
	r := record{place: place{topic: m.topic}}
	start := len(b.buf)
	b.buf = m.frame.key.open(b.buf)
	b.buf = append(b.buf, `{"id":"`...)
	b.buf = append(b.buf, s.tx.label...)
	b.buf = m.frame.key.close(append(b.buf, `"}`...))
	r.key = span{start, len(b.buf)}
	r.partition = kafkaclient.Partition(r.key.in(b.buf), m.topic.partitions)
	b.buf = m.frame.value.open(b.buf)
	b.buf = append(b.buf, `{"status":"`...)
	b.buf = append(b.buf, status...)
	b.buf = append(b.buf, `","id":"`...)
	b.buf = append(b.buf, s.tx.label...)
	if tables == nil {
		b.buf = append(b.buf, `","event_count":null,"data_collections":null`...)
	} else {
		b.buf = append(b.buf, `","event_count":`...)
		b.buf = strconv.AppendInt(b.buf, s.tx.order, 10)
		b.buf = appendCollections(b.buf, tables)
	}
	b.buf = append(b.buf, `,"ts_ms":`...)
	b.buf = strconv.AppendInt(b.buf, s.tx.micros/1000, 10)
	b.buf = m.frame.value.close(append(b.buf, '}'))
	r.value = span{r.key.end, len(b.buf)}
	b.records = append(b.records, r)
}

// appendCollections appends how many records each table has, in the order in
// which the transaction came to them.
func appendCollections(dst []byte, tables []*counter) []byte {
	dst = append(dst, `,"data_collections":[`...)
	for i, c := range tables {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"data_collection":`...)
		dst = appendName(dst, c.table)
		dst = append(dst, `,"event_count":`...)
		dst = strconv.AppendInt(dst, c.records, 10)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

package binlog

// topic is a raw topic as the stream and the publisher see it.
type topic struct {
	name string
	// id is the cluster's for it, or empty.
	id         string
	partitions int32
	// limit is how many bytes of key and value it takes, or 0 where the brokers
	// decide.
	limit int
	// ends are, by partition, the offsets behind what was committed, and next those
	// behind what was handed to the client too; nil where nobody counts. wrote tells
	// whether they differ. They are the publisher's.
	ends, next []int64
	wrote      bool
	// last holds, by partition, the index in the current batch of the record
	// that is the open transaction's newest there, or noRecord.
	last []int32
}

const noRecord = -1

func newTopic(name string, partitions int32) *topic {
	t := &topic{name: name, partitions: partitions, last: make([]int32, partitions)}
	for i := range t.last {
		t.last[i] = noRecord
	}
	return t
}

// place is a partition of a topic.
type place struct {
	topic     *topic
	partition int32
}

// record is one Kafka record; its bytes stand in the batch's buffer.
type record struct {
	place
	key, value span
	// header is the other key of a key change, under headerKey.
	header    span
	headerKey string
	// last is where the value says whether it is its transaction's last in this
	// partition, or 0 where it does not say.
	last      int
	tombstone bool
	// moved marks a record that went over to the next batch.
	moved bool
	// away is where the record's bytes are instead of in the buffer, or nil.
	away *spilled
}

// size is how many bytes key, value and header have.
func (r *record) size() int { return r.header.end - r.value.start }

// bytes are those that the record's spans count in. What is read back is in room,
// which is good until the next call.
func (r *record) bytes(b *batch, room *[]byte) ([]byte, error) {
	if r.away == nil {
		return b.buf, nil
	}
	if cap(*room) > maxKept {
		*room = nil
	}
	var err error
	*room, err = r.away.load(*room, r.last)
	return *room, err
}

// batch is what is handed from the decoder to the publisher at once: the
// records of whole transactions, or of a part of one that is larger than a
// batch. Its buffers are used again.
type batch struct {
	// size is how many bytes fill it. It ends behind the event that does, so that it
	// can be longer by one event.
	size    int
	buf     []byte
	records []record
	// position is the one behind the batch, where whole is true.
	position Position
	whole    bool
	rows     int
	txns     int
	// since is when the first transaction that began here was committed in MySQL,
	// in microseconds since 1970.
	since int64
	// carried is how much of buf came over from the batch before.
	carried int
	// traced is empty where nobody asked for traces.
	traced []traced
	// spills are the files of the transactions that end here.
	spills []*spill
}

// full counts what was added here alone: what is carried over inside one huge
// transaction may be more than a batch by itself.
func (b *batch) full() bool { return len(b.buf)-b.carried >= b.size }

// fill is how full the batch is, from 0 to 1.
func (b *batch) fill() float64 { return min(1, float64(len(b.buf)-b.carried)/float64(b.size)) }

func (b *batch) reset() {
	if cap(b.buf) > max(maxKept, 2*b.size) { // One huge event must not keep its memory for ever.
		b.buf = nil
	}
	b.buf, b.records = b.buf[:0], b.records[:0]
	b.position, b.whole, b.rows, b.txns, b.since, b.carried = Position{}, false, 0, 0, 0, 0
	clear(b.traced)
	b.traced = b.traced[:0]
	for _, one := range b.spills {
		one.close()
	}
	b.spills = b.spills[:0]
}

// move takes record i of another batch over, with the tombstone that follows
// it, and returns the record's index here.
func (b *batch) move(from *batch, i int32) int32 {
	moved := b.copy(from, i)
	if next := i + 1; int(next) < len(from.records) && from.records[next].tombstone && from.records[next].place == from.records[i].place {
		b.copy(from, next)
	}
	return moved
}

func (b *batch) copy(from *batch, i int32) int32 {
	r := from.records[i]
	from.records[i].moved = true
	if r.away != nil {
		b.records = append(b.records, r)
		return int32(len(b.records) - 1)
	}
	grown := func(s span) span {
		start := len(b.buf)
		b.buf = append(b.buf, s.in(from.buf)...)
		return span{start, len(b.buf)}
	}
	if r.last != 0 {
		r.last += len(b.buf) - r.value.start
	}
	r.value, r.key, r.header = grown(r.value), grown(r.key), grown(r.header)
	b.records = append(b.records, r)
	return int32(len(b.records) - 1)
}

// mark is a place in a batch to which it can be cut.
type mark struct{ records, bytes, rows, traced int }

func (b *batch) mark() mark { return mark{len(b.records), len(b.buf), b.rows, len(b.traced)} }

func (b *batch) cut(m mark) {
	b.records, b.buf, b.rows, b.traced = b.records[:m.records], b.buf[:m.bytes], m.rows, b.traced[:m.traced]
}

// setLast writes that record i is its transaction's last in its partition.
func (b *batch) setLast(i int32) {
	if away := b.records[i].away; away != nil {
		away.isLast = true
		return
	}
	copy(b.buf[b.records[i].last:], "true ")
}

package binlog

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
)

// transaction is the state of the server's transaction that is being read.
type transaction struct {
	open bool
	// serial counts transactions, so that what is cached for one is known to be
	// stale in the next.
	serial uint64
	name   gtid
	// gtid is the transaction's GTID as text or, where it is read by file, where
	// it begins; it is that of the PREPARE whose rows it commits. label is what
	// envelopes call it, and id is the start of its changes' identities: the GTID,
	// or the file, behind the incarnation.
	gtid, label, id []byte
	byFile          bool
	// micros is when it was committed on the server where it began, in
	// microseconds since 1970.
	micros int64
	// handled is when its first event was read, in nanoseconds since 1970. The
	// clock is asked once a transaction: it costs as much as decoding a column.
	handled int64
	// thread is the connection that made it, or 0 where the server does not say.
	thread   uint32
	serverID uint32
	// begun says that only XID or COMMIT ends the transaction.
	begun bool
	// order counts the records of the transaction, tombstones aside.
	order int64
	// context is what a statement's comment said, as a member of the envelope
	// with its leading comma, or empty.
	context []byte
	// mode is how the session's SQL is to be read.
	mode sqlMode
	sum  fingerprint
	// xa is what it has to do with a branch, which is held while it is prepared.
	// prepared and decided are the branches that its end prepares or decides.
	xa       xaState
	branch   heldBranch
	prepared string
	decided  Branch
	// touched are the partitions with a record of this transaction.
	touched []place
	// tables are the captured tables that the transaction came to.
	tables []*counter
}

// begin starts a transaction from its GTID event. micros is when it was
// committed, or 0 where the event says that in seconds alone.
func (t *transaction) begin(name gtid, micros int64, h *replication.EventHeader, p *Position, now time.Time) {
	t.open, t.handled = true, now.UnixNano()
	t.serial++
	t.name = name
	t.named(name.append(t.gtid[:0]), p)
	t.micros = micros
	if t.micros == 0 { // MariaDB, and MySQL before 8.0.1.
		t.micros = int64(h.Timestamp) * 1e6
	}
	t.thread, t.serverID, t.order = 0, h.ServerID, 0
	t.context, t.touched, t.tables = t.context[:0], t.touched[:0], t.tables[:0]
	t.mode, t.begun = sqlMode{}, false
	t.xa, t.prepared, t.decided = xaNone, "", Branch{}
	t.sum.begin(t.micros)
}

// named sets what records call the transaction and its changes by. What was read by file always says
// in which incarnation: a reset server begins with the same files again. Its
// label is Debezium's.
func (t *transaction) named(gtid []byte, p *Position) {
	t.gtid, t.id, t.byFile = append(t.gtid[:0], gtid...), t.id[:0], p.ByFile
	if p.Incarnation > 0 || p.ByFile {
		t.id = append(strconv.AppendInt(t.id, int64(p.Incarnation), 10), '~')
	}
	if !p.ByFile {
		t.id, t.label = append(t.id, t.gtid...), append(t.label[:0], t.gtid...)
		return
	}
	colon := bytes.LastIndexByte(t.gtid, ':')
	file, offset := t.gtid[:colon], t.gtid[colon+1:]
	t.id = append(t.id, file...)
	t.label = append(append(t.label[:0], "file="...), file...)
	t.label = append(append(t.label, ",pos="...), offset...)
}

// fingerprint tells one transaction from another that has come to bear the
// same GTID (I4). It covers when the transaction was committed and what it did
// to which rows, and not how its events were cut, so that a replica that sends
// the same transaction has the same fingerprint.
type fingerprint struct {
	micros int64
	bytes  uint64
	crc    uint32
	table  string
	kind   replication.EventType
	head   []byte
	piece  [64]byte
}

func (f *fingerprint) begin(micros int64) { *f = fingerprint{micros: micros, head: f.head[:0]} }

// rows adds a rows event: its table, kind and head (the number of columns and
// which of them are there) where they differ from the event before, and the rows.
func (f *fingerprint) rows(table string, kind replication.EventType, head, rows []byte) {
	if table != f.table || kind != f.kind || !bytes.Equal(head, f.head) {
		f.table, f.kind, f.head = table, kind, append(f.head[:0], head...)
		f.bytes += uint64(kind)
		f.text(table)
		f.crc = crc32.Update(f.crc, castagnoli, head)
	}
	f.crc = crc32.Update(f.crc, castagnoli, rows)
	f.bytes += uint64(len(rows))
}

// text adds a name or a statement, in pieces that need no memory of their own.
func (f *fingerprint) text(s string) {
	for f.bytes += uint64(len(s)); len(s) > 0; {
		n := copy(f.piece[:], s)
		f.crc = crc32.Update(f.crc, castagnoli, f.piece[:n])
		s = s[n:]
	}
}

func (f *fingerprint) String() string {
	return fmt.Sprintf("%d-%d-%08x", f.micros, f.bytes, f.crc)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

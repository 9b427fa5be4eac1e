package binlog

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/tracing"
)

// stream turns the server's events into batches of records. The connection's
// goroutine feeds it through HandleEvent, the publisher takes batches from it;
// between them stand two batches of bounded size, so that a publisher that
// waits for Kafka stops the connection, and through it the server (I11).
//
// The events of a transaction follow this grammar; anything else stops the
// reader (I5):
//
//	transaction = GTID body       (or what xa.go says)
//	body        = [QUERY(BEGIN)] {statement} (XID | QUERY(COMMIT)) | QUERY(ddl)
//	statement   = [ROWS_QUERY | ANNOTATE_ROWS] {TABLE_MAP} {rows}
//
// MySQL writes BEGIN as a QUERY event; MariaDB says it in the GTID event.
type stream struct {
	options streamOptions

	mu   sync.Mutex
	cond *sync.Cond
	// cur is the batch that is being filled, spare the one that the publisher
	// gave back. ready is one that was handed over while the publisher waited.
	cur, spare, ready *batch
	waiting           bool  // The publisher waits for a batch.
	moved             bool  // The position moved since the last batch.
	wanted            bool  // The publisher wants the position, records or not.
	err               error // Why the stream ended.

	file       string
	fde        []byte
	checksum   replication.BinlogChecksum
	sourceHead []byte
	// tables are those of the open statement by their ids; ended says that it is
	// over. cache holds those of table maps by what stands behind the id, and
	// cached is how long its keys are.
	tables   map[uint64]*table
	ended    bool
	cache    map[string]*table
	cached   int
	counters map[string]*counter
	roots    forms
	names    topicNames
	tx       transaction
	// passed says that the event at hand is passed over, since its table is not
	// captured.
	passed   bool
	branches branches
	done     progress
	position Position
	// lastGTID and lastSum are of the newest whole transaction.
	lastGTID []byte
	lastSum  fingerprint
	// begun is where the open transaction's records begin in the current batch,
	// unless handedOver says that a part of it is gone.
	begun      mark
	handedOver bool
	// spill is the open transaction's file, or nil; spills are all that are open.
	spill  *spill
	spills []*spill

	mysql mysqlGTID
	// place is the open transaction's, and reached where the newest event in the file
	// ends, where the source is read by file.
	place    filePlace
	reached  uint32
	mariadb  mariadbGTID
	query    replication.QueryEvent
	inflater inflater
	payloads payloadReader
	before   image
	after    image
	held     []byte
	track    track
	// intake is what was read and is not counted in the metrics yet.
	intake  work
	partial bool // The rows event has partial after images.
	// innerEvent numbers the events inside of a compressed transaction from 1; it
	// is 0 outside.
	innerEvent int
	// lastMark is where the newest envelope says whether it is the last.
	lastMark int
}

// streamOptions are what a stream needs from outside.
type streamOptions struct {
	// flavor is the server's, mysql.MySQLFlavor or mysql.MariaDBFlavor.
	flavor   string
	source   string
	version  string
	filter   filter
	colls    collations
	encoding encoding
	position Position
	progress progress
	// open returns the topic of a table with this plan, and what must be
	// remembered before the first change in it.
	open func(*plan) (*topic, []*stateRecord, error)
	// complete, where it is set, adds what the server's table maps do not say.
	complete func(*tableDef) error
	// mode is how statements are to be read whose events do not say it.
	mode sqlMode
	// foldNames says that the server has names of tables and databases in small
	// letters, however a statement spells them.
	foldNames bool
	// cascades says that the server's foreign keys change rows without logging
	// them.
	cascades bool
	// connected, where it is set, is told when the server names the file that it
	// sends, which it does first.
	connected func()
	// truncates, where it is set, has TRUNCATE published: it holds the definitions of
	// the captured tables by `<db>.<table>`.
	truncates map[string]tableDef
	// onVanish is told of statements by which rows of a captured table go without
	// a row event.
	onVanish func(statement, table string)
	// again, where it is set, has the server send an XA branch's PREPARE again, and
	// returns when the handler does.
	again func(Branch, replication.EventHandler) error
	// spillFrom is from which size on records that are carried on wait in a file.
	// Default: spillFrom.
	spillFrom int
	// batchBytes is how many bytes fill a batch. Default: its share of defaultMemory.
	batchBytes int
	// onCommit, where it is set, is told of every transaction.
	onCommit func(gtid string, f *fingerprint) error
	// marks, where it is set, writes the transactions' own records.
	marks *transactionMarks
	// noTombstones leaves out the records that follow deletes.
	noTombstones bool
	now          func() time.Time
	metrics      *metrics
	// tracer is nil where nobody asked for traces.
	tracer *tracing.Tracer
}

// stateRecord makes a shape or a topic known, in the same Kafka transaction as
// the first change that has it. Its topic has one partition.
type stateRecord struct {
	topic      *topic
	key, value []byte
}

// table is one table map.
type table struct {
	name     string // `<db>.<table>`
	captured bool
	held     bool // Its rows wait for the outcome of an XA branch.
	plan     *plan
	topic    *topic
	count    *counter
	// prefix and suffix are the parts of an envelope's source that are the same
	// for all rows of the table in the transaction of that serial.
	prefix, suffix []byte
	id             []byte // `:<db>.<table>:`, escaped for JSON.
	frame          frame
	serial         uint64
}

// counter counts a table's rows in a transaction, and the records that they
// became, tombstones aside.
type counter struct {
	table   string // `<db>.<table>`
	serial  uint64
	n       int64
	records int64
}

func newStream(o streamOptions) *stream {
	o.spillFrom = cmp.Or(o.spillFrom, spillFrom)
	o.batchBytes = cmp.Or(o.batchBytes, batchOf(defaultMemory))
	s := &stream{
		options: o, cur: &batch{size: o.batchBytes}, spare: &batch{size: o.batchBytes},
		tables: map[uint64]*table{}, cache: map[string]*table{}, counters: map[string]*counter{}, roots: forms{}, names: topicNames{},
		done: o.progress, position: o.position, branches: branches{list: o.position.Undecided}, sourceHead: sourceHead(o.flavor, o.version, o.source),
	}
	s.cond = sync.NewCond(&s.mu)
	return s
}

// HandleEvent takes one event of the connection. It blocks while both batches
// are full. It implements replication.EventHandler.
func (s *stream) HandleEvent(e *replication.BinlogEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if err := s.handle(e); err != nil {
		err = s.stopped(e.Header, err)
		s.dropOpen()
		return err
	}
	return s.awaitRoom()
}

// awaitRoom waits while the batch is full.
func (s *stream) awaitRoom() error {
	for s.cur.full() && s.err == nil {
		s.options.metrics.queue.Set(s.cur.fill())
		s.cond.Broadcast()
		s.cond.Wait()
	}
	return s.err
}

// stopped says where an error came up that an event caused.
func (s *stream) stopped(h *replication.EventHeader, err error) error {
	var k *outsideError
	if errors.As(err, &k) || errors.Is(err, errVerified) {
		return err
	}
	where := fmt.Sprintf("%s:%d", s.file, h.LogPos)
	if s.tx.open {
		where += ", transaction " + string(s.tx.gtid)
	}
	if errors.Is(err, errChecksum) {
		return fmt.Errorf("binlog at %s: %w", where, err)
	}
	return &StopError{Where: where, Err: err}
}

// begin starts a transaction that was committed at micros, or 0 where its event
// says that in seconds alone.
func (s *stream) begin(h *replication.EventHeader, name gtid, micros int64) error {
	if s.tx.open {
		return fmt.Errorf("event %s before the end of the transaction", h.EventType)
	}
	s.tx.begin(name, micros, h, &s.position, s.options.now())
	s.tx.mode = s.options.mode
	s.begun, s.handedOver = s.cur.mark(), false
	if s.cur.since == 0 {
		s.cur.since = s.tx.micros
	}
	clear(s.tables)
	s.ended = false
	s.forgetCounters()
	return nil
}

// beginMariaDB starts a transaction of MariaDB, which is one statement or goes
// up to a COMMIT.
func (s *stream) beginMariaDB(h *replication.EventHeader, data []byte) error {
	if err := s.mariadb.decode(h, data); err != nil {
		return fmt.Errorf("decode %s: %w", h.EventType, err)
	}
	if err := s.begin(h, &s.mariadb, 0); err != nil {
		return err
	}
	s.tx.begun = s.mariadb.flags&mariadbStandalone == 0
	if s.mariadb.flags&mariadbPreparedXA != 0 {
		s.holdBranch()
	}
	return nil
}

// commit ends the transaction: the position is now behind it (I3).
func (s *stream) commit(h *replication.EventHeader) error {
	if !s.tx.open {
		return fmt.Errorf("event %s outside of a transaction", h.EventType)
	}
	if err := s.settle(); err != nil {
		return err
	}
	s.endMark()
	for _, p := range s.tx.touched {
		s.cur.setLast(p.topic.last[p.partition])
		p.topic.last[p.partition] = noRecord
	}
	s.endSpill()
	s.tx.open = false
	s.lastGTID, s.lastSum = s.tx.name.append(s.lastGTID[:0]), s.tx.sum
	s.cur.txns++
	s.intake.txns++
	s.options.metrics.queue.Set(s.cur.fill())
	s.position.File, s.position.Pos = s.file, h.LogPos
	s.position.CommittedAt = time.UnixMicro(s.tx.micros).UTC()
	s.moved = true
	if s.options.onCommit != nil {
		return s.options.onCommit(string(s.lastGTID), &s.tx.sum)
	}
	s.offer()
	return nil
}

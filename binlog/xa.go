package binlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/go-mysql-org/go-mysql/replication"
)

// The rows of an XA branch are in the binlog at its PREPARE; its outcome is a
// transaction of its own that may come at any time later, on another server or
// never:
//
//	prepare = GTID QUERY(XA START) {statement} QUERY(XA END) XA_PREPARE
//	outcome = GTID (QUERY(XA COMMIT) | QUERY(XA ROLLBACK))
//
// MariaDB writes no XA START and says it in the GTID event. A branch that is
// committed in one phase is a prepare that says so, to MariaDB an ordinary
// transaction. Until its outcome nothing of a branch is published (I1). Its rows
// are held as they came, within a share of the memory, and read again from the
// server where they are not: after a restart, or because there are too many. So
// the position need not stay behind, and there is nothing to spill (I3, I11).

// Branch is an XA branch that was prepared and whose outcome is not known yet.
type Branch struct {
	// XID is its name, as the server writes it: X'<gtrid>',X'<bqual>',<format>.
	XID string `json:"xid"`
	// GTID is that of its PREPARE, Previous what stood before that in its domain of
	// a MariaDB server: from there it can be asked for again.
	GTID     string `json:"gtid"`
	Previous string `json:"previous,omitempty"`
}

// xaState is what the open transaction has to do with XA.
type xaState byte

const (
	xaNone      xaState = iota
	xaHolding           // It is a PREPARE: rows are held.
	xaReleasing         // It is an outcome: rows that were held are published.
)

// heldBranch is what is held of one.
type heldBranch struct {
	events []heldEvent
	bytes  int
	// again says that nothing is held, and that the branch must be read again.
	again bool
	// file is where it was prepared; the rest is as in transaction.
	file             string
	thread, serverID uint32
	mode             sqlMode
}

// heldEvent is an event without its checksum.
type heldEvent struct {
	header replication.EventHeader
	raw    []byte
	inner  int // As in stream.
}

// branches are those that are undecided.
type branches struct {
	// list is in the order of their PREPAREs. It is replaced and never changed:
	// positions share it.
	list []Branch
	// held is by XID and lacks those that must be read again.
	held  map[string]heldBranch
	bytes int
}

func (bs *branches) find(xid string) (Branch, bool) {
	i := slices.IndexFunc(bs.list, func(b Branch) bool { return b.XID == xid })
	if i < 0 {
		return Branch{}, false
	}
	return bs.list[i], true
}

func (bs *branches) add(b Branch, h heldBranch) {
	bs.list = append(slices.Clip(bs.list), b)
	if h.again {
		return
	}
	if bs.held == nil {
		bs.held = map[string]heldBranch{}
	}
	bs.held[b.XID] = h
	bs.bytes += h.bytes
}

func (bs *branches) remove(xid string) {
	bs.list = slices.DeleteFunc(slices.Clone(bs.list), func(b Branch) bool { return b.XID == xid })
	bs.bytes -= bs.held[xid].bytes
	delete(bs.held, xid)
}

// holdBranch makes the open transaction one whose rows are held.
func (s *stream) holdBranch() {
	t := &s.tx
	t.xa, t.begun = xaHolding, true
	t.branch = heldBranch{file: s.file, thread: t.thread, serverID: t.serverID, mode: t.mode}
}

// hold keeps an event of the branch that is being prepared.
func (s *stream) hold(h *replication.EventHeader, raw, data []byte) {
	b, size := &s.tx.branch, replication.EventHeaderSize+len(data)
	if b.again {
		return
	}
	if s.branches.bytes+b.bytes+size > heldOf(s.options.batchBytes) {
		*b = heldBranch{again: true}
		return
	}
	b.events = append(b.events, heldEvent{header: *h, raw: bytes.Clone(raw[:size]), inner: s.innerEvent})
	b.bytes += size
}

// heldTable learns from a table map only whether its rows are to be held: what
// they look like is seen to when they are published.
func (s *stream) heldTable(data []byte) (*table, error) {
	var names [2]string
	rest := data[8:]
	for i := range names {
		if len(rest) < 1 || len(rest) < 2+int(rest[0]) {
			return nil, errEvent
		}
		names[i] = string(rest[1 : 1+rest[0]])
		rest = rest[2+int(rest[0]):]
	}
	return &table{name: names[0] + "." + names[1], held: s.options.filter.captures(names[0], names[1])}, nil
}

var xaStatement = regexp.MustCompile(`^XA +(START|END|COMMIT|ROLLBACK) +X'([0-9a-fA-F]*)',X'([0-9a-fA-F]*)',(-?[0-9]+)`)

// xaQuery handles what a QUERY event says of a branch.
func (s *stream) xaQuery(h *replication.EventHeader) error {
	m := xaStatement.FindSubmatch(s.query.Query)
	if m == nil {
		return fmt.Errorf("statement %q is none of XA's", s.query.Query)
	}
	xid := fmt.Sprintf("X'%s',X'%s',%s", bytes.ToLower(m[2]), bytes.ToLower(m[3]), m[4])
	switch string(m[1]) {
	case "START":
		s.tx.thread, s.tx.mode = s.query.SlaveProxyID, s.modeOf(s.query.StatusVars)
		if s.tx.xa == xaNone {
			s.holdBranch()
		}
		return nil
	case "COMMIT":
		return s.committed(h, xid)
	case "ROLLBACK": // Of one that is not known nothing was published either.
		s.tx.decided, _ = s.branches.find(xid)
		return s.commit(h)
	}
	return nil
}

// prepared ends a branch's PREPARE, or the branch where it has one phase.
func (s *stream) prepared(h *replication.EventHeader, data []byte) error {
	if s.tx.xa == xaReleasing {
		return errBranchEnd
	}
	if !s.tx.open || s.tx.xa != xaHolding {
		return fmt.Errorf("event %s outside of a branch", h.EventType)
	}
	xid, onePhase, err := parsePrepare(data)
	if err != nil {
		return err
	}
	if onePhase {
		if err := s.release(Branch{XID: xid, GTID: string(s.tx.gtid)}, s.tx.branch); err != nil {
			return err
		}
		return s.commit(h)
	}
	if old, twice := s.branches.find(xid); twice && s.options.again == nil {
		s.branches.remove(xid)
	} else if twice {
		return fmt.Errorf("XA branch %s, prepared by %s, is prepared again: %w", xid, old.GTID, errOutcome)
	}
	s.tx.prepared = xid
	return s.commit(h)
}

// parsePrepare reads an XA_PREPARE event: whether the branch has one phase, the
// format, the lengths of the name's two parts, and these
// (libs/mysql/binlog/event/control_events.h, class XA_prepare_event).
func parsePrepare(data []byte) (xid string, onePhase bool, err error) {
	const fixed = 13
	if len(data) < fixed {
		return "", false, errEvent
	}
	format := int32(binary.LittleEndian.Uint32(data[1:]))
	gtrid, bqual := uint64(binary.LittleEndian.Uint32(data[5:])), uint64(binary.LittleEndian.Uint32(data[9:]))
	if uint64(len(data)-fixed) < gtrid+bqual {
		return "", false, errEvent
	}
	name := data[fixed:]
	return fmt.Sprintf("X'%x',X'%x',%s", name[:gtrid], name[gtrid:gtrid+bqual], strconv.Itoa(int(format))), data[0] != 0, nil
}

// committed publishes the rows of a branch.
func (s *stream) committed(h *replication.EventHeader, xid string) error {
	b, known := s.branches.find(xid)
	if !known && s.options.again != nil {
		return &outsideError{&unknownBranchError{xid: xid, outcome: string(s.tx.gtid)}}
	}
	if known {
		held, ok := s.branches.held[xid]
		held.again = held.again || !ok
		if err := s.release(b, held); err != nil {
			return err
		}
	}
	s.tx.decided = b
	return s.commit(h)
}

// settle notes what the open transaction, which commits, does to branches.
func (s *stream) settle() error {
	t := &s.tx
	switch {
	case t.prepared != "":
		b := Branch{XID: t.prepared, GTID: string(t.gtid)}
		if err := s.done.prepare(t.name, &b); err != nil {
			return err
		}
		s.branches.add(b, t.branch)
	case t.decided.XID != "":
		if err := s.done.decide(t.name, t.decided); err != nil {
			return err
		}
		s.branches.remove(t.decided.XID)
	default:
		return s.done.add(t.name)
	}
	t.branch = heldBranch{}
	s.position.Undecided = s.branches.list
	s.options.metrics.undecided.Set(float64(len(s.branches.list)))
	return nil
}

// release publishes the rows of a branch with the open transaction. They bear the
// GTID and the place of their PREPARE (I7), and the time of their commit.
func (s *stream) release(b Branch, held heldBranch) error {
	s.tx.xa = xaReleasing
	s.tx.named([]byte(b.GTID), &s.position)
	clear(s.tables)
	s.ended = false
	file, fde, inner := s.file, bytes.Clone(s.fde), s.innerEvent
	defer func() { s.file, s.fde, s.innerEvent = file, fde, inner }()
	if held.again {
		return s.readAgain(b)
	}
	s.file = held.file
	s.tx.thread, s.tx.serverID, s.tx.mode = held.thread, held.serverID, held.mode
	for i := range held.events {
		e := &held.events[i]
		s.innerEvent = e.inner
		if err := s.dispatch(&e.header, e.raw, e.raw[replication.EventHeaderSize:]); err != nil {
			return fmt.Errorf("XA branch %s, prepared by %s: %w", b.XID, b.GTID, err)
		}
		if err := s.awaitRoom(); err != nil {
			return err
		}
	}
	return nil
}

package binlog

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/google/uuid"
)

// gtid names one transaction. The two servers have different ones:
// mysqlGTID and mariadbGTID.
type gtid interface {
	// append appends the GTID as its server writes it.
	append(dst []byte) []byte
}

// progress is how far a stream has read, in the terms of one server.
type progress interface {
	// add moves it behind a transaction. It fails where the server's own rules
	// are broken, so that a position would no longer say what was read.
	add(gtid) error
	// prepare moves it behind the PREPARE of an XA branch that is undecided from
	// then on, and notes what is needed to ask for it again. decide moves it behind
	// the outcome.
	prepare(gtid, *Branch) error
	decide(gtid, Branch) error
	// stamp writes it into a position.
	stamp(*Position)
}

// mysqlGTID is `<server's UUID>[:<tag>]:<number>`.
type mysqlGTID struct{ replication.GTIDEvent }

func (g *mysqlGTID) append(dst []byte) []byte {
	for i, part := range [][]byte{g.SID[:4], g.SID[4:6], g.SID[6:8], g.SID[8:10], g.SID[10:16]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	if tag := g.Tag.String(); tag != "" {
		dst = append(append(dst, ':'), tag...)
	}
	return strconv.AppendInt(append(dst, ':'), g.GNO, 10)
}

// mysqlProgress is the set of GTIDs read so far. Runs of consecutive GTIDs are
// kept beside the set until somebody asks for it.
type mysqlProgress struct {
	set      *mysql.MysqlGTIDSet
	sid      uuid.UUID
	tag      mysql.Tag
	from, to int64 // Both inclusive; to is 0 where there is no run.
}

func newMySQLProgress(set *mysql.MysqlGTIDSet) *mysqlProgress {
	return &mysqlProgress{set: set.Clone().(*mysql.MysqlGTIDSet)}
}

func (p *mysqlProgress) add(one gtid) error {
	g, ok := one.(*mysqlGTID)
	if !ok {
		return fmt.Errorf("transaction %s is not one of a MySQL server", one.append(nil))
	}
	if p.to != 0 && g.GNO == p.to+1 && g.Tag == p.tag && [16]byte(g.SID) == p.sid {
		p.to++
		return nil
	}
	p.flush()
	p.sid, p.tag, p.from, p.to = uuid.UUID(g.SID), g.Tag, g.GNO, g.GNO
	return nil
}

// prepare leaves the PREPARE out of the set: it says what is published or will
// never be.
func (p *mysqlProgress) prepare(gtid, *Branch) error { return nil }

func (p *mysqlProgress) decide(one gtid, b Branch) error {
	p.flush()
	if err := p.set.Update(b.GTID); err != nil {
		return fmt.Errorf("parse GTID %q: %w", b.GTID, err)
	}
	return p.add(one)
}

func (p *mysqlProgress) flush() {
	if p.to == 0 {
		return
	}
	tags := (*p.set)[p.sid]
	if tags == nil {
		tags = map[mysql.Tag]mysql.IntervalSlice{}
		(*p.set)[p.sid] = tags
	}
	run := mysql.Interval{Start: p.from, Stop: p.to + 1}
	tags[p.tag] = append(tags[p.tag], run).Normalize()
	p.to = 0
}

func (p *mysqlProgress) stamp(to *Position) {
	p.flush()
	to.GTIDSet = p.set.String()
}

// without is a less one.
func without(a, one *mysql.MysqlGTIDSet) *mysql.MysqlGTIDSet {
	out := a.Clone().(*mysql.MysqlGTIDSet)
	for sid, tags := range *one {
		for tag, gone := range tags {
			var left mysql.IntervalSlice
			for _, i := range (*out)[sid][tag] {
				for _, g := range gone {
					if g.Start >= i.Stop || g.Stop <= i.Start {
						continue
					}
					if i.Start < g.Start {
						left = append(left, mysql.Interval{Start: i.Start, Stop: g.Start})
					}
					i.Start = g.Stop
				}
				if i.Start < i.Stop {
					left = append(left, i)
				}
			}
			delete((*out)[sid], tag)
			if len(left) > 0 {
				(*out)[sid][tag] = left
			}
		}
		if len((*out)[sid]) == 0 {
			delete(*out, sid)
		}
	}
	return out
}

// mariadbGTID is `<domain>-<server>-<number>`. Numbers grow within a domain,
// whichever server writes.
type mariadbGTID struct {
	mysql.MariadbGTID
	flags byte
}

// Flags of MariaDB's GTID event (sql/log_event.h, class Gtid_log_event).
const (
	mariadbStandalone  = 1 << 0 // One statement without a mark of its end.
	mariadbPreparedXA  = 1 << 6
	mariadbCompletedXA = 1 << 7
)

// decode reads a GTID event: the number in 8 bytes, the domain in 4, flags.
// The server stands in the header.
func (g *mariadbGTID) decode(h *replication.EventHeader, data []byte) error {
	if len(data) < 13 {
		return errEvent
	}
	g.SequenceNumber = binary.LittleEndian.Uint64(data)
	g.DomainID = binary.LittleEndian.Uint32(data[8:])
	g.ServerID, g.flags = h.ServerID, data[12]
	return nil
}

func (g *mariadbGTID) append(dst []byte) []byte {
	dst = strconv.AppendUint(dst, uint64(g.DomainID), 10)
	dst = strconv.AppendUint(append(dst, '-'), uint64(g.ServerID), 10)
	return strconv.AppendUint(append(dst, '-'), g.SequenceNumber, 10)
}

// mariadbProgress is the newest GTID of each domain. A server that is asked
// for what follows it sends, domain by domain, what it logged behind that GTID;
// so it says what was read only while numbers grow.
type mariadbProgress struct {
	newest map[uint32]mysql.MariadbGTID
	// previous is what stood in newest before the last transaction; its number
	// is 0 where that was its domain's first.
	previous mysql.MariadbGTID
	moved    bool
}

func newMariadbProgress(set *mysql.MariadbGTIDSet) *mariadbProgress {
	p := &mariadbProgress{newest: map[uint32]mysql.MariadbGTID{}}
	for domain, g := range set.Sets {
		p.newest[domain] = *g
	}
	return p
}

func (p *mariadbProgress) add(one gtid) error {
	g, ok := one.(*mariadbGTID)
	if !ok {
		return fmt.Errorf("transaction %s is not one of a MariaDB server", one.append(nil))
	}
	previous := p.newest[g.DomainID]
	if g.SequenceNumber <= previous.SequenceNumber {
		return fmt.Errorf("transaction %s follows %s in its domain: %w", g.append(nil), previous.String(), errUnordered)
	}
	p.previous, p.newest[g.DomainID], p.moved = previous, g.MariadbGTID, true
	return nil
}

// prepare moves it behind the PREPARE as behind any transaction: the newest GTIDs
// cannot leave one out.
func (p *mariadbProgress) prepare(one gtid, b *Branch) error {
	if err := p.add(one); err != nil {
		return err
	}
	if p.previous.SequenceNumber > 0 {
		b.Previous = p.previous.String()
	}
	return nil
}

func (p *mariadbProgress) decide(one gtid, _ Branch) error { return p.add(one) }

func (p *mariadbProgress) stamp(to *Position) {
	set := &mysql.MariadbGTIDSet{Sets: map[uint32]*mysql.MariadbGTID{}}
	for domain, g := range p.newest {
		set.Sets[domain] = &g
	}
	to.GTIDSet = set.String()
	if p.moved {
		to.Previous = p.previous.String()
	}
}

// parseGTID reads the event that begins a transaction; for any other it returns
// nil.
func parseGTID(h *replication.EventHeader, data []byte) (gtid, error) {
	var one mysqlGTID
	var err error
	switch h.EventType {
	case replication.GTID_EVENT, replication.ANONYMOUS_GTID_EVENT:
		err = one.Decode(data)
	case replication.GTID_TAGGED_LOG_EVENT:
		var tagged replication.GtidTaggedLogEvent
		err = tagged.Decode(data)
		one.GTIDEvent = tagged.GTIDEvent
	case replication.MARIADB_GTID_EVENT:
		var maria mariadbGTID
		if err := maria.decode(h, data); err != nil {
			return nil, fmt.Errorf("decode %s: %w", h.EventType, err)
		}
		return &maria, nil
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", h.EventType, err)
	}
	return &one, nil
}

package binlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
)

// A MySQL server that gives its transactions no GTIDs is read by file and
// offset. They mean something on that one server alone, so that such a source
// cannot fail over, and a change's identity is where its row stands.

// filePlace names a transaction by where it begins: `<file>:<offset>`.
type filePlace struct {
	file   string
	offset uint32
}

func (p *filePlace) append(dst []byte) []byte {
	dst = append(append(dst, p.file...), ':')
	return strconv.AppendUint(dst, uint64(p.offset), 10)
}

// fileProgress is that of a source that is read by file: the position's file
// and offset say it all.
type fileProgress struct{}

func (fileProgress) add(gtid) error { return nil }

func (fileProgress) prepare(gtid, *Branch) error { return nil }

func (fileProgress) decide(gtid, Branch) error { return nil }

func (fileProgress) stamp(*Position) {}

// beginMySQL starts a transaction from MySQL's GTID event, which is there
// whether it has a GTID or is anonymous.
func (s *stream) beginMySQL(h *replication.EventHeader) error {
	micros := int64(s.mysql.OriginalCommitTimestamp)
	if !s.position.ByFile {
		return s.begin(h, &s.mysql, micros)
	}
	s.place = filePlace{s.file, h.LogPos - h.EventSize}
	return s.begin(h, &s.place, micros)
}

// rotate moves on to the next file. Where the position is one of files it goes
// along at once: a quiet server may remove a file that was read to its end, and a
// position in it would then say that there was more.
func (s *stream) rotate(e *replication.RotateEvent) {
	s.file, s.reached = string(e.NextLogName), uint32(e.Position)
	p := &s.position
	if !p.ByFile || s.tx.open || p.File == s.file && uint64(p.Pos) == e.Position {
		return
	}
	p.File, p.Pos = s.file, uint32(e.Position)
	s.moved = true
	s.offer()
}

// checkOffset stops where offsets in a file can no longer be told: they have 32
// bits, and a server writes a transaction into one file however large it is, and
// those beside it that are committed with it. What is read again stands elsewhere.
func (s *stream) checkOffset(h *replication.EventHeader) error {
	if !s.position.ByFile || s.tx.open && s.tx.xa == xaReleasing || h.LogPos == 0 {
		return nil
	}
	if h.LogPos < s.reached {
		return errFileTooLong
	}
	s.reached = h.LogPos
	return nil
}

// appendPlace appends what tells a change from the others in its file: where its
// rows event begins and the row's index there. Events inside of a compressed
// transaction begin at the same place, and are numbered.
func (s *stream) appendPlace(dst []byte, e envelope) []byte {
	dst = strconv.AppendUint(append(dst, ':'), e.pos, 10)
	dst = append(dst, ':')
	if s.innerEvent > 0 {
		dst = append(strconv.AppendInt(dst, int64(s.innerEvent), 10), '.')
	}
	return strconv.AppendInt(dst, int64(e.row), 10)
}

// binlogEnd is where the server's binlog ends: always behind a whole transaction.
func (s *server) binlogEnd(ctx context.Context) (end mysql.Position, err error) {
	rows, err := s.db.QueryContext(ctx, "SHOW BINARY LOG STATUS")
	if err != nil { // Before MySQL 8.2.
		rows, err = s.db.QueryContext(ctx, "SHOW MASTER STATUS")
	}
	if err != nil {
		return end, fmt.Errorf("read where the server's binlog ends: %w", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return end, fmt.Errorf("read where the server's binlog ends: %w", err)
	}
	cells := make([]any, len(columns))
	for i := range cells {
		cells[i] = new(sql.RawBytes)
	}
	var offset uint64
	cells[0], cells[1] = &end.Name, &offset
	if !rows.Next() {
		return end, errors.Join(errors.New("read where the server's binlog ends: the server says nothing"), rows.Err())
	}
	if err := rows.Scan(cells...); err != nil {
		return end, fmt.Errorf("read where the server's binlog ends: %w", err)
	}
	if offset >= 1<<32 {
		return end, fmt.Errorf("read where the server's binlog ends: file %s at %d: %w, or FLUSH BINARY LOGS", end.Name, offset, errFileTooLong)
	}
	end.Pos = uint32(offset)
	return end, rows.Err()
}

// files proves that a position by file belongs to the server: it is the server
// that it was read from, which still has the file, up to the offset.
func (p *proof) files(ctx context.Context) error {
	at := p.position
	if p.history.server != at.ServerUUID {
		return p.refuse(refusedServer, fmt.Sprintf("its position is an offset in a binlog file of server %s, and means nothing on server %s", at.ServerUUID, p.history.server),
			"point source.dsn at the right server; if this is a copy of it with the same files, telltale positions trust; otherwise "+resetCommand)
	}
	all, err := p.server.binlogFiles(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(f logFile) bool { return f.name == at.File })
	switch {
	case i >= 0 && all[i].size >= uint64(at.Pos):
	case i >= 0:
		return p.refuse(refusedLacking, fmt.Sprintf("server %s lacks transactions that were published: published up to %s:%d, and the file ends at %d; it was reset or restored from a backup",
			p.history.server, at.File, at.Pos, all[i].size), mendElsewhere)
	case len(all) > 0 && at.File < all[0].name:
		return p.refuse(refusedPurged, fmt.Sprintf("server %s no longer keeps binlog file %s, which was not published to its end; its oldest is %s", p.history.server, at.File, all[0].name), resetCommand)
	default:
		return p.refuse(refusedLacking, fmt.Sprintf("server %s lacks binlog file %s, up to which it was published; it was reset or restored from a backup", p.history.server, at.File), mendElsewhere)
	}
	keeps := func(place string) bool {
		file, _, _ := parsePlace(place) // What is no place is in no file.
		return slices.ContainsFunc(all, func(f logFile) bool { return f.name == file })
	}
	for _, b := range at.Undecided {
		if !keeps(b.GTID) {
			return p.refuse(refusedPurged, fmt.Sprintf(unkeptBranch, p.history.server, b.XID, b.GTID), resetCommand)
		}
	}
	if at.Last != "" && !keeps(at.Last) {
		return p.purgedLast()
	}
	return nil
}

// everything is where the oldest file that the server keeps begins.
func (s *server) everything(ctx context.Context) (origin, error) {
	all, err := s.binlogFiles(ctx)
	if err != nil {
		return origin{}, err
	}
	if len(all) == 0 {
		return origin{}, errors.New("the server has no binlog file")
	}
	return origin{at: mysql.Position{Name: all[0].name, Pos: 4}}, nil // Behind the magic number.
}

// parsePlace takes a transaction's place apart, `<file>:<offset>`.
func parsePlace(place string) (file string, offset uint32, err error) {
	i := strings.LastIndexByte(place, ':')
	if i < 0 {
		return "", 0, fmt.Errorf("place %q has no offset", place)
	}
	n, err := strconv.ParseUint(place[i+1:], 10, 32)
	if err != nil {
		return "", 0, fmt.Errorf("parse the offset of place %q: %w", place, err)
	}
	return place[:i], uint32(n), nil
}

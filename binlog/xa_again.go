package binlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
)

// errBranchEnd ends the reading of a branch's rows.
var errBranchEnd = errors.New("the end of an XA branch")

// unknownBranchError is returned when a branch is committed whose PREPARE the
// reader has not seen: it began in between. The next session looks for it.
type unknownBranchError struct{ xid, outcome string }

func (e *unknownBranchError) Error() string {
	return fmt.Sprintf("transaction %s commits XA branch %s, which was prepared before the position; looking for its rows in older binlog files", e.outcome, e.xid)
}

// branchPatience is how long the server may take to find a branch.
const branchPatience = time.Minute

// readAgain publishes the rows of a branch from the server, on a connection of
// its own, while that of the stream waits.
func (s *stream) readAgain(b Branch) error {
	if s.options.again == nil { // What is only looked at is not captured.
		return nil
	}
	payloads := s.payloads // The branch may end inside a compressed transaction.
	s.payloads = payloadReader{}
	defer func() { s.payloads = payloads }()
	r := &branchReader{stream: s, gtid: b.GTID, until: s.options.now().Add(branchPatience)}
	s.mu.Unlock() // The connection's own goroutine takes it, event by event.
	err := s.options.again(b, r)
	s.mu.Lock()
	switch {
	case errors.Is(r.err, errBranchEnd):
		return nil
	case r.err != nil:
		return fmt.Errorf("XA branch %s, prepared by %s: %w", b.XID, b.GTID, r.err)
	}
	return &outsideError{fmt.Errorf("read XA branch %s, prepared by %s, again: %w", b.XID, b.GTID, err)}
}

// branchReader hands the events of one transaction to a stream.
type branchReader struct {
	stream *stream
	gtid   string
	until  time.Time
	inside bool
	err    error
}

// HandleEvent implements replication.EventHandler.
func (r *branchReader) HandleEvent(e *replication.BinlogEvent) error {
	s := r.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if r.err = r.handle(e); r.err != nil {
		return r.err
	}
	return s.awaitRoom()
}

func (r *branchReader) handle(e *replication.BinlogEvent) error {
	var data []byte
	if _, ok := e.Event.(*replication.GenericEvent); !ok {
		if err := r.stream.intact(e); err != nil {
			return err
		}
	}
	switch event := e.Event.(type) {
	case *replication.RotateEvent:
		r.stream.file = string(event.NextLogName)
		return nil
	case *replication.FormatDescriptionEvent:
		r.stream.fde = append(r.stream.fde[:0], e.RawData...)
		return nil
	case *replication.GenericEvent:
		data = event.Data
	}
	name, err := parseGTID(e.Header, data)
	switch {
	case err != nil:
		return err
	case name != nil:
		if r.stream.position.ByFile {
			name = &filePlace{r.stream.file, e.Header.LogPos - e.Header.EventSize}
		}
		r.inside = string(name.append(nil)) == r.gtid
		return nil
	case r.inside:
		return r.stream.handle(e)
	case r.stream.options.now().After(r.until):
		return &outsideError{fmt.Errorf("the server did not send transaction %s within %v", r.gtid, branchPatience)}
	}
	return nil
}

// again has the server send the PREPARE of a branch, and what follows it.
func (r *reader) again(ctx context.Context, srv *server, byFile bool, b Branch, h replication.EventHandler) error {
	has, err := srv.dialect.history(ctx, srv)
	if err != nil {
		return err
	}
	from, _, err := beforeLast(Position{ByFile: byFile, GTIDSet: has.executed.String(), Last: b.GTID, Previous: b.Previous}, srv.dialect)
	if err != nil {
		return err
	}
	// MariaDB ends a connection at the next of the same server id.
	aside := max(r.o.ServerID^1<<31, 1)
	return dump(ctx, r.dsn, dumpOptions{flavor: srv.dialect.flavor(), source: r.o.Name, serverID: aside, heartbeat: r.o.heartbeat, from: from}, h)
}

const unkeptBranch = "server %s no longer keeps the rows of XA branch %s, prepared by %s and undecided"

// keepsBranches checks that the server still has the rows of undecided branches.
func keepsBranches(o Options, d dialect, p Position, h history) error {
	for _, b := range p.Undecided {
		prepare, err := d.parse(b.GTID)
		if err != nil {
			return err
		}
		var kind, reason string
		switch {
		case h.purged.Contain(prepare):
			kind, reason = refusedPurged, unkeptBranch
		case !h.executed.Contain(prepare):
			kind, reason = refusedLacking, "server %s lacks the PREPARE of XA branch %s, %s, which was read and is undecided"
		default:
			continue
		}
		return &ResumeError{Source: o.Name, Kind: kind, Reason: fmt.Sprintf(reason, h.server, b.XID, b.GTID), Mend: resetCommand}
	}
	return nil
}

// findBranch looks in all that the server keeps for the PREPARE of a branch
// that a later transaction committed.
func findBranch(ctx context.Context, r *reader, srv *server, h history, byFile bool, u unknownBranchError) (Branch, bool, error) {
	d := srv.dialect
	var found Branch
	from, done, err := origin{gtids: h.purged}, d.progress(h.purged), error(nil)
	if byFile {
		done = fileProgress{}
		if from, err = srv.everything(ctx); err != nil {
			return found, false, err
		}
	}
	var s *stream
	s = newStream(streamOptions{
		flavor:   d.flavor(),
		position: Position{ByFile: byFile},
		progress: done,
		metrics:  newMetrics(nil),
		now:      time.Now,
		onCommit: func(gtid string, _ *fingerprint) error {
			if gtid == u.outcome {
				return errVerified
			}
			found, _ = s.branches.find(u.xid)
			return nil
		},
	})
	err = dump(ctx, r.dsn, dumpOptions{flavor: d.flavor(), source: r.o.Name, serverID: r.o.ServerID, heartbeat: r.o.heartbeat, from: from}, s)
	if !errors.Is(err, errVerified) {
		return found, false, fmt.Errorf("look for XA branch %s: %w", u.xid, err)
	}
	return found, found.XID != "", nil
}

// findBranches adds to a position the branches that its reader did not know.
func (r *reader) findBranches(ctx context.Context, srv *server, h history, p *Position) error {
	for _, u := range r.unknown {
		b, found, err := findBranch(ctx, r, srv, h, p.ByFile, u)
		if err != nil {
			return err
		}
		if !found {
			return &ResumeError{
				Source: r.o.Name,
				Kind:   refusedPurged,
				Reason: fmt.Sprintf("transaction %s commits XA branch %s, whose rows are in no binlog file that server %s still keeps", u.outcome, u.xid, h.server),
				Mend:   resetCommand,
			}
		}
		r.o.Logger.Info("found the rows of an XA branch from before the position", "xid", b.XID, "gtid", b.GTID)
		p.Undecided = append(p.Undecided, b)
	}
	r.unknown = nil
	return nil
}

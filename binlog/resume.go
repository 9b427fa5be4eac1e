package binlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	driver "github.com/go-sql-driver/mysql"
)

// What mends a position that cannot be gone on from.
const (
	// resetCommand mends any position.
	resetCommand  = "telltale positions reset (starts at the server's newest transaction; what lies between is never published)"
	mendElsewhere = "point source.dsn at the right server, or " + resetCommand
	mendTrust     = "if this is the same history, telltale positions trust; otherwise " + resetCommand
)

// proof is what shows that a stored position belongs to the server's history
// (I4): the server has all that was published, still keeps all that was not,
// and the last published transaction, asked for again, has the fingerprint that
// it had.
type proof struct {
	options  Options
	dsn      *driver.Config
	server   *server
	position Position
	history  history
}

func (p *proof) refuse(kind, reason, mend string) error {
	return &ResumeError{Source: p.options.Name, Kind: kind, Reason: reason, Mend: mend}
}

// run returns a ResumeError where the proof fails.
func (p *proof) run(ctx context.Context) error {
	d := p.server.dialect
	if had, has := cmp.Or(p.position.Flavor, mysql.MySQLFlavor), d.flavor(); had != has {
		return p.refuse(refusedFlavor, fmt.Sprintf("its position is one of a %s server, and server %s is %s", had, p.history.server, has), mendElsewhere)
	}
	belongs := p.gtids
	if p.position.ByFile {
		belongs = p.files
	}
	if err := belongs(ctx); err != nil {
		return err
	}
	if p.position.Last == "" {
		return nil
	}
	return p.last(ctx)
}

// gtids proves that the server has what was published and keeps what was not.
func (p *proof) gtids(ctx context.Context) error {
	d := p.server.dialect
	if p.history.byFile {
		return p.refuse(refusedNoGTIDs, fmt.Sprintf("its position is a set of GTIDs, and server %s no longer gives each transaction one", p.history.server),
			"SET GLOBAL gtid_mode to ON again, step by step, or "+resetCommand)
	}
	stored, err := d.parse(p.position.GTIDSet)
	if err != nil {
		return err
	}
	read, err := d.read(p.position)
	if err != nil {
		return err
	}
	if err := p.catchUp(ctx, read); err != nil {
		return err
	}
	if !p.history.executed.Contain(stored) {
		return p.refuse(refusedLacking, fmt.Sprintf("server %s lacks transactions that were published: %s; published %s, the server has %s; it was reset, restored from a backup, or is another server",
			p.history.server, d.less(stored, p.history.executed), p.position.GTIDSet, p.history.executed), mendElsewhere)
	}
	if err := keepsBranches(p.options, d, p.position, p.history); err != nil {
		return err
	}
	if !stored.Contain(p.history.purged) {
		return p.refuse(refusedPurged, fmt.Sprintf("server %s no longer keeps transactions that were not published: %s; published %s, purged %s",
			p.history.server, d.less(p.history.purged, stored), p.position.GTIDSet, p.history.purged), resetCommand)
	}
	if p.position.Last == "" {
		return nil
	}
	last, err := d.parse(p.position.Last)
	if err != nil {
		return err
	}
	if p.history.purged.Contain(last) {
		return p.purgedLast()
	}
	return nil
}

func (p *proof) purgedLast() error {
	return p.refuse(refusedUnproved, fmt.Sprintf("server %s has purged transaction %s, the last one published, so that it cannot be compared", p.history.server, p.position.Last), mendTrust)
}

// catchUpTime is how long a replica that has taken over may still apply what it
// has received.
const catchUpTime = 10 * time.Second

// catchUp gives a server that is not the one before the time to apply what was
// read, undecided XA branches included: whoever moves an address may be quicker
// than the replica.
func (p *proof) catchUp(ctx context.Context, read mysql.GTIDSet) error {
	if p.history.server == p.position.ServerUUID {
		return nil
	}
	p.options.Logger.Info("another server than before", "source", p.options.Name, "before", p.position.ServerUUID, "now", p.history.server)
	for deadline := time.Now().Add(p.options.catchUp); !p.history.executed.Contain(read) && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(catchUpTime / 20):
		}
		var err error
		if p.history, err = p.server.dialect.history(ctx, p.server); err != nil {
			return err
		}
	}
	return nil
}

// last compares the last published transaction, and refuses a server with
// transactions of its own before it.
func (p *proof) last(ctx context.Context) error {
	got, errant, err := p.fingerprint(ctx)
	if p.unsent(err) {
		return p.refuse(refusedUnproved, fmt.Sprintf("server %s does not send transaction %s, the last one published, so that it cannot be compared: %v", p.history.server, p.position.Last, err), mendTrust)
	}
	if err != nil {
		return err
	}
	if got != p.position.Fingerprint {
		return p.refuse(refusedDiverged, fmt.Sprintf("transaction %s on server %s is not the one that was published: fingerprint %s, published %s; its name was used again after a reset or a restore",
			p.position.Last, p.history.server, got, p.position.Fingerprint), resetCommand)
	}
	if len(errant) > 0 {
		return p.refuse(refusedErrant, fmt.Sprintf("server %s has transactions of its own before the last one published, %s, that were not published: %s; somebody wrote to it while it was a replica",
			p.history.server, p.position.Last, strings.Join(errant, ",")),
			"telltale positions trust (publishes them now, behind changes that were made after them); otherwise "+resetCommand)
	}
	return nil
}

// unsent reports whether the server has no such transaction. An offset may by now
// stand in the middle of an event, where anything can be read.
func (p *proof) unsent(err error) bool {
	var stop *StopError
	var event *replication.EventError
	return binlogRefused(err) || errors.As(err, &stop) || p.position.ByFile && (errors.Is(err, errChecksum) || errors.As(err, &event))
}

// maxErrant bounds how many transactions an error names.
const maxErrant = 10

// fingerprint reads the position's last transaction again, and names what the
// server itself did before it and was not published.
func (p *proof) fingerprint(ctx context.Context) (got string, errant []string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, fmt.Errorf("the server did not send transaction %s within a minute", p.position.Last))
	defer cancel()
	d := p.server.dialect
	from, done, err := beforeLast(p.position, d)
	if err != nil {
		return "", nil, err
	}
	s := newStream(streamOptions{
		flavor:   d.flavor(),
		position: Position{ByFile: p.position.ByFile},
		progress: done,
		metrics:  newMetrics(nil),
		now:      time.Now,
		onCommit: func(one string, f *fingerprint) error {
			if one == p.position.Last {
				got = f.String()
				return errVerified
			}
			if len(errant) < maxErrant && !p.position.ByFile && d.errant(one, p.position, p.history) {
				errant = append(errant, one)
			}
			return nil
		},
	})
	err = dump(ctx, p.dsn, dumpOptions{flavor: d.flavor(), source: p.options.Name, serverID: p.options.ServerID, heartbeat: p.options.heartbeat, from: from}, s)
	if errors.Is(err, errVerified) {
		return got, errant, nil
	}
	return "", nil, fmt.Errorf("read transaction %s again: %w", p.position.Last, err)
}

// origin is where the server is asked to begin: behind a set of GTIDs or, where
// that is nil, at an offset in a file.
type origin struct {
	gtids mysql.GTIDSet
	at    mysql.Position
}

// originOf is where a reader goes on from a position, and how far it is then.
func originOf(p Position, d dialect) (origin, progress, error) {
	if p.ByFile {
		return origin{at: mysql.Position{Name: p.File, Pos: p.Pos}}, fileProgress{}, nil
	}
	read, err := d.read(p)
	if err != nil {
		return origin{}, nil, err
	}
	published, err := d.parse(p.GTIDSet)
	if err != nil {
		return origin{}, nil, err
	}
	return origin{gtids: read}, d.progress(published), nil
}

// beforeLast is where a server must be asked to send a position's last
// transaction again.
func beforeLast(p Position, d dialect) (origin, progress, error) {
	if p.ByFile {
		file, offset, err := parsePlace(p.Last)
		return origin{at: mysql.Position{Name: file, Pos: offset}}, fileProgress{}, err
	}
	set, err := d.before(p)
	if err != nil {
		return origin{}, nil, err
	}
	return origin{gtids: set}, d.progress(set), nil
}

package binlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	driver "github.com/go-sql-driver/mysql"
)

// heartbeat is how often an idle server says that it is there.
const heartbeat = 5 * time.Second

// dumpOptions say what is read.
type dumpOptions struct {
	flavor string
	// serverID is what the reader calls itself.
	serverID uint32
	from     mysql.GTIDSet
}

// dump follows a server's binlog behind a GTID set and hands every event to h,
// on the connection's own goroutine and in raw form, until h or the
// connection fails or ctx ends. It does not reconnect: whoever calls it again
// starts from what was committed.
func dump(ctx context.Context, dsn *driver.Config, o dumpOptions, h replication.EventHandler) error {
	alive := &pulse{handler: h}
	config := replication.BinlogSyncerConfig{
		ServerID:         o.serverID,
		Flavor:           o.flavor,
		User:             dsn.User,
		Password:         dsn.Passwd,
		TLSConfig:        dsn.TLS,
		RawModeEnabled:   true,
		HeartbeatPeriod:  heartbeat,
		DisableRetrySync: true,
		DiscardGTIDSet:   true,
		VerifyChecksum:   true,
		EventCacheCount:  1,
		// MariaDB is asked for statements, and from 11.4 on leaves to the reader
		// to count where an event inside a transaction ends.
		DumpCommandFlag:         replication.BINLOG_SEND_ANNOTATE_ROWS_EVENT,
		FillZeroLogPos:          true,
		SynchronousEventHandler: alive,
		Logger:                  slog.New(slog.DiscardHandler), // What matters comes back as an error.
	}
	if err := setAddress(&config, dsn); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	config.Dialer = dialer(ctx)
	syncer := replication.NewBinlogSyncer(config)
	defer syncer.Close()
	streamer, err := syncer.StartSyncGTID(o.from.Clone())
	if err != nil {
		return fmt.Errorf("ask %s for the binlog: %w", dsn.Addr, err)
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := alive.watch(ctx, heartbeat); err != nil {
			cancel(fmt.Errorf("read the binlog of %s: %w", dsn.Addr, err))
		}
	}()
	defer func() { cancel(nil); <-watched }()
	for {
		// The events go to h; only the end of the connection arrives here.
		if _, err := streamer.GetEvent(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("read the binlog of %s: %w", dsn.Addr, err)
		}
	}
}

// closeTimeout bounds what a connection may still do after the end: the library
// asks the server, on a new one, to kill the old.
const closeTimeout = time.Second

// dialer makes connections that do not outlast ctx by more than closeTimeout: the
// library itself waits for a server that accepts and says nothing, also when it
// is told to close.
func dialer(ctx context.Context) func(context.Context, string, string) (net.Conn, error) {
	return func(dialing context.Context, network, addr string) (net.Conn, error) {
		limit := 2 * heartbeat
		if ctx.Err() != nil {
			limit = closeTimeout
		}
		conn, err := (&net.Dialer{Timeout: limit}).DialContext(dialing, network, addr)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now().Add(closeTimeout)) }) // It is closed if that fails.
		return conn, nil
	}
}

func setAddress(c *replication.BinlogSyncerConfig, dsn *driver.Config) error {
	if dsn.Net == "unix" {
		c.Host = dsn.Addr
		return nil
	}
	host, port, err := net.SplitHostPort(dsn.Addr)
	if err != nil {
		return fmt.Errorf("address %q in source.dsn: %w", dsn.Addr, err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("port %q in source.dsn: %w", port, err)
	}
	c.Host, c.Port = host, uint16(n)
	return nil
}

// resetCommand mends a position that the server's history does not lead to.
const resetCommand = "telltale positions reset (starts at the server's newest transaction; what lies between is never published)"

// resume proves that a stored position belongs to the server's history (I4):
// the server has all that was published, still keeps all that was not, and the
// last published transaction, asked for again, has the fingerprint that it had.
func resume(ctx context.Context, o Options, dsn *driver.Config, d dialect, p Position, h history) error {
	refuse := func(reason, mend string) error {
		return &ResumeError{Source: o.Name, Reason: reason, Mend: mend}
	}
	reset := resetCommand
	if had, has := cmp.Or(p.Flavor, mysql.MySQLFlavor), d.flavor(); had != has {
		return refuse(fmt.Sprintf("its position is one of a %s server, and server %s is %s", had, h.server, has), "point source.dsn at the right server, or "+reset)
	}
	stored, err := d.parse(p.GTIDSet)
	if err != nil {
		return err
	}
	if !h.executed.Contain(stored) {
		return refuse(fmt.Sprintf("server %s lacks transactions that were published: published %s, the server has %s; it was reset, restored from a backup, or is another server",
			h.server, p.GTIDSet, h.executed), "point source.dsn at the right server, or "+reset)
	}
	if err := keepsBranches(o, d, p, h); err != nil {
		return err
	}
	if !stored.Contain(h.purged) {
		return refuse(fmt.Sprintf("server %s no longer keeps transactions that were not published: published %s, purged %s",
			h.server, p.GTIDSet, h.purged), reset)
	}
	if p.Last == "" {
		return nil
	}
	last, err := d.parse(p.Last)
	if err != nil {
		return err
	}
	trust := "if this is the same history, telltale positions trust; otherwise " + reset
	if h.purged.Contain(last) {
		return refuse(fmt.Sprintf("server %s has purged transaction %s, the last one published, so that it cannot be compared", h.server, p.Last), trust)
	}
	got, err := fingerprintOf(ctx, o, dsn, d, p)
	if binlogRefused(err) {
		return refuse(fmt.Sprintf("server %s does not send transaction %s, the last one published, so that it cannot be compared: %v", h.server, p.Last, err), trust)
	}
	if err != nil {
		return err
	}
	if got != p.Fingerprint {
		return refuse(fmt.Sprintf("transaction %s on server %s is not the one that was published: fingerprint %s, published %s; the GTID was used again after a restore",
			p.Last, h.server, got, p.Fingerprint), reset)
	}
	return nil
}

// fingerprintOf reads the position's last transaction again.
func fingerprintOf(ctx context.Context, o Options, dsn *driver.Config, d dialect, p Position) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, fmt.Errorf("the server did not send transaction %s within a minute", p.Last))
	defer cancel()
	from, err := d.before(p)
	if err != nil {
		return "", err
	}
	var got string
	s := newStream(streamOptions{
		flavor:   d.flavor(),
		progress: d.progress(from),
		metrics:  newMetrics(nil),
		now:      time.Now,
		onCommit: func(one string, f *fingerprint) error {
			if one != p.Last {
				return nil
			}
			got = f.String()
			return errVerified
		},
	})
	err = dump(ctx, dsn, dumpOptions{flavor: d.flavor(), serverID: o.ServerID, from: from}, s)
	if errors.Is(err, errVerified) {
		return got, nil
	}
	return "", fmt.Errorf("read transaction %s again: %w", p.Last, err)
}

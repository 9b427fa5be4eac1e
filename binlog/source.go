package binlog

import (
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

// dump follows the server's binlog behind a GTID set and hands every event to
// h, on the connection's own goroutine and in raw form, until h or the
// connection fails or ctx ends. It does not reconnect: whoever calls it again
// starts from what was committed.
func dump(ctx context.Context, dsn *driver.Config, serverID uint32, from *mysql.MysqlGTIDSet, h replication.EventHandler) error {
	alive := &pulse{handler: h}
	config := replication.BinlogSyncerConfig{
		ServerID:                serverID,
		Flavor:                  mysql.MySQLFlavor,
		User:                    dsn.User,
		Password:                dsn.Passwd,
		TLSConfig:               dsn.TLS,
		RawModeEnabled:          true,
		HeartbeatPeriod:         heartbeat,
		DisableRetrySync:        true,
		DiscardGTIDSet:          true,
		VerifyChecksum:          true,
		EventCacheCount:         1,
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
	streamer, err := syncer.StartSyncGTID(from.Clone())
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

// resume proves that a stored position belongs to the server's history (I4):
// the server has all that was published, still keeps all that was not, and the
// last published transaction, asked for again, has the fingerprint it had.
func resume(ctx context.Context, o Options, dsn *driver.Config, p Position, h history) error {
	refuse := func(reason, mend string) error {
		return &ResumeError{Source: o.Name, Reason: reason, Mend: mend}
	}
	reset := "telltale positions reset (starts at the server's newest transaction; what lies between is never published)"
	stored, err := p.set()
	if err != nil {
		return err
	}
	if !h.executed.Contain(stored) {
		return refuse(fmt.Sprintf("server %s lacks transactions that were published: published %s, the server has %s; it was reset, restored from a backup, or is another server",
			h.uuid, p.GTIDSet, h.executed), "point source.dsn at the right server, or "+reset)
	}
	if !stored.Contain(h.purged) {
		return refuse(fmt.Sprintf("server %s no longer keeps transactions that were not published: published %s, purged %s",
			h.uuid, p.GTIDSet, h.purged), reset)
	}
	if p.Last == "" {
		return nil
	}
	last, err := Position{GTIDSet: p.Last}.set()
	if err != nil {
		return err
	}
	trust := "if this is the same history, telltale positions trust; otherwise " + reset
	if h.purged.Contain(last) {
		return refuse(fmt.Sprintf("server %s has purged transaction %s, the last one published, so that it cannot be compared", h.uuid, p.Last), trust)
	}
	got, err := fingerprintOf(ctx, o, dsn, stored, last, p.Last)
	if err != nil {
		return err
	}
	if got != p.Fingerprint {
		return refuse(fmt.Sprintf("transaction %s on server %s is not the one that was published: fingerprint %s, published %s; the GTID was used again after a restore",
			p.Last, h.uuid, got, p.Fingerprint), reset)
	}
	return nil
}

// fingerprintOf reads one published transaction again.
func fingerprintOf(ctx context.Context, o Options, dsn *driver.Config, published, last *mysql.MysqlGTIDSet, gtid string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, fmt.Errorf("the server did not send transaction %s within a minute", gtid))
	defer cancel()
	var got string
	s := newStream(streamOptions{
		progress: newProgress(published),
		metrics:  newMetrics(nil),
		now:      time.Now,
		onCommit: func(one string, f *fingerprint) error {
			if one != gtid {
				return nil
			}
			got = f.String()
			return errVerified
		},
	})
	err := dump(ctx, dsn, o.ServerID, without(published, last), s)
	if errors.Is(err, errVerified) {
		return got, nil
	}
	return "", fmt.Errorf("read transaction %s again: %w", gtid, err)
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

package binlog

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	driver "github.com/go-sql-driver/mysql"
)

// defaultHeartbeat is how often an idle server says that it is there.
const defaultHeartbeat = 5 * time.Second

// dumpOptions say what is read.
type dumpOptions struct {
	flavor string
	// source and serverID are what the reader calls itself.
	source   string
	serverID uint32
	// heartbeat is how often an idle server is to say that it is there.
	heartbeat time.Duration
	from      origin
}

// dump follows a server's binlog from where o says and hands every event to h,
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
		HeartbeatPeriod:  o.heartbeat,
		DisableRetrySync: true,
		DiscardGTIDSet:   true,
		EventCacheCount:  1,
		Localhost:        replicaName(o.source),
		// MariaDB is asked for statements, and from 11.4 on leaves to the reader
		// to count where an event inside a transaction ends.
		FillZeroLogPos:          true,
		SynchronousEventHandler: alive,
		Logger:                  slog.New(slog.DiscardHandler), // What matters comes back as an error.
	}
	if err := setAddress(&config, dsn); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	config.Dialer = dialer(ctx, 2*o.heartbeat)
	syncer := replication.NewBinlogSyncer(config)
	defer func() {
		syncer.Close()
		endDump(dsn, syncer.LastConnectionID())
	}()
	// The silence counts from here on: a server may take a connection and then
	// say nothing.
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := alive.watch(ctx, o.heartbeat); err != nil {
			cancel(fmt.Errorf("read the binlog of %s: %w", dsn.Addr, err))
		}
	}()
	defer func() { cancel(nil); <-watched }()
	streamer, err := o.start(syncer)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("ask %s for the binlog: %w", dsn.Addr, err)
	}
	for {
		// The events go to h; only the end of the connection arrives here.
		if _, err := streamer.GetEvent(ctx); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("read the binlog of %s: %w", dsn.Addr, o.named(err))
		}
	}
}

// start asks for the events.
func (o dumpOptions) start(syncer *replication.BinlogSyncer) (*replication.BinlogStreamer, error) {
	switch {
	case o.from.gtids == nil:
		return syncer.StartSync(o.from.at)
	case o.flavor == mysql.MariaDBFlavor:
		return syncer.StartSyncGTID(checksummedGTIDs{o.from.gtids})
	}
	return syncer.StartSyncGTID(o.from.gtids.Clone())
}

// closeTimeout bounds what a connection may still do after the end.
const closeTimeout = time.Second

// dialer makes connections, each within a limit, that do not outlast ctx by more
// than closeTimeout: the library itself waits for a server that accepts and says
// nothing, also when it is told to close. After the end there are none: the library
// would have whatever is at the address by then kill the old connection by its number.
// endDump does so with more care.
func dialer(ctx context.Context, limit time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(dialing context.Context, network, addr string) (net.Conn, error) {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to %s: %w", addr, context.Cause(ctx))
		}
		d := net.Dialer{Timeout: limit}
		conn, err := d.DialContext(dialing, network, addr)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now().Add(closeTimeout)) }) // It is closed if that fails.
		return conn, nil
	}
}

// endDump has the server end a connection on which it sent the binlog. By itself it
// finds with the next heartbeat that nobody reads any more, and waits for that when it
// is shut down. Where the address leads to another server by now, the number is
// somebody else's there: only a connection of this kind and account is ended.
func endDump(dsn *driver.Config, id uint32) {
	if id == 0 {
		return // There was no connection.
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	srv, err := openServer(ctx, dsn)
	if err != nil {
		return // The heartbeat ends it.
	}
	defer srv.Close()
	const query = `SELECT COUNT(*) FROM information_schema.processlist
WHERE id = ? AND command LIKE 'Binlog Dump%' AND user = SUBSTRING_INDEX(USER(), '@', 1)`
	var there bool
	if err := srv.db.QueryRowContext(ctx, query, id).Scan(&there); err == nil && there {
		_, _ = srv.db.ExecContext(ctx, fmt.Sprintf("KILL %d", id)) // So does the heartbeat.
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

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
	defer syncer.Close()
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
// nothing, also when it is told to close. After the end there are none. The library
// would have the server kill the old connection by its number, and where the address
// leads to another server by then, that is somebody else's; the old server ends it
// with its next heartbeat.
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

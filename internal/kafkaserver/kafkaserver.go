// Package kafkaserver is a Kafka broker inside the process, for the demo and
// for tests: kfake, which speaks Kafka's protocol over TCP, with its data on
// disk. Nothing above it knows; clients get an address as of any cluster.
package kafkaserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"telltale/internal/dirlock"
)

// minSessionTimeout is the shortest session that a consumer group may ask
// for. Apache Kafka's default is six seconds; an embedded broker lets a test
// see a lost member sooner.
const minSessionTimeout = 500 * time.Millisecond

// Options say where the broker keeps its data and listens.
type Options struct {
	// Dir keeps the topics, consumer groups and transactional ids; it is
	// created where it is missing and locked against a second broker. Empty:
	// everything is kept in memory.
	Dir string
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Logger gets the broker's warnings and errors. Nil drops them.
	Logger *slog.Logger
}

// Server is a running broker. It is a cluster of one, which creates no topic
// by itself and replicates nothing.
//
// What it acknowledged survives the death of the process: batches, group
// offsets and the outcome of transactions are written to files before the
// answer, though not synced, so that a crash of the machine may lose the
// newest. A transaction that is open when the process dies is aborted at the
// next start. The one thing that is not atomic is the end of a transaction
// itself: a process that is killed while it writes the commit markers of
// several partitions may leave the transaction committed in some and aborted
// in others. Apache Kafka does not have this gap.
type Server struct {
	cluster *kfake.Cluster
	brokers string
	roll    *rollCall
	dir     string
	lock    *dirlock.Lock
	close   sync.Once
}

// Start starts a broker that listens when Start returns. The error wraps
// syscall.EADDRINUSE when the port is taken and dirlock.ErrHeld when another
// process has the directory.
func Start(o Options) (*Server, error) {
	if o.Dir == "" {
		return startCluster(o)
	}
	// A predecessor that was killed lets go within moments.
	const wait = 5 * time.Second
	lock, err := dirlock.Acquire(context.Background(), o.Dir, wait)
	if err != nil {
		return nil, fmt.Errorf("start the embedded Kafka: %w", err)
	}
	server, err := startLocked(o, lock)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return server, nil
}

func startLocked(o Options, lock *dirlock.Lock) (*Server, error) {
	closed, err := takeMark(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("start the embedded Kafka: %w", err)
	}
	if !closed {
		if err := recoverTransactions(o); err != nil {
			return nil, fmt.Errorf("start the embedded Kafka: recover the transactions in %s: %w", o.Dir, err)
		}
	}
	server, err := startCluster(o)
	if err != nil {
		return nil, err
	}
	server.dir, server.lock = o.Dir, lock
	return server, nil
}

func startCluster(o Options) (*Server, error) {
	cluster, err := kfake.NewCluster(clusterOptions(o)...)
	if err != nil {
		return nil, fmt.Errorf("start the embedded Kafka on 127.0.0.1:%d: %w", o.Port, err)
	}
	brokers := strings.Join(cluster.ListenAddrs(), ",")
	roll, err := startRollCall(brokers, newLogger(o.Logger))
	if err != nil {
		cluster.Close()
		return nil, fmt.Errorf("start the embedded Kafka: %w", err)
	}
	cluster.ControlKey(kmsg.SyncGroup.Int16(), roll.observe)
	return &Server{cluster: cluster, brokers: brokers, roll: roll}, nil
}

func clusterOptions(o Options) []kfake.Opt {
	opts := []kfake.Opt{
		kfake.Ports(o.Port),
		kfake.ClusterID("telltale"),
		kfake.GroupMinSessionTimeout(minSessionTimeout),
		kfake.BrokerConfigs(map[string]string{"default.replication.factor": "1"}),
		kfake.WithLogger(newLogger(o.Logger)),
	}
	if o.Dir != "" {
		opts = append(opts, kfake.DataDir(dataDir(o.Dir)))
	}
	return opts
}

// Brokers is the address for bootstrap.servers, "127.0.0.1:" and the port.
func (s *Server) Brokers() string {
	return s.brokers
}

// Close stops the broker and writes what it holds to its directory. Clients
// see their connections end. A second call does nothing.
func (s *Server) Close() {
	s.close.Do(func() {
		s.roll.close()
		s.cluster.Close()
		if s.lock == nil {
			return
		}
		// Without the mark the next start looks for open transactions, which
		// costs it time and nothing else.
		_ = leaveMark(s.dir)
		_ = s.lock.Release()
	})
}

// logger hands kfake's messages to slog. They are formatted texts, so the
// text is the only attribute.
type logger struct {
	log *slog.Logger
}

func newLogger(log *slog.Logger) logger {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return logger{log: log}
}

// Logf implements kfake.Logger. Info and debug are a line or more a request,
// which nobody reads.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("embedded Kafka", "text", fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.log.Warn("embedded Kafka", "text", fmt.Sprintf(format, args...))
	}
}

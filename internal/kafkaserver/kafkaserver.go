// Package kafkaserver is a Kafka broker inside the process, for the demo and
// for tests: kfake, which speaks Kafka's protocol over TCP, with its data on
// disk. Nothing above it knows; clients get an address as of any cluster.
package kafkaserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

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
	lock    *dirlock.Lock
	close   sync.Once
}

// Start starts a broker that listens when Start returns. The error wraps
// syscall.EADDRINUSE when the port is taken and dirlock.ErrHeld when another
// process has the directory.
func Start(o Options) (*Server, error) {
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	cluster, err := kfake.NewCluster(clusterOptions(o)...)
	if err != nil {
		err = fmt.Errorf("start the embedded Kafka on 127.0.0.1:%d in %q: %w", o.Port, o.Dir, err)
		return nil, errors.Join(err, release(lock))
	}
	return &Server{
		cluster: cluster,
		brokers: strings.Join(cluster.ListenAddrs(), ","),
		lock:    lock,
	}, nil
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
		opts = append(opts, kfake.DataDir(o.Dir))
	}
	return opts
}

func lockDir(dir string) (*dirlock.Lock, error) {
	if dir == "" {
		return nil, nil
	}
	// A predecessor that was killed lets go within moments.
	const wait = 5 * time.Second
	lock, err := dirlock.Acquire(context.Background(), dir, wait)
	if err != nil {
		return nil, fmt.Errorf("start the embedded Kafka: %w", err)
	}
	return lock, nil
}

func release(lock *dirlock.Lock) error {
	if lock == nil {
		return nil
	}
	return lock.Release()
}

// Brokers is the address for bootstrap.servers, "127.0.0.1:" and the port.
func (s *Server) Brokers() string {
	return s.brokers
}

// Close stops the broker and writes what it holds to its directory. Clients
// see their connections end. A second call does nothing.
func (s *Server) Close() {
	s.close.Do(func() {
		s.cluster.Close()
		// Nothing is written through the lock's file any more.
		_ = release(s.lock)
	})
}

// logger hands kfake's messages to slog. They are formatted texts, so the
// text is the only attribute.
type logger struct {
	log *slog.Logger
}

func newLogger(log *slog.Logger) logger {
	if log == nil {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
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

// Package apachekafka runs Apache Kafka itself, one KRaft node, as a child
// process for tests and benchmarks. It listens on 127.0.0.1 only, without TLS
// or accounts unless a second listener is asked for, and dies with its parent.
// scripts/fetch-kafka.sh gets it.
package apachekafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"

	"telltale/internal/childproc"
	"telltale/internal/dirlock"
)

// Options say what to run and where.
type Options struct {
	// Jars is the folder of Kafka's jars: the libs of what
	// scripts/fetch-kafka.sh made.
	Jars string
	// Dir gets the broker's data, configuration, log and lock; it is created
	// and formatted where it is missing, and reused as it is otherwise.
	Dir string
	// Port on 127.0.0.1; 0 takes a free one. A broker that is started again
	// has to get its port again, since its clients look for it there.
	Port int
	// Settings are broker settings, "name=value", that win over this
	// package's.
	Settings []string
	// Secure adds a listener with TLS and accounts. Nil adds none.
	Secure *Secure
	// Progress gets a line for each long step. Nil drops them.
	Progress func(string)
}

// Secure is a listener that wants TLS, and SASL by SCRAM-SHA-512 or PLAIN. It
// takes a free port at each start.
type Secure struct {
	// KeyStore is a PEM file of a PKCS #8 key and, behind it, its certificate.
	KeyStore string
	// User may sign in with Password. They must not change while Dir is kept.
	User, Password string
}

// Start starts the broker and returns when it answers, which takes some
// seconds. It creates no topic by itself. ctx bounds the start only; end the
// broker with [Server.Stop]. The error carries the end of the broker's log; it
// wraps exec.ErrNotFound where there is no Java on PATH, syscall.EADDRINUSE
// when Port is taken and dirlock.ErrHeld when another broker uses Dir.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	n := node{Options: o}
	var err error
	if n.java, err = exec.LookPath("java"); err != nil {
		return nil, fmt.Errorf("start Apache Kafka: %w", err)
	}
	// The broker runs in its own folder.
	if n.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, fmt.Errorf("find the folder of the broker: %w", err)
	}
	if n.Jars, err = filepath.Abs(o.Jars); err != nil {
		return nil, fmt.Errorf("find the folder of Kafka's jars: %w", err)
	}
	if n.lock, err = dirlock.Acquire(ctx, n.Dir, lockTimeout); err != nil {
		return nil, fmt.Errorf("start Apache Kafka: %w", err)
	}
	server, err := n.start(ctx)
	// The child has inherited the lock, so it lasts exactly as long as it.
	return server, errors.Join(err, n.lock.Release())
}

func (n *node) start(ctx context.Context) (*Server, error) {
	if err := n.format(ctx); err != nil {
		return nil, err
	}
	cluster, err := clusterID(n.dataDir())
	if err != nil {
		return nil, fmt.Errorf("start Apache Kafka: %w", err)
	}
	want := []int{n.Port, 0}
	if n.Secure != nil {
		want = append(want, 0)
	}
	var server *Server
	err = childproc.OnPorts(ctx, want, func(chosen []int) (err error) {
		p := ports{broker: chosen[0], controller: chosen[1]}
		if n.Secure != nil {
			p.secure = chosen[2]
		}
		server, err = n.startOn(ctx, p, cluster)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start Apache Kafka in %s: %w", n.Dir, err)
	}
	return server, nil
}

// ports are where the node listens: as a broker, as the controller, and with
// TLS, 0 where it does not.
type ports struct {
	broker, controller, secure int
}

// startOn starts the broker on the ports and waits until it answers there.
func (n *node) startOn(ctx context.Context, p ports, cluster string) (*Server, error) {
	s := &Server{
		brokers:  net.JoinHostPort("127.0.0.1", strconv.Itoa(p.broker)),
		secure:   net.JoinHostPort("127.0.0.1", strconv.Itoa(p.secure)),
		logPath:  n.logPath(),
		logStart: childproc.LogSize(n.logPath()),
	}
	if err := n.writeConfig(p, n.dataDir()); err != nil {
		return nil, err
	}
	log, err := n.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close() // The child has its own.
	if s.process, err = childproc.Start(n.command(log, serverJVM, "kafka.Kafka", n.configPath())); err != nil {
		return nil, fmt.Errorf("start %s: %w", n.java, err)
	}
	if err := s.awaitAnswer(ctx, cluster); err != nil {
		return nil, errors.Join(
			fmt.Errorf("on %s: %w", s.brokers, err),
			s.Kill(),
			childproc.LogTail(s.logPath, s.logStart),
		)
	}
	return s, nil
}

// Package mysqlserver runs a real MySQL or MariaDB server as a child process,
// with its own data directory, for the demo and for tests. It listens on 127.0.0.1
// only, lets root in without a password, and dies with its parent.
package mysqlserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"telltale/internal/childproc"
	"telltale/internal/dirlock"
)

const (
	// lockTimeout is how long a predecessor that was just killed, with the
	// process that started it, may take to end.
	lockTimeout = 10 * time.Second
	// portAttempts is how often another free port is tried when somebody
	// takes it between its choice and the server's start.
	portAttempts = 5
	// pollInterval is how often a starting server is asked whether it answers.
	pollInterval = 20 * time.Millisecond
)

// Options say what to run and where.
type Options struct {
	// Binary is the server program, from [Find].
	Binary Binary
	// Dir gets the server's data, log and lock; it is created and initialised
	// where it is missing, and reused as it is otherwise.
	Dir string
	// Port on 127.0.0.1; 0 takes a free one.
	Port int
	// Settings are server options, "name=value" or "name", that win over
	// this package's. The defaults write a complete row binlog with GTIDs
	// and are as durable as MySQL's own, also in MariaDB.
	Settings []string
	// Progress gets a line for each long step. Nil drops them.
	Progress func(string)

	product product
}

// Start starts the server and returns when it answers. ctx bounds the start
// only; end the server with [Server.Stop]. The error carries the end of the
// server's log; it wraps syscall.EADDRINUSE when Port is taken and
// dirlock.ErrHeld when another server uses Dir.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	var err error
	if o.product, err = o.Binary.Flavor.product(); err != nil {
		return nil, fmt.Errorf("start a server: %w", err)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("find the folder of the server: %w", err)
	}
	o.Dir = dir
	lock, err := dirlock.Acquire(ctx, o.Dir, lockTimeout)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", o.product.name, err)
	}
	server, err := startLocked(ctx, o, lock)
	// The child has inherited the lock, so it lasts exactly as long as it.
	return server, errors.Join(err, lock.Release())
}

func startLocked(ctx context.Context, o Options, lock *dirlock.Lock) (*Server, error) {
	if err := initialise(ctx, o, lock); err != nil {
		return nil, err
	}
	if err := removeLeftovers(dataDir(o.Dir)); err != nil {
		return nil, fmt.Errorf("start %s: %w", o.product.name, err)
	}
	for attempt := 1; ; attempt++ {
		port, err := childproc.FreePort(ctx, o.Port)
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", o.product.name, err)
		}
		server, err := startOn(ctx, o, lock, port)
		if err == nil {
			return server, nil
		}
		taken := childproc.PortTaken(ctx, port)
		if !taken || o.Port != 0 || attempt == portAttempts {
			return nil, err
		}
	}
}

// removeLeftovers removes the files by which a killed server still claims its
// socket. The server believes such a claim when any process has the number
// that it holds by now; the lock of the directory proves that there is none.
func removeLeftovers(data string) error {
	for _, name := range []string{socketName, socketName + ".lock", pidName} {
		err := os.Remove(filepath.Join(data, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// startOn starts the server on the port and waits until it answers there.
func startOn(ctx context.Context, o Options, lock *dirlock.Lock, port int) (*Server, error) {
	s := &Server{
		name:    o.product.name,
		flavor:  o.product.flavor,
		addr:    net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		logPath: logPath(o.Dir),
	}
	s.logStart = childproc.LogSize(s.logPath)
	var err error
	if s.process, err = childproc.Start(command(o, serverArgs(o, port), lock.File())); err != nil {
		return nil, fmt.Errorf("start %s: %w", o.Binary.Path, err)
	}
	if err := s.awaitAnswer(ctx, dataDir(o.Dir)); err != nil {
		return nil, errors.Join(
			fmt.Errorf("start %s %s in %s on %s: %w", o.product.name, o.Binary.Version, o.Dir, s.addr, err),
			s.Kill(),
			childproc.LogTail(s.logPath, s.logStart),
		)
	}
	return s, nil
}

// awaitAnswer polls the server until it answers, has ended, or ctx is done.
func (s *Server) awaitAnswer(ctx context.Context, dataDir string) error {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr = "root", "tcp", s.addr
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	for {
		answering, err := answers(ctx, db, dataDir)
		if answering || err != nil {
			return err
		}
		select {
		case <-s.Done():
			return fmt.Errorf("the server ended: %w", s.process.Err())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// answers tells whether the server answers. Another server on the port is an
// error: ours could not listen there and is about to end.
func answers(ctx context.Context, db *sql.DB, dataDir string) (bool, error) {
	var got string
	if err := db.QueryRowContext(ctx, "SELECT @@datadir").Scan(&got); err != nil {
		return false, nil // Refused until it is up; its end is seen elsewhere.
	}
	want, err := os.Stat(dataDir)
	if err != nil {
		return false, err
	}
	seen, err := os.Stat(got)
	if err != nil || !os.SameFile(want, seen) {
		return false, fmt.Errorf("another server, with its data in %s, listens there", got)
	}
	return true, nil
}

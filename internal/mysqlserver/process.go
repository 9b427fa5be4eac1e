package mysqlserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/go-sql-driver/mysql"
)

// Server is a running MySQL server. Its methods are safe for concurrent use.
type Server struct {
	addr     string
	logPath  string
	logStart int64
	cmd      *exec.Cmd
	// done is closed when the process has ended; exit is set before.
	done chan struct{}
	exit error
}

// Addr is the address that the server listens on, "127.0.0.1:" and the port.
func (s *Server) Addr() string {
	return s.addr
}

// DSN is the data source name of root for go-sql-driver, with db as the
// database; an empty db selects none.
func (s *Server) DSN(db string) string {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr, config.DBName = "root", "tcp", s.addr, db
	return config.FormatDSN()
}

// LogPath is the file of the server's error log.
func (s *Server) LogPath() string {
	return s.logPath
}

// Done is closed when the server has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} {
	return s.done
}

// Err says how the server ended, with the end of its log. It is nil while
// the server runs and after it ended by [Server.Stop].
func (s *Server) Err() error {
	select {
	case <-s.done:
	default:
		return nil
	}
	if s.exit == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("MySQL on %s ended: %w", s.addr, s.exit), logTail(s.logPath, s.logStart))
}

// Stop ends the server in order and waits for it. When ctx is done first, the
// server is killed, which costs its next start a recovery but no data, and
// the error says so. Stopping a server that has ended returns nil.
func (s *Server) Stop(ctx context.Context) error {
	// A signal to a process that has just ended is of no consequence.
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stop MySQL on %s: %w; it was killed", s.addr, ctx.Err()), s.kill())
	}
}

// Kill ends the server at once, as a crash would, and waits for it.
func (s *Server) Kill() error {
	return s.kill()
}

func (s *Server) kill() error {
	err := s.cmd.Process.Kill()
	<-s.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// run starts the process and closes done when it has ended.
func (s *Server) run(cmd *exec.Cmd) error {
	s.cmd = cmd
	return startTied(cmd, func(err error) {
		s.exit = err
		close(s.done)
	})
}

// runToEnd runs the process until it has ended, and kills it when ctx is done.
func runToEnd(ctx context.Context, cmd *exec.Cmd) error {
	ended := make(chan error, 1)
	if err := startTied(cmd, func(err error) { ended <- err }); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		_ = cmd.Process.Kill()
		<-ended
		return ctx.Err()
	}
}

// startTied starts the process so that it dies with this one, and calls ended
// when it has. Linux ties a child to the thread that started it, not to the
// process, and the runtime ends threads as it likes; so the goroutine that
// starts it keeps its thread to itself until the child is gone.
func startTied(cmd *exec.Cmd, ended func(error)) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended(waitTied(cmd))
		}
	}()
	return <-started
}

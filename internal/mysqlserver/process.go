package mysqlserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"

	"telltale/internal/childproc"
)

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	name     string
	flavor   Flavor
	addr     string
	logPath  string
	logStart int64
	process  *childproc.Process
}

// Addr is the address that the server listens on, "127.0.0.1:" and the port.
func (s *Server) Addr() string {
	return s.addr
}

// Flavor is which of the two servers it is.
func (s *Server) Flavor() Flavor {
	return s.flavor
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
	return s.process.Done()
}

// Err says how the server ended, with the end of its log. It is nil while
// the server runs and after it ended by [Server.Stop].
func (s *Server) Err() error {
	err := s.process.Err()
	if err == nil {
		return nil
	}
	return errors.Join(fmt.Errorf("%s on %s ended: %w", s.name, s.addr, err), childproc.LogTail(s.logPath, s.logStart))
}

// Stop ends the server in order and waits for it. When ctx is done first, the
// server is killed, which costs its next start a recovery but no data, and
// the error says so. Stopping a server that has ended returns nil.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.process.Stop(ctx); err != nil {
		return fmt.Errorf("stop %s on %s: %w; it was killed", s.name, s.addr, err)
	}
	return nil
}

// Pause has the server stand still: it keeps its connections and does nothing.
func (s *Server) Pause() error {
	if err := s.process.Pause(); err != nil {
		return fmt.Errorf("pause %s on %s: %w", s.name, s.addr, err)
	}
	return nil
}

// Resume has a server that was paused go on.
func (s *Server) Resume() error {
	if err := s.process.Resume(); err != nil {
		return fmt.Errorf("resume %s on %s: %w", s.name, s.addr, err)
	}
	return nil
}

// Kill ends the server at once, as a crash would, and waits for it.
func (s *Server) Kill() error {
	return s.process.Kill()
}

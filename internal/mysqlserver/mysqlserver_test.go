package mysqlserver_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"telltale/internal/dirlock"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

func TestStartSettings(t *testing.T) {
	t.Parallel()
	server := mysqltest.Start(t, "max-connections=33")
	db := mysqltest.DB(t, server, "odd`name")

	want := map[string]string{
		"bind_address":                 "127.0.0.1",
		"log_bin":                      "1",
		"gtid_mode":                    "ON",
		"enforce_gtid_consistency":     "ON",
		"binlog_format":                "ROW",
		"binlog_row_image":             "FULL",
		"binlog_row_metadata":          "FULL",
		"binlog_rows_query_log_events": "1",
		"server_id":                    "1",
		"max_connections":              "33",
	}
	for name, value := range want {
		if got := variable(t, db, name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	var database string
	if err := db.QueryRow("SELECT DATABASE()").Scan(&database); err != nil || database != "odd`name" {
		t.Errorf("database: got %q (%v), want %q", database, err, "odd`name")
	}
}

func TestServersAreDistinct(t *testing.T) {
	t.Parallel()
	one := mysqltest.DB(t, mysqltest.Start(t), "shop")
	two := mysqltest.DB(t, mysqltest.Start(t), "shop")
	if a, b := variable(t, one, "server_uuid"), variable(t, two, "server_uuid"); a == b {
		t.Errorf("two servers share the UUID %s, so their GTIDs would too", a)
	}
	if got := variable(t, one, "gtid_purged"); got != "" {
		t.Errorf("gtid_purged of a fresh server: got %q, want none", got)
	}
}

// MariaDB's settings are what the reader of its binlog needs.
func TestStartSettingsOfMariaDB(t *testing.T) {
	t.Parallel()
	servers := mysqltest.Servers{Flavor: mysqlserver.MariaDB}
	server := servers.Start(t, "max-connections=33")
	db := mysqltest.DB(t, server, "odd`name")
	want := map[string]string{
		"bind_address":               "127.0.0.1",
		"log_bin":                    "1",
		"gtid_strict_mode":           "1",
		"binlog_format":              "ROW",
		"binlog_row_image":           "FULL",
		"binlog_row_metadata":        "FULL",
		"binlog_annotate_row_events": "1",
		"character_set_server":       "utf8mb4",
		"server_id":                  "1",
		"max_connections":            "33",
		"gtid_binlog_pos":            "0-1-1", // The creation of the database alone.
	}
	for name, value := range want {
		if got := variable(t, db, name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	if got := server.Flavor(); got != mysqlserver.MariaDB {
		t.Errorf("got flavor %s", got)
	}
}

func TestStopAndStartAgain(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testStopAndStartAgain)
}

func testStopAndStartAgain(t *testing.T, servers mysqltest.Servers) {
	executed := "gtid_executed"
	if servers.Flavor == mysqlserver.MariaDB {
		executed = "gtid_binlog_pos"
	}
	tests := []struct {
		name string
		end  func(*mysqlserver.Server) error
	}{
		{"after an orderly stop", func(s *mysqlserver.Server) error { return s.Stop(t.Context()) }},
		{"after a crash", (*mysqlserver.Server).Kill},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			first := servers.StartIn(t, dir)
			db := mysqltest.DB(t, first, "shop")
			exec(t, db, "CREATE TABLE t (id INT PRIMARY KEY)")
			exec(t, db, "INSERT INTO t VALUES (7)")
			before := variable(t, db, executed)
			if err := tt.end(first); err != nil {
				t.Fatal(err)
			}

			db = mysqltest.DB(t, servers.StartIn(t, dir), "shop")
			var id int
			if err := db.QueryRow("SELECT id FROM t").Scan(&id); err != nil || id != 7 {
				t.Errorf("got row %d (%v), want 7", id, err)
			}
			if got := variable(t, db, executed); got != before {
				t.Errorf("%s: got %q, want %q", executed, got, before)
			}
		})
	}
}

// TestInitialise makes the data directory by Start itself, below a path that
// is longer than a socket's may be.
func TestInitialise(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testInitialise)
}

func testInitialise(t *testing.T, servers mysqltest.Servers) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30), "mysql")
	var progress []string
	server, err := mysqlserver.Start(t.Context(), mysqlserver.Options{
		Binary:   servers.Binary(t),
		Dir:      dir,
		Progress: func(line string) { progress = append(progress, line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	db := mysqltest.DB(t, server, "shop")
	if got := variable(t, db, "sync_binlog"); got != "1" {
		t.Errorf("sync_binlog: got %s, want 1, which is durable", got)
	}
	if servers.Flavor == mysqlserver.MySQL {
		if got := variable(t, db, "gtid_executed"); !strings.HasSuffix(got, ":1") {
			t.Errorf("gtid_executed: got %q, want only the creation of the database", got)
		}
	}
	if err := server.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if err := server.Stop(t.Context()); err != nil {
		t.Errorf("second Stop: %v", err)
	}
	if err := server.Err(); err != nil {
		t.Errorf("Err after an orderly stop: got %v, want nil", err)
	}
	if len(progress) != 1 {
		t.Errorf("progress: got %q, want one line", progress)
	}
}

func TestKilledServerSaysSo(t *testing.T) {
	t.Parallel()
	server := mysqltest.Start(t)
	if err := server.Err(); err != nil {
		t.Errorf("while it runs: got %v, want nil", err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-server.Done():
	default:
		t.Error("Done is open after the server has ended")
	}
	if err := server.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got %v, want how it ended", err)
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	binary := mysqltest.Binary(t)
	running := mysqltest.Start(t)
	_, portText, err := net.SplitHostPort(running.Addr())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		t.Fatal(err)
	}
	initialised := t.TempDir()
	if err := mysqltest.StartIn(t, initialised).Kill(); err != nil {
		t.Fatal(err)
	}
	used := filepath.Dir(running.LogPath())

	tests := []struct {
		name    string
		options mysqlserver.Options
		is      error
		texts   []string
	}{
		{
			name:    "port taken",
			options: mysqlserver.Options{Binary: binary, Dir: initialised, Port: port},
			is:      syscall.EADDRINUSE,
			texts:   []string{running.Addr()},
		},
		{
			name:    "directory in use",
			options: mysqlserver.Options{Binary: binary, Dir: used},
			is:      dirlock.ErrHeld,
			texts:   []string{used, "process"},
		},
		{
			name:    "unknown setting",
			options: mysqlserver.Options{Binary: binary, Dir: initialised, Settings: []string{"no-such-setting=1"}},
			texts:   []string{"the server ended", "mysqld.log", "no-such-setting"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Not parallel: two of them share a directory.
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			server, err := mysqlserver.Start(ctx, tt.options)
			if err == nil {
				t.Fatalf("got a server on %s, want an error", server.Addr())
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want it to be %v", err, tt.is)
			}
			for _, text := range tt.texts {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("got %q, want it to contain %q", err, text)
				}
			}
		})
	}
}

func TestStartStopsWithItsContext(t *testing.T) {
	t.Parallel()
	binary := mysqltest.Binary(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	dir := t.TempDir()
	_, err := mysqlserver.Start(ctx, mysqlserver.Options{Binary: binary, Dir: dir})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the context's error", err)
	}
	// A launcher that was killed may have had a command under way, which holds
	// the lock until it ends; a server would hold it for ever.
	lock, err := dirlock.Acquire(t.Context(), dir, 10*time.Second)
	if err != nil {
		t.Fatalf("a process still uses the directory: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}

func exec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func variable(t *testing.T, db *sql.DB, name string) string {
	t.Helper()
	var value sql.NullString
	query := fmt.Sprintf("SELECT @@global.%s", name)
	if err := db.QueryRowContext(t.Context(), query).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value.String
}

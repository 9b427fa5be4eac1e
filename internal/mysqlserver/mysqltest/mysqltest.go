// Package mysqltest starts MySQL and MariaDB servers for tests.
package mysqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // The driver that sql.Open needs by name.

	"telltale/internal/dirlock"
	"telltale/internal/mysqlserver"
)

// Limits of one start. Fetching is once a checkout.
const (
	fetchTimeout = 10 * time.Minute
	startTimeout = 2 * time.Minute
)

// volatile are settings that leave the syncing to the operating system. A
// crash of the machine would lose data by them, a killed server does not.
var volatile = []string{
	"innodb-flush-log-at-trx-commit=2",
	"sync-binlog=0",
	"skip-innodb-doublewrite",
}

// Servers starts servers of one flavor. The package's functions of the same
// names start MySQL.
type Servers struct {
	// Flavor is which server. Default MySQL.
	Flavor mysqlserver.Flavor
}

// Each runs a test once on MySQL and once on MariaDB, as parallel subtests.
func Each(t *testing.T, test func(*testing.T, Servers)) {
	t.Helper()
	for _, flavor := range []mysqlserver.Flavor{mysqlserver.MySQL, mysqlserver.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			t.Parallel()
			test(t, Servers{Flavor: flavor})
		})
	}
}

// Start starts a MySQL server as [Servers.Start] does.
func Start(t testing.TB, settings ...string) *mysqlserver.Server {
	t.Helper()
	return Servers{}.Start(t, settings...)
}

// StartIn starts a MySQL server as [Servers.StartIn] does.
func StartIn(t testing.TB, dir string, settings ...string) *mysqlserver.Server {
	t.Helper()
	return Servers{}.StartIn(t, dir, settings...)
}

// Binary returns the program of a MySQL server as [Servers.Binary] does.
func Binary(t testing.TB) mysqlserver.Binary {
	t.Helper()
	return Servers{}.Binary(t)
}

// Start starts a server of the test's own on a free port and kills it when
// the test and its subtests are done. Settings are server options such as
// "binlog-row-metadata=MINIMAL". When the test has failed, the end of the
// server's log is in the test's log.
//
// The data directory is copied from a template in the repository's .tools,
// made by the first call, so that a start takes about a second.
func (s Servers) Start(t testing.TB, settings ...string) *mysqlserver.Server {
	t.Helper()
	return s.StartIn(t, t.TempDir(), settings...)
}

// StartIn is Start with the data in dir, for tests that start a server again
// on what another has left. An empty dir is filled from the template.
func (s Servers) StartIn(t testing.TB, dir string, settings ...string) *mysqlserver.Server {
	t.Helper()
	binary := s.Binary(t)
	if err := copyTemplate(binary, dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	server, err := mysqlserver.Start(ctx, mysqlserver.Options{
		Binary:   binary,
		Dir:      dir,
		Settings: append(volatile[:len(volatile):len(volatile)], settings...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Kill(); err != nil {
			t.Errorf("end %s: %v", binary.Flavor, err)
		}
		if t.Failed() {
			logLog(t, server.LogPath())
		}
	})
	return server
}

// Binary returns the server program for tests, fetched where there is none.
func (s Servers) Binary(t testing.TB) mysqlserver.Binary {
	t.Helper()
	tools, err := toolsDir()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), fetchTimeout)
	defer cancel()
	binary, err := mysqlserver.Find(ctx, mysqlserver.FindOptions{
		Flavor:   s.Flavor,
		Tools:    tools,
		Progress: func(line string) { t.Log(line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// Since reports whether the server is of that version or a newer one, for
// statements that are spelt otherwise before it, or are not there.
func (s Servers) Since(t testing.TB, major, minor, patch int) bool {
	t.Helper()
	version, is := s.Binary(t).Version, [3]int{}
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &is[0], &is[1], &is[2]); err != nil {
		t.Fatalf("read the version %q: %v", version, err)
	}
	wanted := [3]int{major, minor, patch}
	return slices.Compare(is[:], wanted[:]) >= 0
}

// DB creates the database where it is missing and returns a pool on it, which
// is closed when the test is done. Times are scanned into time.Time in UTC.
func DB(t testing.TB, s *mysqlserver.Server, name string) *sql.DB {
	t.Helper()
	root := open(t, s.DSN(""))
	// CREATE DATABASE IF NOT EXISTS would write to the binlog either way.
	var exists bool
	const query = "SELECT COUNT(*) > 0 FROM information_schema.schemata WHERE schema_name = ?"
	if err := root.QueryRowContext(t.Context(), query, name).Scan(&exists); err != nil {
		t.Fatalf("look for database %s: %v", name, err)
	}
	if !exists {
		quoted := "`" + strings.ReplaceAll(name, "`", "``") + "`"
		if _, err := root.ExecContext(t.Context(), "CREATE DATABASE "+quoted); err != nil {
			t.Fatalf("create database %s: %v", name, err)
		}
	}
	return open(t, s.DSN(name)+"?parseTime=true")
}

func open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func logLog(t testing.TB, path string) {
	const most = 8 << 10
	text, err := os.ReadFile(path)
	if err != nil {
		t.Logf("no server log: %v", err)
		return
	}
	t.Logf("the server's log ends:\n%s", text[max(0, len(text)-most):])
}

// toolsDir is .tools in the folder of go.mod, which is above every test's.
func toolsDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".tools"), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod in any folder above the test")
		}
		dir = parent
	}
}

// copyTemplate fills an empty directory with initialised data.
func copyTemplate(binary mysqlserver.Binary, dir string) error {
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(data); err == nil {
		return nil
	}
	template, err := makeTemplate(binary)
	if err != nil {
		return fmt.Errorf("make the template of a data directory: %w", err)
	}
	if err := os.CopyFS(data, os.DirFS(template)); err != nil {
		return fmt.Errorf("copy the template of a data directory: %w", err)
	}
	return nil
}

// makeTemplate returns the template's data directory, made by whichever test
// process comes first; the others wait for it.
func makeTemplate(binary mysqlserver.Binary) (string, error) {
	tools, err := toolsDir()
	if err != nil {
		return "", err
	}
	template := filepath.Join(tools, string(binary.Flavor)+"-template-"+binary.Version)
	data := filepath.Join(template, "data")
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	lock, err := dirlock.Acquire(ctx, filepath.Join(template, "making"), startTimeout)
	if err != nil {
		return "", err
	}
	defer lock.Release()
	if _, err := os.Stat(data); err == nil {
		return data, nil
	}
	return data, fillTemplate(ctx, binary, template)
}

// fillTemplate initialises a server beside the template and moves its data
// there when it has stopped in order.
func fillTemplate(ctx context.Context, binary mysqlserver.Binary, template string) error {
	unfinished := filepath.Join(template, "unfinished")
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	server, err := mysqlserver.Start(ctx, mysqlserver.Options{
		Binary:   binary,
		Dir:      unfinished,
		Settings: append(volatile[:len(volatile):len(volatile)], "skip-log-bin", "loose-gtid-mode=OFF"),
	})
	if err != nil {
		return err
	}
	if err := server.Stop(ctx); err != nil {
		return err
	}
	data := filepath.Join(unfinished, "data")
	if err := removeIdentity(data); err != nil {
		return err
	}
	return os.Rename(data, filepath.Join(template, "data"))
}

// removeIdentity removes what a server makes anew at its start and what two
// servers must not share: auto.cnf holds the UUID of a MySQL server.
func removeIdentity(data string) error {
	for _, pattern := range []string{"auto.cnf", "ibtmp1", "mysqld.*", "*#innodb_redo/*_tmp"} {
		names, err := filepath.Glob(filepath.Join(data, pattern))
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

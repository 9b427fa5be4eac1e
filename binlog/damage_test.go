package binlog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"telltale/internal/mysqlserver/mysqltest"
)

// binlogFile is the server's file of that name on disk.
func (h *harness) binlogFile(name string) string { return filepath.Join(h.dir, "data", name) }

// What is damaged in a binlog file ends a reader that comes to it, by the file's
// name, and what stands before is published.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, file []byte) []byte
	}{
		{"a byte", func(t *testing.T, file []byte) []byte {
			t.Helper()
			i := bytes.LastIndex(file, []byte("damage me"))
			if i < 0 {
				t.Fatal("the file does not hold the row")
			}
			file[i] ^= 1
			return file
		}},
		{"the end is gone", func(_ *testing.T, file []byte) []byte { return file[:bytes.LastIndex(file, []byte("damage me"))] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) {
				h := newHarnessOn(t, servers)
				h.exec(t, customers)
				h.start(t)
				h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
				p := h.published(t)
				h.mustStop(t)
				h.exec(t, "INSERT INTO customers (name) VALUES ('y')", "INSERT INTO customers (name) VALUES ('damage me')", "FLUSH BINARY LOGS",
					"INSERT INTO customers (name) VALUES ('z')")
				path := h.binlogFile(p.File)
				file, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, tt.damage(t, file), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := h.fails(t); !strings.Contains(err.Error(), p.File) {
					t.Errorf("got %v, want it to name %s", err, p.File)
				}
				h.records(t, "customers", 2)
			})
		})
	}
}

// A server that forgets its history under a running reader is refused, and what
// it does from then on is not published.
func TestResetUnderAReader(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) {
		h := newHarnessOn(t, servers)
		h.exec(t, customers)
		ended := h.start(t)
		h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
		h.published(t)
		h.exec(t, forget(t, servers), "UPDATE customers SET version = 2")
		err := awaitEnd(t, ended)
		var refused *ResumeError
		if !errors.As(err, &refused) && !binlogRefused(err) {
			t.Errorf("got %v, want a refusal", err)
		}
		h.records(t, "customers", 1)
	})
}

// Whatever the clocks say, of the server, of its sessions and ours, each change is
// published once and in order, with the instants that the server logged.
func TestClocksThatJump(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) {
		h := newHarnessOn(t, servers)
		h.exec(t, "CREATE TABLE customers (id int PRIMARY KEY, version int NOT NULL, at timestamp(6) NULL)")
		var calls atomic.Int64
		h.o.now = func() time.Time { // An hour forth, an hour back, and no monotonic reading to hold on to.
			return time.Now().Add(time.Duration(calls.Add(1)/7%2) * time.Hour).Round(0)
		}
		h.start(t)
		instant := time.Date(2024, 3, 31, 1, 30, 0, 0, time.UTC) // In Europe's hour that is not there.
		h.exec(t, "SET time_zone = '+00:00'", "INSERT INTO customers VALUES (1, 1, '2024-03-31 01:30:00')")
		const steps = 12
		for i := range steps {
			shift := []string{"-3600", "+3600"}[i%2]
			zone := []string{"+05:30", "-11:00", "SYSTEM"}[i%3]
			statements := []string{"SET GLOBAL time_zone = '" + zone + "'", "SET time_zone = '" + zone + "'", "SET timestamp = UNIX_TIMESTAMP() " + shift}
			if !h.mariadb() {
				statements = append(statements, "SET original_commit_timestamp = (UNIX_TIMESTAMP() "+shift+") * 1000000")
			}
			h.exec(t, append(statements, "UPDATE customers SET version = version + 1")...)
		}
		h.published(t)
		h.checkVersions(t, 1, steps)
		committed := map[bool]int{}
		for _, r := range h.records(t, "customers", 1+steps) {
			if want := `"at":"` + instant.Format("2006-01-02T15:04:05.000000Z") + `"`; !strings.Contains(string(r.After), want) {
				t.Errorf("got %s, want %s in it", r.After, want)
			}
			committed[time.UnixMilli(r.Source.TsMS).After(time.Now().Add(30*time.Minute))]++
		}
		want := steps / 2
		if h.mariadb() {
			want = 0 // It has a commit's time from its own clock, whatever a session says.
		}
		if committed[true] != want {
			t.Errorf("%d changes were committed in an hour's time, as the server says, want %d", committed[true], want)
		}
		h.mustStop(t)
	})
}

package binlog

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqllink"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/preflight"
)

// journal is a log that a test reads.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// clear forgets what was logged so far.
func (j *journal) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Reset()
}

// journal has the reader log to where a test reads.
func (h *harness) journal() *journal {
	j := &journal{}
	h.o.Logger = slog.New(slog.NewTextHandler(j, nil))
	return j
}

// says waits until the log has a text.
func (j *journal) says(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(j.String(), want); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log does not say %q:\n%s", want, j)
		}
	}
}

// A byte that was damaged on the way is asked for again; where it is damaged each
// time, the reader ends and says where, and nothing of it is published.
func TestDamagedByte(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testDamagedByte)
}

func testDamagedByte(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	log, link := h.journal(), h.link(t)
	h.exec(t, customers)
	ended := h.start(t)
	var times atomic.Int64
	damage := func(most int64) func([]byte) {
		return func(b []byte) {
			if i := bytes.Index(b, []byte("damage me")); i >= 0 && times.Add(1) <= most {
				b[i] ^= 1
			}
		}
	}
	link.Alter(damage(1))
	h.exec(t, "INSERT INTO customers (name) VALUES ('damage me')")
	h.published(t)
	if got := string(h.records(t, "customers", 1)[0].After); times.Load() < 2 || !strings.Contains(got, `"name":"damage me"`) {
		t.Errorf("got %s after %d times", got, times.Load())
	}
	log.says(t, "the event's checksum does not match")
	times.Store(-1 << 62)
	h.exec(t, "INSERT INTO customers (name) VALUES ('fine')", "INSERT INTO customers (name) VALUES ('damage me')")
	err := awaitEnd(t, ended)
	if !errors.Is(err, errChecksum) || !strings.Contains(err.Error(), "binlog at binlog.0000") {
		t.Errorf("got %v, want a checksum that does not match, and where", err)
	}
	for _, r := range h.records(t, "customers", 2) {
		if strings.Contains(string(r.After), "eamage me") {
			t.Errorf("got %s", r.After)
		}
	}
}

// shortHeartbeat makes a test of silence a short one.
const shortHeartbeat = 2 * time.Second

// behindLink has a reader publish a row over a link.
func behindLink(t *testing.T) (*harness, *mysqllink.Link, *journal) {
	t.Helper()
	h := newHarness(t)
	h.o.heartbeat = shortHeartbeat
	log, link := h.journal(), h.link(t)
	h.exec(t, customers)
	h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	h.published(t)
	return h, link, log
}

// A connection that broke without a word is given up after two periods of the
// server's heartbeat, and taken up again.
func TestHalfOpenConnection(t *testing.T) {
	t.Parallel()
	h, link, log := behindLink(t)
	link.Swallow()
	link.Heal()
	h.exec(t, "UPDATE customers SET version = version + 1")
	log.says(t, errSilent.Error())
	h.published(t)
	h.checkVersions(t, 1, 1)
	h.mustStop(t)
}

// A server that takes connections and says nothing does not hold the reader up
// once it, or the way to it, is well again.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	h, link, log := behindLink(t)
	link.Swallow()
	link.Cut()
	log.says(t, "connect to the server at")
	link.Heal()
	h.exec(t, "UPDATE customers SET version = version + 1")
	h.published(t)
	h.checkVersions(t, 1, 1)
	h.mustStop(t)
}

// Two readers, or a reader and a server, with one server_id are told apart by
// name: on MySQL before the second reads, on MariaDB when one is hung up on.
func TestServerIDClash(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) {
		h := newHarnessOn(t, servers)
		h.exec(t, customers)
		h.o.ServerID = 1
		var found preflight.Findings
		if err := h.fails(t); !errors.As(err, &found) || !strings.Contains(err.Error(), "the server's own server_id is 1") {
			t.Errorf("as the server: got %v", err)
		}
		h.o.ServerID = 4711
		first := h.start(t)
		other := *h
		other.o.Name = "other"
		if h.mysql.Flavor() == mysqlserver.MySQL {
			if err := other.fails(t); !errors.As(err, &found) || !strings.Contains(err.Error(), `replica "telltale-shop" of the server has the server_id 4711`) {
				t.Errorf("as another reader: got %v", err)
			}
			h.mustStop(t)
			return
		}
		second := other.start(t)
		ended, left := error(nil), &other
		select {
		case ended = <-first:
		case ended = <-second:
			left = h
		case <-time.After(patience):
			t.Fatal("both go on")
		}
		if !errors.Is(ended, errServerID) {
			t.Errorf("got %v, want it to name the clash", ended)
		}
		left.mustStop(t)
	})
}

// The position moves on although nothing of the captured tables changes, so that
// the server may remove its files.
func TestQuietTables(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) {
		h := newHarnessOn(t, servers)
		h.exec(t, customers, "CREATE DATABASE other", "CREATE TABLE other.t (id int AUTO_INCREMENT PRIMARY KEY)")
		h.start(t)
		for range 20 {
			h.exec(t, "INSERT INTO other.t VALUES ()", "FLUSH BINARY LOGS")
		}
		h.exec(t, "INSERT INTO other.t VALUES ()")
		p := h.published(t)
		h.mustStop(t)
		h.exec(t, fmt.Sprintf("PURGE BINARY LOGS TO '%s'", p.File))
		h.start(t)
		h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
		h.published(t)
		h.records(t, "customers", 1)
		h.mustStop(t)
	})
}

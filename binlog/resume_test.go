package binlog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"telltale/internal/kafkaclient"
	"telltale/internal/mysqlserver/mysqltest"
)

// versions reads the versions of each row in topic order and fails where they
// do not count up from 1 without a gap: something was lost, repeated or moved.
func (h *harness) checkVersions(t *testing.T, rows, updates int) {
	t.Helper()
	newest := map[string]int{}
	for _, r := range h.records(t, "customers", rows+updates) {
		var version int
		if _, err := fmt.Sscanf(string(r.After[strings.Index(string(r.After), `"version":`):]), `"version":%d`, &version); err != nil {
			t.Fatal(err)
		}
		if version != newest[string(r.Key)]+1 {
			t.Fatalf("row %s: version %d follows %d", r.Key, version, newest[string(r.Key)])
		}
		newest[string(r.Key)] = version
	}
}

// A reader that is stopped and started again at random moments under load
// publishes every change once and in order (I1, I2, I3).
func TestRestartsUnderLoad(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testRestartsUnderLoad)
}

func testRestartsUnderLoad(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	h.start(t)
	const rows, updates = 20, 3000
	for range rows {
		h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	}
	h.restartUnderLoad(t, rows, updates, 4)
}

// restartUnderLoad counts the rows' versions up, stops the reader and starts it
// again meanwhile, and checks that each version was published once and in order.
func (h *harness) restartUnderLoad(t *testing.T, rows, updates, restarts int) {
	t.Helper()
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range updates {
			if _, err := h.db.ExecContext(t.Context(), "UPDATE customers SET version = version + 1 WHERE id = ?", 1+i*7%rows); err != nil {
				t.Errorf("update %d: %v", i, err)
				return
			}
		}
	})
	random := newRandom(t)
	for range restarts {
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		h.mustStop(t)
		h.start(t)
	}
	writer.Wait()
	h.published(t)
	h.checkVersions(t, rows, updates)
	h.mustStop(t)
}

// A connection that the server cuts is taken up again by the reader itself.
func TestConnectionIsCut(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testConnectionIsCut)
}

func testConnectionIsCut(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	for i := range 50 {
		h.exec(t, "UPDATE customers SET version = version + 1")
		if i%10 == 5 {
			var id int
			err := h.db.QueryRowContext(t.Context(), "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'").Scan(&id)
			if err == nil { // Else it is being taken up right now.
				h.exec(t, fmt.Sprintf("KILL %d", id))
			}
		}
	}
	h.published(t)
	h.checkVersions(t, 1, 50)
	h.mustStop(t)
}

// A second reader stands by, and takes over when the first goes.
func TestStandby(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(t, customers)
	h.start(t)
	first := h.stop
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	h.published(t)
	standby := *h
	started := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { close(started); done <- Run(ctx, standby.o) }()
	<-started
	h.exec(t, "UPDATE customers SET version = version + 1")
	h.published(t)
	if err := first(); err != nil {
		t.Fatal(err)
	}
	h.exec(t, "UPDATE customers SET version = version + 1")
	h.published(t)
	h.checkVersions(t, 1, 2)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// A standby publishes within 10 s of its predecessor's end: the group gives that one
// up when the lease times out, and tells the standby at its next heartbeat. The rest
// is a session's start.
func TestTakeoverTime(t *testing.T) {
	t.Parallel()
	const promised, start = 10 * time.Second, 2500 * time.Millisecond
	if told := leaseTimeout + kafkaclient.Heartbeat(leaseTimeout); told+start > promised {
		t.Errorf("a standby is told after %v, which leaves %v for a start, want %v", told, promised-told, start)
	}
}

func TestResumeRefuses(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testResumeRefuses)
}

func testResumeRefuses(t *testing.T, servers mysqltest.Servers) {
	for _, tt := range []struct {
		name       string
		statements []string
		purge      bool
		other      bool // The reader is pointed at another server.
		want       []string
	}{
		{
			name:       "the server was reset",
			statements: []string{forget(t, servers)},
			want:       []string{"lacks transactions that were published", "telltale positions reset"},
		},
		{
			name:  "another server",
			other: true,
			want:  []string{"lacks transactions that were published", "point source.dsn at the right server"},
		},
		{
			name:       "what was not published is purged",
			statements: []string{"UPDATE customers SET version = version + 1", "FLUSH BINARY LOGS", "UPDATE customers SET version = version + 1"},
			purge:      true,
			want:       []string{"no longer keeps transactions that were not published", "telltale positions reset"},
		},
		{
			name:  "the last one published is purged",
			purge: true,
			want:  []string{"has purged transaction", "telltale positions trust"},
		},
		{
			name: "the GTIDs were used again",
			statements: []string{
				forget(t, servers), "UPDATE customers SET name = 'other'", "UPDATE customers SET name = 'others'",
				"UPDATE customers SET name = 'o3'", "UPDATE customers SET name = 'o4'", "UPDATE customers SET name = 'o5'", "UPDATE customers SET name = 'o6'",
			},
			want: []string{"is not the one that was published", "its name was used again", "telltale positions reset"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarnessOn(t, servers)
			h.exec(t, customers)
			h.start(t)
			h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
			h.published(t)
			h.mustStop(t)
			if tt.other {
				other := newHarnessOn(t, servers)
				other.exec(t, customers)
				h.o.DSN = other.o.DSN
			}
			h.exec(t, tt.statements...)
			if tt.purge {
				h.purge(t)
			}
			err := h.fails(t)
			var refused *ResumeError
			if !errors.As(err, &refused) || refused.Kind == "" {
				t.Fatalf("got %v, want a ResumeError with a name", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
			h.records(t, "customers", 1) // Nothing was published before the refusal.
		})
	}
}

// The commands that the refusals name mend them, and identities from then on
// differ from those before.
func TestResetAndTrust(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testResetAndTrust)
}

func testResetAndTrust(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	h.published(t)
	h.mustStop(t)
	h.purge(t)
	if p, err := Trust(t.Context(), h.o); err != nil || p.Incarnation != 1 || p.Last != "" {
		t.Fatalf("trust: got %+v, %v", p, err)
	}
	h.exec(t, "UPDATE customers SET version = 2")
	h.start(t)
	h.published(t)
	h.mustStop(t)
	h.exec(t, forget(t, servers), "UPDATE customers SET version = 98")
	if p, err := Reset(t.Context(), h.o); err != nil || p.Incarnation != 2 {
		t.Fatalf("reset: got %+v, %v", p, err)
	}
	h.start(t)
	h.exec(t, "UPDATE customers SET version = 99")
	h.published(t)
	rs := h.records(t, "customers", 3)
	for i, prefix := range []string{"", "1~", "2~"} {
		if want := prefix + *rs[i].Source.GTID + ":shop.customers:0"; rs[i].ID != want {
			t.Errorf("record %d: got id %s, want %s", i, rs[i].ID, want)
		}
	}
	h.mustStop(t)
}

func TestStops(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testStops)
}

func testStops(t *testing.T, servers mysqltest.Servers) {
	for _, tt := range []struct {
		name       string
		statements []string
		want       string
	}{
		{"a statement instead of rows", []string{"SET SESSION binlog_format = 'STATEMENT'", "INSERT INTO customers (id, name) VALUES (1, 'x')"}, "a session logged a statement"},
		{"a statement in the mixed format", []string{"SET SESSION binlog_format = 'MIXED'", "UPDATE customers SET version = 2"}, "a session logged a statement"},
		{"a statement behind a comment", []string{"SET SESSION binlog_format = 'STATEMENT'", "-- reset\nUPDATE customers SET version = 2"}, "a session logged a statement"},
		{"a table that a statement fills", []string{"SET SESSION binlog_format = 'STATEMENT'", "CREATE TABLE copied (n int PRIMARY KEY) SELECT 1 AS n"}, "CREATE TABLE … SELECT"},
		{"rows go with a partition", []string{"ALTER TABLE customers PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (9), PARTITION p1 VALUES LESS THAN MAXVALUE)", "ALTER TABLE customers DROP PARTITION p0"}, "statement ALTER of shop.customers: it changes rows that the server logs nowhere"},
		{"no metadata", []string{"SET GLOBAL binlog_row_metadata = 'MINIMAL'", "INSERT INTO customers (name) VALUES ('x')"}, "SET GLOBAL binlog_row_metadata = 'FULL'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarnessOn(t, servers)
			h.exec(t, customers)
			ended := h.start(t)
			h.exec(t, tt.statements...)
			select {
			case err := <-ended:
				var stop *StopError
				if !errors.As(err, &stop) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want a StopError with %q in it", err, tt.want)
				}
			case <-time.After(patience):
				t.Fatal("the reader goes on")
			}
		})
	}
}

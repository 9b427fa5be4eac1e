package binlog

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// withoutGTIDs are the settings of a server that is read by file.
var withoutGTIDs = []string{"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"}

// restart ends the server as end does and starts it again at its address.
func (h *harness) restart(t *testing.T, end func(*mysqlserver.Server) error, settings ...string) {
	t.Helper()
	if err := end(h.mysql); err != nil {
		t.Fatal(err)
	}
	h.revive(t, settings...)
}

// revive starts the server again at its address.
func (h *harness) revive(t *testing.T, settings ...string) {
	t.Helper()
	_, text, err := net.SplitHostPort(h.mysql.Addr())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	server, err := mysqlserver.Start(t.Context(), mysqlserver.Options{
		Binary: mysqltest.Servers{Flavor: h.mysql.Flavor()}.Binary(t), Dir: h.dir, Port: port, Settings: settings,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.mysql = server
	t.Cleanup(func() {
		if err := server.Kill(); err != nil {
			t.Error(err)
		}
	})
}

// A server without GTIDs is read by file and offset, across files, restarts of the
// reader and of the server, compressed transactions among them; each change has
// an identity of its own.
func TestByFile(t *testing.T) {
	t.Parallel()
	h := newHarness(t, withoutGTIDs...)
	h.exec(t, customers, "INSERT INTO customers (name) VALUES ('before the start')", "UPDATE customers SET version = 0")
	h.start(t)
	updates := 0
	update := func() {
		t.Helper()
		h.exec(t, "UPDATE customers SET version = version + 1", "SET SESSION binlog_transaction_compression = ON", "UPDATE customers SET version = version + 1")
		updates += 2
	}
	update()
	h.exec(t, "FLUSH BINARY LOGS")
	update()
	first := h.published(t)
	h.mustStop(t)
	update()
	h.exec(t, "FLUSH BINARY LOGS")
	ended := h.start(t)
	update()
	h.restart(t, (*mysqlserver.Server).Kill, withoutGTIDs...)
	update()
	p := h.published(t)
	h.mustStop(t)
	select {
	case err := <-ended:
		t.Errorf("the reader ended by itself: %v", err)
	default:
	}
	if !first.ByFile || first.GTIDSet != "" || first.File != "binlog.000002" || p.File != "binlog.000004" || p.Fingerprint == "" {
		t.Errorf("got positions %+v and %+v", first, p)
	}
	h.checkVersions(t, 0, updates)
	h.checkPlaces(t, updates)
}

// checkPlaces wants identities and names of transactions that say where in which
// file a change stands.
func (h *harness) checkPlaces(t *testing.T, n int) {
	t.Helper()
	label := regexp.MustCompile(`^file=binlog\.00000\d,pos=\d+$`)
	seen := map[string]bool{}
	for _, r := range h.records(t, "customers", n) {
		row := strconv.Itoa(r.Source.Row)
		plain := fmt.Sprintf("0~%s:%d:%s", r.Source.File, r.Source.Pos, row)
		packed := regexp.MustCompile(`^` + regexp.QuoteMeta(fmt.Sprintf("0~%s:%d:", r.Source.File, r.Source.Pos)) + `\d\.` + row + `$`)
		if r.ID != plain && !packed.MatchString(r.ID) || seen[r.ID] {
			t.Errorf("got id %s, want %s or one of an event inside of another; seen before: %t", r.ID, plain, seen[r.ID])
		}
		seen[r.ID] = true
		if r.Source.GTID != nil || !label.MatchString(r.Transaction.ID) {
			t.Errorf("got GTID %v and transaction %s", r.Source.GTID, r.Transaction.ID)
		}
	}
}

// On a quiet server the position follows into a new file, so that the old one can be
// removed. What was published last went with it, which an operator is told; nothing
// is lost.
func TestByFileOnAQuietServer(t *testing.T) {
	t.Parallel()
	h := newHarness(t, withoutGTIDs...)
	h.exec(t, customers, "INSERT INTO customers (name) VALUES ('x')", "UPDATE customers SET version = 0")
	h.start(t)
	h.exec(t, "UPDATE customers SET version = version + 1")
	before := h.published(t)
	h.exec(t, "FLUSH BINARY LOGS")
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		p, _, err := ReadPosition(t.Context(), h.o.Kafka, h.o.Name)
		if err != nil {
			t.Fatal(err)
		}
		if p.File > before.File && p.Last == before.Last {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the position is %+v after %+v, want one in the next file", p, before)
		}
	}
	h.mustStop(t)
	h.start(t)
	h.mustStop(t)
	h.purgeOld(t)
	ended := make(chan error, 1)
	ended <- h.fails(t)
	refuses(t, ended, "has purged transaction "+before.Last, "telltale positions trust")
	if _, err := Trust(t.Context(), h.o); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	h.exec(t, "UPDATE customers SET version = version + 1")
	h.published(t)
	h.checkVersions(t, 0, 2)
	h.mustStop(t)
}

// A publisher that has long waited for the position gets one that a rotation moved:
// on a quiet server nothing else comes.
func TestRotationIsHandedOver(t *testing.T) {
	t.Parallel()
	s := mysqlStory().stream(t)
	s.position = Position{ByFile: true, File: "binlog.000001", Pos: 4711}
	s.done = fileProgress{}
	s.waiting, s.wanted = true, true
	event := rawEvent(replication.ROTATE_EVENT, nil)
	event.Event = &replication.RotateEvent{Position: 4, NextLogName: []byte("binlog.000002")}
	if err := s.HandleEvent(event); err != nil {
		t.Fatal(err)
	}
	if s.ready == nil || s.ready.position.File != "binlog.000002" || s.ready.position.Pos != 4 {
		t.Errorf("handed over %+v, want the position in the next file", s.ready)
	}
}

// A position by file is taken for good on no server that it does not belong to.
func TestByFileRefuses(t *testing.T) {
	t.Parallel()
	reuse := []string{forget(t, mysqltest.Servers{})}
	for range 12 { // Until the file is as long as it was.
		reuse = append(reuse, "UPDATE customers SET name = 'another'", "UPDATE customers SET name = 'one'")
	}
	for _, tt := range []struct {
		name string
		harm func(t *testing.T, h *harness)
		want []string
	}{
		{"reset", func(t *testing.T, h *harness) { h.exec(t, reuse[0]) }, []string{"lacks transactions that were published", "the file ends at", "telltale positions reset"}},
		{"a file that is gone", func(t *testing.T, h *harness) { h.purge(t) }, []string{"no longer keeps binlog file binlog.00000", "telltale positions reset"}},
		{"offsets that were used again", func(t *testing.T, h *harness) { h.exec(t, reuse...) }, []string{"the last one published", "telltale positions reset"}},
		{"another server", func(t *testing.T, h *harness) {
			other := newHarness(t, withoutGTIDs...)
			other.exec(t, customers)
			h.o.DSN = other.o.DSN
		}, []string{"means nothing on server", "telltale positions trust"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, withoutGTIDs...)
			h.exec(t, customers)
			h.start(t)
			h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
			h.published(t)
			h.mustStop(t)
			h.exec(t, "UPDATE customers SET version = 2")
			tt.harm(t, h)
			ended := make(chan error, 1)
			ended <- h.fails(t)
			refuses(t, ended, tt.want...)
			h.records(t, "customers", 1)
		})
	}
}

// A server's GTIDs may be turned on and off under a reader: it goes on by file
// where it began so, and refuses where its position is a set of GTIDs.
func TestGTIDModeChanges(t *testing.T) {
	t.Parallel()
	steps := func(modes ...string) (all []string) {
		for _, m := range modes {
			all = append(all, "SET GLOBAL gtid_mode = "+m)
		}
		return all
	}
	on := append([]string{"SET GLOBAL enforce_gtid_consistency = ON"}, steps("OFF_PERMISSIVE", "ON_PERMISSIVE", "ON")...)
	h := newHarness(t, withoutGTIDs...)
	h.exec(t, customers, "INSERT INTO customers (name) VALUES ('x')", "UPDATE customers SET version = 0")
	h.start(t)
	h.exec(t, "UPDATE customers SET version = version + 1")
	h.published(t)
	for _, step := range on {
		h.exec(t, step, "UPDATE customers SET version = version + 1")
	}
	h.records(t, "customers", 1+len(on))
	h.mustStop(t)
	h.start(t)
	h.exec(t, "UPDATE customers SET version = version + 1")
	h.checkVersions(t, 0, 2+len(on))
	h.mustStop(t)
	if p, err := Reset(t.Context(), h.o); err != nil || p.ByFile || p.GTIDSet == "" {
		t.Fatalf("reset: got %+v, %v", p, err)
	}
	h.exec(t, steps("ON_PERMISSIVE", "OFF_PERMISSIVE")...)
	ended := make(chan error, 1)
	ended <- h.fails(t)
	refuses(t, ended, "its position is a set of GTIDs", "SET GLOBAL gtid_mode to ON again")
}

// A transaction without a GTID stops a reader whose position is a set of them.
func TestAnonymousStops(t *testing.T) {
	t.Parallel()
	s := mysqlStory().stream(t)
	err := s.HandleEvent(rawEvent(replication.ANONYMOUS_GTID_EVENT, make([]byte, 60)))
	if stop, ok := errors.AsType[*StopError](err); !ok || stop.Name() != errAnonymous.Name() {
		t.Errorf("got %v, want a StopError by the name of %s", err, errAnonymous.Name())
	}
}

// An offset that begins anew in a file stops a reader that goes by it: inside of a
// transaction, and between two that were committed together.
func TestFileTooLong(t *testing.T) {
	t.Parallel()
	const end = 1<<32 - 1
	type at struct {
		typ    replication.EventType
		offset uint32
	}
	for _, tt := range []struct {
		name   string
		events []at
	}{
		{"inside", []at{{replication.ANONYMOUS_GTID_EVENT, 200}, {replication.ROWS_QUERY_EVENT, end}, {replication.ROWS_QUERY_EVENT, 300}}},
		{"inside, from a file's start", []at{{replication.ANONYMOUS_GTID_EVENT, 200}, {replication.ROWS_QUERY_EVENT, end}, {replication.XID_EVENT, 201}}},
		{"between", []at{{replication.ANONYMOUS_GTID_EVENT, 200}, {replication.XID_EVENT, end - 10}, {replication.ANONYMOUS_GTID_EVENT, 50}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := mysqlStory().stream(t)
			s.position.ByFile, s.done = true, fileProgress{}
			for i, e := range tt.events {
				event := rawEvent(e.typ, make([]byte, 60))
				event.Header.LogPos = e.offset
				err := s.HandleEvent(event)
				if last := i == len(tt.events)-1; errors.Is(err, errFileTooLong) != last || !last && err != nil {
					t.Fatalf("event %d: got %v; %v is wanted at the last one", i, err, errFileTooLong)
				}
			}
		})
	}
}

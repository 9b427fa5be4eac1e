package binlog

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// names are those of the customers in the order of their transactions.
func (h *harness) names(t *testing.T, n int) []string {
	t.Helper()
	rs := h.records(t, "customers", n)
	slices.SortStableFunc(rs, func(a, b got) int { return strings.Compare(fmt.Sprint(a.Source.TsUS), fmt.Sprint(b.Source.TsUS)) })
	var names []string
	for _, r := range rs {
		var row struct{ Name string }
		if err := json.Unmarshal(r.After, &row); err != nil {
			t.Fatal(err)
		}
		names = append(names, row.Name)
	}
	return names
}

// branch is what a session does up to the PREPARE of a branch.
func branch(xid string, statements ...string) []string {
	begin := append([]string{"XA START " + xid}, statements...)
	return append(begin, "XA END "+xid, "XA PREPARE "+xid)
}

func insert(name string) string { return "INSERT INTO customers (name) VALUES ('" + name + "')" }

// session runs statements on a connection that ends with them, so that another
// one may decide over the branch that it prepared.
func (h *harness) session(t *testing.T, statements ...string) {
	t.Helper()
	conn, err := h.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		// The pool would keep it, and with it the branch.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		conn.Close()
	}()
	for _, s := range statements {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// undecided is how many branches the published position waits for.
func (h *harness) undecided(t *testing.T) int {
	t.Helper()
	return len(h.published(t).Undecided)
}

// decide decides over a branch. A server takes a moment to let go of one whose
// session went.
func (h *harness) decide(t *testing.T, statement string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		_, err := h.db.ExecContext(t.Context(), statement)
		if err == nil || strings.Contains(err.Error(), "XA_RBROLLBACK") { // It did nothing.
			return
		}
		if !strings.Contains(err.Error(), "XAER_NOTA") || time.Now().After(deadline) {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// What branches did is published when they are committed, in the order of their
// commits, under the GTIDs of their PREPAREs, and never when they are rolled
// back (I1, I2, I7).
func TestXA(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testXA)
}

func testXA(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers, "CREATE TABLE notes (id int PRIMARY KEY, body text)", "CREATE DATABASE other", "CREATE TABLE other.t (id int PRIMARY KEY)")
	h.start(t)
	h.session(t, branch("'a','b',7", insert("a"), "INSERT INTO notes VALUES (1, 'a')", "SAVEPOINT s", "INSERT INTO notes VALUES (2, 'never')", "ROLLBACK TO s", "INSERT INTO other.t VALUES (1)")...)
	h.session(t, branch("'b'", insert("b"))...)
	h.session(t, branch("'gone'", insert("rolled back"))...)
	h.session(t, branch("'foreign'", "INSERT INTO other.t VALUES (2)")...)
	h.session(t, branch("'nothing'", "SELECT * FROM customers WHERE id = 0")...)
	h.exec(t, "XA START 'c'", insert("one phase")+" /*actor='x'*/", "XA END 'c'", "XA COMMIT 'c' ONE PHASE")
	h.exec(t, "XA START 'd'", insert("never prepared"), "XA END 'd'", "XA ROLLBACK 'd'", insert("plain"))
	if n := h.undecided(t); n != 4 && n != 5 { // A server may log a branch that did nothing.
		t.Errorf("%d branches are undecided, want 4", n)
	}
	before := h.names(t, 2)
	slices.Sort(before)
	if got, want := strings.Join(before, ", "), "one phase, plain"; got != want {
		t.Errorf("before the outcomes: got %s, want %s", got, want)
	}
	for _, s := range []string{"XA COMMIT 'b'", "XA ROLLBACK 'gone'", "XA COMMIT 'a','b',7", "XA COMMIT 'foreign'", "XA ROLLBACK 'nothing'"} {
		h.decide(t, s)
	}
	h.exec(t, insert("last"))
	if n := h.undecided(t); n != 0 {
		t.Errorf("%d branches are undecided at the end", n)
	}
	if got, want := h.names(t, 5)[2:], []string{"b", "a", "last"}; !slices.Equal(got, want) && !h.mariadb() { // Whose times are in seconds.
		t.Errorf("got %s, want %s", got, want)
	}
	byName := map[string]got{}
	for _, r := range append(h.records(t, "customers", 5), h.records(t, "notes", 1)...) {
		byName[string(r.After)] = r
		if want := *r.Source.GTID + ":shop." + r.Source.Table + ":0"; r.ID != want || r.Transaction.ID != *r.Source.GTID || !r.Transaction.Last {
			t.Errorf("got id %s and transaction %+v, want %s", r.ID, *r.Transaction, want)
		}
	}
	h.mustStop(t)
}

// Branches are decided while no reader runs, after one was started again, and
// after the server was (I3).
func TestXAAcrossRestarts(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) { testXAAcrossRestarts(t, servers) })
	t.Run("by file", func(t *testing.T) {
		t.Parallel()
		testXAAcrossRestarts(t, mysqltest.Servers{}, withoutGTIDs...)
	})
}

func testXAAcrossRestarts(t *testing.T, servers mysqltest.Servers, settings ...string) {
	h := newHarnessOn(t, servers, settings...)
	h.exec(t, customers)
	h.start(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		h.session(t, branch("'"+name+"'", insert(name))...)
	}
	h.exec(t, insert("plain"))
	if p := h.published(t); len(p.Undecided) != 5 || p.Undecided[0].XID != "X'61',X'',1" {
		t.Errorf("got undecided branches %+v", p.Undecided)
	}
	h.mustStop(t)
	h.decide(t, "XA COMMIT 'a'")
	h.decide(t, "XA ROLLBACK 'b'")
	h.start(t)
	if n := h.undecided(t); n != 3 {
		t.Errorf("%d branches are undecided, want 3", n)
	}
	h.decide(t, "XA COMMIT 'c'")
	h.published(t)
	h.mustStop(t)
	h.restart(t, (*mysqlserver.Server).Kill, settings...)
	h.start(t)
	h.decide(t, "XA COMMIT 'd'")
	h.decide(t, "XA ROLLBACK 'e'")
	if n := h.undecided(t); n != 0 {
		t.Errorf("%d branches are undecided at the end", n)
	}
	names := h.names(t, 4)
	slices.Sort(names)
	if got, want := strings.Join(names, ", "), "a, c, d, plain"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	h.mustStop(t)
}

// A branch with more rows than are held is read again from the server, in one
// phase too.
func TestXAOfManyRows(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testXAOfManyRows)
}

func testXAOfManyRows(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers, "CREATE TABLE notes (id int AUTO_INCREMENT PRIMARY KEY, body longtext)", "INSERT INTO notes (body) VALUES ('x')")
	for range 9 {
		h.exec(t, "INSERT INTO notes (body) SELECT body FROM notes")
	}
	h.start(t)
	const update = "UPDATE notes SET body = REPEAT('y', 40000)" // 20 MB in 512 rows.
	h.session(t, branch("'big'", update)...)
	h.session(t, branch("'small'", insert("small"))...)
	h.decide(t, "XA COMMIT 'big'")
	h.decide(t, "XA COMMIT 'small'")
	h.exec(t, insert("between"), "XA START 'one'", "UPDATE notes SET body = REPEAT('z', 40000)", "XA END 'one'", "XA COMMIT 'one' ONE PHASE", insert("last"))
	h.published(t)
	lasts, ids := 0, map[string]bool{}
	for _, r := range h.records(t, "notes", 1024) {
		ids[r.ID] = true
		if r.Transaction.Last {
			lasts++
		}
	}
	if len(ids) != 1024 || lasts != 6 {
		t.Errorf("got %d ids, and %d last records in 3 partitions of 2 transactions", len(ids), lasts)
	}
	h.records(t, "customers", 3)
	h.mustStop(t)
}

// A branch that was prepared before the reader first started is looked for in
// older files, and published; where they are purged, the reader says so.
func TestXAFromBeforeTheStart(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testXAFromBeforeTheStart)
}

func testXAFromBeforeTheStart(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers, insert("before the start"))
	h.session(t, branch("'twice'", insert("an earlier use of the name"))...)
	h.decide(t, "XA COMMIT 'twice'")
	h.session(t, branch("'twice'", insert("found"))...)
	h.session(t, branch("'lost'", insert("lost"))...)
	ended := h.start(t)
	h.exec(t, insert("plain"))
	h.decide(t, "XA COMMIT 'twice'")
	h.published(t)
	names := h.names(t, 2)
	slices.Sort(names)
	if got, want := strings.Join(names, ", "), "found, plain"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	h.exec(t, "FLUSH BINARY LOGS", insert("the last one published, which is kept"))
	h.published(t)
	h.purgeOld(t)
	h.decide(t, "XA COMMIT 'lost'")
	select {
	case err := <-ended:
		if refused, ok := errors.AsType[*ResumeError](err); !ok || !strings.Contains(refused.Reason, "whose rows are in no binlog file") {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the reader goes on")
	}
	if _, err := Reset(t.Context(), h.o); err != nil {
		t.Fatal(err)
	}
	h.start(t)
	h.exec(t, insert("after the reset"))
	h.published(t)
	h.records(t, "customers", 4)
	h.mustStop(t)
}

// A branch that was prepared on a primary is decided on the replica that took
// over.
func TestXAOnAnotherHost(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) {
		h := newHarnessOn(t, servers)
		h.exec(t, customers)
		h.start(t)
		h.session(t, branch("'a'", insert("a"))...)
		h.session(t, branch("'b'", insert("b"))...)
		h.exec(t, insert("plain"))
		h.published(t)
		replica := replicate(t, h.mysql, servers)
		srv := h.server(t)
		has, err := srv.dialect.history(t.Context(), srv)
		if err != nil {
			t.Fatal(err)
		}
		replica.promote(t, has.executed.String())
		h.mustStop(t)
		h.mysql, h.o.DSN, h.db = replica.Server, replica.DSN(""), mysqltest.DB(t, replica.Server, "shop")
		h.start(t)
		h.decide(t, "XA COMMIT 'a'")
		h.decide(t, "XA ROLLBACK 'b'")
		h.published(t)
		names := h.names(t, 2)
		slices.Sort(names)
		if got, want := strings.Join(names, ", "), "a, plain"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		h.mustStop(t)
	})
}

package binlog

import (
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqllink"
	"telltale/internal/mysqlserver/mysqltest"
)

// link makes the reader reach the server through a link.
func (h *harness) link(t *testing.T) *mysqllink.Link {
	t.Helper()
	l, err := mysqllink.Listen(t.Context(), h.mysql.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := driver.ParseDSN(h.o.DSN)
	if err != nil {
		t.Fatal(err)
	}
	c.Addr = l.Addr()
	h.o.DSN = c.FormatDSN()
	return l
}

// replicate makes a replica of a server, with a binlog that holds what it
// replicates.
func replicate(t *testing.T, primary *mysqlserver.Server, servers mysqltest.Servers, settings ...string) (*mysqlserver.Server, *sql.DB) {
	t.Helper()
	host, port, err := net.SplitHostPort(primary.Addr())
	if err != nil {
		t.Fatal(err)
	}
	settings = append(settings, "--server-id=2")
	follow := []string{
		fmt.Sprintf("CHANGE REPLICATION SOURCE TO SOURCE_HOST='%s', SOURCE_PORT=%s, SOURCE_USER='root', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1", host, port),
		"START REPLICA",
	}
	if primary.Flavor() == mysqlserver.MariaDB {
		settings = append(settings, "--log-slave-updates")
		follow = []string{
			fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='%s', MASTER_PORT=%s, MASTER_USER='root', MASTER_USE_GTID=slave_pos", host, port),
			"START SLAVE",
		}
	}
	replica := servers.Start(t, settings...)
	db, err := sql.Open("mysql", replica.DSN(""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, s := range follow {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return replica, db
}

// promote waits until a replica has all up to a position and ends replication.
func promote(t *testing.T, db *sql.DB, p Position) {
	t.Helper()
	wait, stop := "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?)", "STOP REPLICA"
	if p.Flavor != "" {
		wait, stop = "SELECT MASTER_GTID_WAIT(?, ?)", "STOP SLAVE"
	}
	var behind int
	if err := db.QueryRowContext(t.Context(), wait, p.GTIDSet, patience.Seconds()).Scan(&behind); err != nil || behind != 0 {
		t.Fatalf("the replica is behind: %d, %v", behind, err)
	}
	if _, err := db.ExecContext(t.Context(), stop); err != nil {
		t.Fatal(err)
	}
}

// A reader whose address is moved to a replica goes on there by itself. Moved back
// to the old primary, which has gone on alone, it refuses.
func TestFailover(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testFailover)
}

func testFailover(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	link := h.link(t)
	h.exec(t, customers)
	ended := h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	var compress []string
	if h.mariadb() { // The last transaction has the same fingerprint nevertheless.
		compress = []string{"--log-bin-compress", "--log-bin-compress-min-len=10"}
	}
	replica, db := replicate(t, h.mysql, servers, compress...)
	h.exec(t, "UPDATE customers SET version = version + 1")
	p := h.published(t)
	promote(t, db, p)
	old := *h
	link.To(replica.Addr())
	h.mysql, h.db = replica, mysqltest.DB(t, replica, "shop")
	for range 5 {
		h.exec(t, "UPDATE customers SET version = version + 1")
	}
	now := h.published(t)
	h.checkVersions(t, 1, 6)
	if now.ServerUUID == p.ServerUUID || now.Last == p.Last {
		t.Errorf("got position %+v after %+v, want one of the other server", now, p)
	}
	for range 10 { // In MariaDB its numbers go past the published one.
		old.exec(t, "UPDATE customers SET version = version + 1")
	}
	link.To(old.mysql.Addr())
	refuses(t, ended, "lacks transactions that were published", "telltale positions reset")
	h.checkVersions(t, 1, 6)
}

// refuses waits for the reader to end with a ResumeError that says all texts.
func refuses(t *testing.T, ended <-chan error, texts ...string) {
	t.Helper()
	err := awaitEnd(t, ended)
	var refused *ResumeError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a ResumeError", err)
	}
	for _, want := range texts {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

// awaitEnd waits until the reader ends by itself.
func awaitEnd(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		t.Fatal("the reader goes on")
		return nil
	}
}

// A replica that somebody wrote to behind the primary's back is refused once it
// has taken over: its changes would come behind those that were made after them.
// An operator may have them published nevertheless.
func TestErrantTransactions(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testErrantTransactions)
}

func testErrantTransactions(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	link := h.link(t)
	h.exec(t, customers, "INSERT INTO customers (name) VALUES ('x')")
	ended := h.start(t)
	replica, db := replicate(t, h.mysql, servers)
	promote := func(p Position) { t.Helper(); promote(t, db, p) }
	resume := map[mysqlserver.Flavor]string{mysqlserver.MySQL: "START REPLICA", mysqlserver.MariaDB: "START SLAVE"}[replica.Flavor()]
	h.exec(t, "UPDATE customers SET version = version + 1")
	promote(h.published(t)) // The table is there.
	errant := harness{mysql: replica, db: mysqltest.DB(t, replica, "shop")}
	var written []string
	if replica.Flavor() == mysqlserver.MariaDB { // In the primary's domain it would break replication.
		written = append(written, "SET SESSION gtid_domain_id = 9")
	}
	errant.exec(t, append(written, "INSERT INTO customers (id, name) VALUES (99, 'errant')", resume)...)
	h.exec(t, "UPDATE customers SET version = version + 1")
	promote(h.published(t))
	link.To(replica.Addr())
	refuses(t, ended, "has transactions of its own before the last one published", "telltale positions trust")
	h.records(t, "customers", 2)
	if p, err := Trust(t.Context(), h.o); err != nil || p.Incarnation != 1 {
		t.Fatalf("trust: got %+v, %v", p, err)
	}
	h.mysql, h.db = replica, errant.db
	h.start(t)
	h.exec(t, "UPDATE customers SET version = version + 1 WHERE id = 1")
	h.published(t)
	h.records(t, "customers", 4)
	h.mustStop(t)
}

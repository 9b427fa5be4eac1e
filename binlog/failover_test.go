package binlog

import (
	"errors"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

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
	replica := replicate(t, h.mysql, servers, compress...)
	h.exec(t, "UPDATE customers SET version = version + 1")
	p := h.published(t)
	replica.promote(t, p.GTIDSet)
	old := *h
	link.To(replica.Addr())
	h.mysql, h.db = replica.Server, mysqltest.DB(t, replica.Server, "shop")
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

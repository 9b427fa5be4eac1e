package binlog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/certtest"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/mysqltls"
	"telltale/internal/preflight"
)

const readerPassword = "a secret"

// The account of the README is enough to read, to resume and to be moved by an
// operator's commands, and nothing that it is granted can be left out.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testLeastPrivilege)
}

func testLeastPrivilege(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers)
	statements := readmeAccount(t)
	h.exec(t, statements...)
	h.o.DSN = "telltale:" + readerPassword + "@tcp(" + h.mysql.Addr() + ")/"
	h.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	h.published(t)
	h.mustStop(t)
	h.start(t) // It asks for its last transaction again.
	h.exec(t, "UPDATE customers SET version = 2")
	h.published(t)
	h.mustStop(t)
	if _, err := Trust(t.Context(), h.o); err != nil {
		t.Error(err)
	}
	if _, err := Reset(t.Context(), h.o); err != nil {
		t.Error(err)
	}
	h.records(t, "customers", 2)

	for _, grant := range statements[1:] {
		for _, one := range single(grant) {
			h.exec(t, strings.NewReplacer("GRANT ", "REVOKE ", " TO ", " FROM ").Replace(one))
			var found preflight.Findings
			if err := Check(t.Context(), h.o); !errors.As(err, &found) {
				t.Errorf("without %q: got %v, want a finding", one, err)
			}
			h.exec(t, one)
		}
	}
	if err := Check(t.Context(), h.o); err != nil {
		t.Errorf("with all of them again: %v", err)
	}
}

// readmeAccount are the statements that the README has for the reader's account.
func readmeAccount(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var statements []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(strings.TrimSpace(line), ";")
		if strings.HasPrefix(line, "CREATE USER 'telltale'") || strings.HasPrefix(line, "GRANT ") && strings.HasSuffix(line, "TO 'telltale'@'%'") {
			statements = append(statements, strings.Replace(line, "'…'", "'"+readerPassword+"'", 1))
		}
	}
	if len(statements) < 3 || !strings.HasPrefix(statements[0], "CREATE USER") {
		t.Fatalf("the README has %q", statements)
	}
	return statements
}

// single are the statements that grant the rights of one statement one by one.
func single(grant string) []string {
	rights, rest, _ := strings.Cut(strings.TrimPrefix(grant, "GRANT "), " ON ")
	var out []string
	for right := range strings.SplitSeq(rights, ", ") {
		out = append(out, "GRANT "+right+" ON "+rest)
	}
	return out
}

// Accounts sign in with each way that a server may want, over both kinds of
// connection that the reader makes, also where the server remembers nobody.
func TestAccounts(t *testing.T) {
	t.Parallel()
	ca := certtest.New(t)
	pair, client := ca.Issue(t, "127.0.0.1"), ca.Issue(t, "reader")
	settings := []string{"ssl-ca=" + ca.File, "ssl-cert=" + pair.CertFile, "ssl-key=" + pair.KeyFile}
	trusting := mysqltls.Options{CAFile: ca.File}
	known := mysqltls.Options{CAFile: ca.File, CertFile: client.CertFile, KeyFile: client.KeyFile}
	mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) {
		h := newHarnessOn(t, servers, settings...)
		with := "caching_sha2_password"
		if h.mariadb() {
			with = "mysql_native_password"
		}
		h.exec(t, customers)
		for user, demand := range map[string]string{"anybody": "NONE", "known": "X509"} {
			create := fmt.Sprintf("CREATE USER %s IDENTIFIED WITH %s BY '%s' REQUIRE %s", user, with, readerPassword, demand)
			if h.mariadb() {
				create = fmt.Sprintf("CREATE USER %s IDENTIFIED VIA %s USING PASSWORD('%s') REQUIRE %s", user, with, readerPassword, demand)
			}
			h.exec(t, create, "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO "+user, "GRANT SELECT ON shop.* TO "+user)
		}
		for _, tt := range []struct {
			name, user string
			options    mysqltls.Options
			fails      string
		}{
			{"in the clear", "anybody", mysqltls.Options{Mode: mysqltls.Disabled}, ""},
			{"over TLS", "anybody", trusting, ""},
			{"with a certificate", "known", known, ""},
			{"without its certificate", "known", trusting, "Access denied"},
		} {
			t.Run(tt.name, func(t *testing.T) { testAccount(t, h, tt.user, tt.options, tt.fails) })
		}
	})
}

func testAccount(t *testing.T, h *harness, user string, o mysqltls.Options, fails string) {
	one := *h
	one.o.DSN = user + ":" + readerPassword + "@tcp(" + h.mysql.Addr() + ")/"
	var err error
	if one.o.TLS, err = mysqltls.New(one.o.DSN, o); err != nil {
		t.Fatal(err)
	}
	h.exec(t, "FLUSH PRIVILEGES") // The server forgets who has signed in.
	err = dumpOnce(t, h, one.o)
	switch {
	case fails == "" && !errors.Is(err, errVerified):
		t.Fatalf("the connection for the binlog: got %v, want an event", err)
	case fails != "" && (err == nil || !strings.Contains(err.Error(), fails)):
		t.Fatalf("the connection for the binlog: got %v, want %q", err, fails)
	}
	h.exec(t, "FLUSH PRIVILEGES")
	if fails != "" {
		if err := Check(t.Context(), one.o); err == nil || !strings.Contains(err.Error(), fails) || strings.Contains(err.Error(), readerPassword) {
			t.Errorf("got %v, want %q and no password", err, fails)
		}
		return
	}
	one.start(t)
	h.exec(t, "INSERT INTO customers (name) VALUES ('x')")
	one.published(t)
	one.mustStop(t)
}

// firstEvent ends a dump at its first event.
type firstEvent struct{}

func (firstEvent) HandleEvent(*replication.BinlogEvent) error { return errVerified }

// dumpOnce asks for the binlog as the account of o does, on a connection that no
// other has gone before.
func dumpOnce(t *testing.T, root *harness, o Options) error {
	t.Helper()
	srv := root.server(t)
	all, err := srv.dialect.history(t.Context(), srv)
	if err != nil {
		t.Fatal(err)
	}
	dsn, err := o.dsn()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return dump(ctx, dsn, dumpOptions{flavor: srv.dialect.flavor(), serverID: 4711, heartbeat: defaultHeartbeat, from: origin{gtids: all.executed}}, firstEvent{})
}

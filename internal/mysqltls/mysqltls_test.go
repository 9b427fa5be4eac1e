package mysqltls_test

import (
	"crypto/tls"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"telltale/internal/certtest"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/mysqltls"
)

// TestNew decides without a server.
func TestNew(t *testing.T) {
	t.Parallel()
	ca := certtest.New(t)
	own := ca.Issue(t, "client")
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	const remote, loopback = "u:p@tcp(db.example:3306)/", "u:p@tcp(127.0.0.1:3306)/"
	tests := []struct {
		name, dsn string
		options   mysqltls.Options
		want      string // "plain", "any" certificate or "host"; otherwise what the error says.
	}{
		{"another machine", remote, mysqltls.Options{}, "host"},
		{"loopback", loopback, mysqltls.Options{}, "plain"},
		{"loopback, IPv6", "u:p@tcp([::1]:3306)/", mysqltls.Options{}, "plain"},
		{"localhost", "u:p@tcp(localhost:3306)/", mysqltls.Options{}, "plain"},
		{"socket", "u:p@unix(/run/mysqld.sock)/", mysqltls.Options{}, "plain"},
		{"loopback with an authority", loopback, mysqltls.Options{CAFile: ca.File}, "host"},
		{"disabled", remote, mysqltls.Options{Mode: mysqltls.Disabled}, "plain"},
		{"required", remote, mysqltls.Options{Mode: mysqltls.Required}, "any"},
		{"own certificate", remote, mysqltls.Options{CertFile: own.CertFile, KeyFile: own.KeyFile}, "host"},
		{"tls=true", loopback + "?tls=true", mysqltls.Options{}, "host"},
		{"tls=skip-verify", remote + "?tls=skip-verify", mysqltls.Options{}, "any"},
		{"tls=false", remote + "?tls=false", mysqltls.Options{}, "plain"},
		{"tls=preferred", remote + "?tls=preferred", mysqltls.Options{}, "tls=preferred, which anybody"},
		{"said twice", remote + "?tls=true", mysqltls.Options{Mode: mysqltls.VerifyCA, CAFile: ca.File}, "tls=true, and the mode is verify_ca; keep one"},
		{"any host, any authority", remote, mysqltls.Options{Mode: mysqltls.VerifyCA}, "verify_ca needs ca_file"},
		{"an authority for nothing", remote, mysqltls.Options{Mode: mysqltls.Required, CAFile: ca.File}, "does not look at ca_file"},
		{"plain with an authority", remote, mysqltls.Options{Mode: mysqltls.Disabled, CAFile: ca.File}, "mode disabled uses none"},
		{"a certificate without its key", remote, mysqltls.Options{CertFile: own.CertFile}, "belong together"},
		{"another's key", remote, mysqltls.Options{CertFile: own.CertFile, KeyFile: ca.Issue(t, "other").KeyFile}, "private key does not match"},
		{"no such file", remote, mysqltls.Options{CAFile: "/no/such.pem"}, "open /no/such.pem"},
		{"not PEM", remote, mysqltls.Options{CAFile: garbage}, garbage + " holds no certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := mysqltls.New(tt.dsn, tt.options)
			got := describe(c)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if c != nil && (len(c.Certificates) > 0) != (tt.options.CertFile != "") {
				t.Errorf("got %d certificates of the client", len(c.Certificates))
			}
		})
	}
}

func describe(c *tls.Config) string {
	switch {
	case c == nil:
		return "plain"
	case c.InsecureSkipVerify:
		return "any"
	}
	return "host " + c.ServerName
}

// TestServer signs in to a real server.
func TestServer(t *testing.T) {
	t.Parallel()
	ours, others := certtest.New(t), certtest.New(t)
	pair, client := ours.Issue(t, "127.0.0.1"), ours.Issue(t, "client")
	server := mysqltest.Start(t, "ssl-ca="+ours.File, "ssl-cert="+pair.CertFile, "ssl-key="+pair.KeyFile)
	root := mysqltest.DB(t, server, "mysql")
	for _, statement := range []string{
		"CREATE USER anybody IDENTIFIED BY 'p'", "CREATE USER known IDENTIFIED BY 'p' REQUIRE X509",
	} {
		if _, err := root.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	byAddress := "tcp(" + server.Addr() + ")/"
	byName := strings.Replace(byAddress, "127.0.0.1", "localhost", 1)
	tests := []struct {
		name, dsn string
		options   mysqltls.Options
		// What the connection fails with and a part of the advice, empty where it is
		// made.
		fails, advice string
	}{
		{"right", "anybody:p@" + byAddress, mysqltls.Options{CAFile: ours.File}, "", ""},
		{"required", "anybody:p@" + byName, mysqltls.Options{Mode: mysqltls.Required}, "", ""},
		{"any host", "anybody:p@" + byName, mysqltls.Options{Mode: mysqltls.VerifyCA, CAFile: ours.File}, "", ""},
		{"own certificate", "known:p@" + byAddress, mysqltls.Options{CAFile: ours.File, CertFile: client.CertFile, KeyFile: client.KeyFile}, "", ""},
		{"no own certificate", "known:p@" + byAddress, mysqltls.Options{CAFile: ours.File}, "Access denied", ""},
		{"another authority", "anybody:p@" + byAddress, mysqltls.Options{CAFile: others.File}, "unknown authority", "set source.tls.ca_file"},
		{"another authority, any host", "anybody:p@" + byAddress, mysqltls.Options{Mode: mysqltls.VerifyCA, CAFile: others.File}, "unknown authority", "set source.tls.ca_file"},
		{"another host", "anybody:p@" + byName, mysqltls.Options{CAFile: ours.File}, "wanted to match localhost", "source.tls.mode: verify_ca"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cipher, err := connect(t, tt.dsn, tt.options)
			if tt.fails == "" {
				if err != nil || cipher == "" {
					t.Errorf("got cipher %q, %v; want an encrypted connection", cipher, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("got %v, want %q in it", err, tt.fails)
			}
			if got := mysqltls.Advice(err, "source"); !strings.Contains(got, tt.advice) || (got == "") != (tt.advice == "") {
				t.Errorf("advice: got %q, want %q", got, tt.advice)
			}
		})
	}
	if _, err := root.ExecContext(t.Context(), "SET GLOBAL require_secure_transport = ON"); err != nil {
		t.Fatal(err)
	}
	_, err := connect(t, "anybody:p@"+byAddress, mysqltls.Options{})
	if got := mysqltls.Advice(err, "source"); !strings.HasPrefix(got, "set source.tls.ca_file") {
		t.Errorf("a server that wants TLS: got advice %q for %v", got, err)
	}
}

// TestServerWithoutTLS must not be spoken to in the clear.
func TestServerWithoutTLS(t *testing.T) {
	t.Parallel()
	server := mysqltest.Start(t, "tls-version=")
	_, err := connect(t, "root@tcp("+server.Addr()+")/", mysqltls.Options{Mode: mysqltls.Required})
	if !errors.Is(err, mysql.ErrNoTLS) || !strings.Contains(mysqltls.Advice(err, "crudapp"), "crudapp.tls.mode: disabled") {
		t.Errorf("got %v with advice %q", err, mysqltls.Advice(err, "crudapp"))
	}
}

// connect returns the cipher that a connection uses.
func connect(t *testing.T, dsn string, o mysqltls.Options) (string, error) {
	t.Helper()
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if c.TLS, err = mysqltls.New(dsn, o); err != nil {
		t.Fatal(err)
	}
	c.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	var name, cipher string
	err = db.QueryRowContext(t.Context(), "SHOW STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher)
	return cipher, err
}

package main

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strings"
	"testing"

	"telltale/internal/binarytest"
	"telltale/internal/certtest"
)

// TestEncryption runs the pipeline and the shop on a server that takes encrypted
// connections alone, and sees what each of them says to one that it must not trust.
func TestEncryption(t *testing.T) {
	ours, others := certtest.New(t), certtest.New(t)
	pair := ours.Issue(t, "127.0.0.1")
	w := newWorld(t, "ssl-ca="+ours.File, "ssl-cert="+pair.CertFile, "ssl-key="+pair.KeyFile)
	var err error
	if w.root, err = sql.Open("mysql", w.mysql.DSN("shop")+"?tls=skip-verify"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.root.Close() })
	w.exec(t, "SET GLOBAL require_secure_transport = ON",
		"CREATE USER shop IDENTIFIED BY '"+password+"'", "GRANT ALL ON shop.* TO shop")

	tests := []struct {
		name    string
		environ map[string]string
		want    string
	}{
		{"not encrypted", nil, "insecure transport are prohibited"},
		{"another authority", everywhere("CA_FILE", others.File), "certificate signed by unknown authority"},
		{"system's authorities", everywhere("MODE", "verify_identity"), "certificate signed by unknown authority"},
		{"another authority, any host", everywhere("MODE", "verify_ca", "CA_FILE", others.File), "certificate signed by unknown authority"},
		{"no such file", everywhere("CA_FILE", "/no/such/ca.pem"), "open /no/such/ca.pem: no such file"},
		{"two that contradict each other", everywhere("MODE", "disabled", "CA_FILE", ours.File), "mode disabled uses none of ca_file"},
		{
			"another host", host(everywhere("CA_FILE", ours.File), w, "localhost"),
			"certificate is not valid for any names, but wanted to match localhost",
		},
	}
	before := w.traces(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range []struct {
				name   string
				wheres []string
			}{{"run", []string{"source", "consumers.database"}}, {"crudapp", []string{"crudapp"}}} {
				got := runCommand(t.Context(), w.encrypted(tt.environ), c.name)
				if got.status != exitFailure || strings.Count(got.stderr, tt.want) != len(c.wheres) {
					t.Errorf("%s: status %d, want %q for each of %v in\n%s", c.name, got.status, tt.want, c.wheres, got.stderr)
				}
				for _, where := range c.wheres {
					if !strings.Contains(got.stderr, where+".tls") {
						t.Errorf("%s: want %s.tls named in\n%s", c.name, where, got.stderr)
					}
				}
				if strings.Contains(got.stderr, password) {
					t.Errorf("%s: the error shows a password:\n%s", c.name, got.stderr)
				}
			}
		})
	}
	if after := w.traces(t); !slices.Equal(after, before) {
		t.Errorf("something was started: %v, were %v", after, before)
	}
	client := ours.Issue(t, "telltale")
	for _, user := range []string{readerUser, consumerUser, "shop"} {
		w.exec(t, "ALTER USER "+user+" REQUIRE X509")
	}
	t.Run("trusted, and known by certificate", func(t *testing.T) {
		w.testEncryptedRun(t, everywhere("CA_FILE", ours.File, "CERT_FILE", client.CertFile, "KEY_FILE", client.KeyFile))
	})
}

// everywhere sets keys of TLS for all servers.
func everywhere(keysAndValues ...string) map[string]string {
	out := make(map[string]string)
	for _, section := range []string{"SOURCE", "CONSUMERS_DATABASE", "CRUDAPP"} {
		for i := 0; i < len(keysAndValues); i += 2 {
			out[section+"_TLS_"+keysAndValues[i]] = keysAndValues[i+1]
		}
	}
	return out
}

// host has all servers asked by another name.
func host(environ map[string]string, w *world, name string) map[string]string {
	byName := strings.NewReplacer("127.0.0.1", name)
	environ["SOURCE_DSN"] = byName.Replace(w.dsn(readerUser, ""))
	environ["CONSUMERS_DATABASE_DSN"] = byName.Replace(w.dsn(consumerUser, "consumers"))
	environ["CRUDAPP_DSN"] = byName.Replace(w.dsn("shop", "shop"))
	return environ
}

// encrypted is the configuration of every stage.
func (w *world) encrypted(over map[string]string) []string {
	shop := map[string]string{"CRUDAPP_DSN": w.dsn("shop", "shop"), "HTTP_LISTEN": "127.0.0.1:0"}
	for k, v := range over {
		shop[k] = v
	}
	return w.environ(shop)
}

// testEncryptedRun sends a change through the pipeline; the server refuses every
// connection that is not encrypted or shows no certificate.
func (w *world) testEncryptedRun(t *testing.T, environ map[string]string) {
	ops, shop := binarytest.FreeAddr(t), binarytest.FreeAddr(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	environ["OPS_LISTEN"], environ["HTTP_LISTEN"] = ops, shop
	all := w.encrypted(environ)
	done := make(chan result, 2)
	go func() { done <- w.command(ctx, all, "run") }()
	go func() { done <- runCommand(ctx, append(all, "TELLTALE_OPS_LISTEN=127.0.0.1:0"), "crudapp") }()
	// The reader publishes from its start on, so the change comes after it.
	eventually(t, "the pipeline is ready", func() (bool, string) {
		status, body := binarytest.Get(t, "http://"+ops+"/readyz")
		return status == http.StatusOK, body
	})
	eventually(t, "the shop", func() (bool, string) {
		status, body := binarytest.Get(t, "http://"+shop+"/sign-in")
		return status == http.StatusOK, body
	})
	w.exec(t, `INSERT INTO customers (email, name, password_hash, created_at, updated_at)
		VALUES ('bob@example.com', 'Bob', 'x', NOW(6), NOW(6))`)
	eventually(t, "ledger", func() (bool, string) {
		var recipient string
		err := w.root.QueryRowContext(t.Context(), "SELECT recipient FROM consumers.mail_ledger").Scan(&recipient)
		if err != nil {
			return false, err.Error()
		}
		return recipient == "bob@example.com", recipient
	})
	stop()
	for range cap(done) {
		if r := <-done; r.status != exitOK || strings.Contains(r.stderr, password) {
			t.Errorf("status %d, want 0 and no password in\n%s", r.status, r.stderr)
		}
	}
}

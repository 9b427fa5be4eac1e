package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"telltale/internal/binarytest"
)

// TestCRUDApp migrates as one user and serves as one that may not, on a database
// that then goes away.
func TestCRUDApp(t *testing.T) {
	w := newWorld(t)
	w.exec(t, "DROP DATABASE shop", "CREATE USER owner IDENTIFIED BY '"+password+"'", "GRANT ALL ON shop.* TO owner",
		"CREATE USER shop IDENTIFIED BY '"+password+"'", "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO shop")
	r := runCommand(t.Context(), []string{"TELLTALE_CRUDAPP_DSN=" + w.dsn("owner", "shop")}, "crudapp", "migrate")
	if want := (result{stdout: "the shop's tables are up to date\n"}); r != want {
		t.Fatalf("migrate: got %+v, want %+v", r, want)
	}
	fillShop(t, w.dsn("shop", "shop"))
	leaveUnpaid(t, w)

	addr, ops := binarytest.FreeAddr(t), binarytest.FreeAddr(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan result, 1)
	go func() {
		done <- runCommand(ctx, []string{
			"TELLTALE_CRUDAPP_DSN=" + w.dsn("shop", "shop"), "TELLTALE_HTTP_LISTEN=" + addr, "TELLTALE_OPS_LISTEN=" + ops,
			"TELLTALE_CRUDAPP_UNPAID_HOURS=1",
		}, "crudapp")
	}()
	eventually(t, "the shop", func() (bool, string) {
		status, body := binarytest.Get(t, "http://"+addr+"/register")
		return status == http.StatusOK, body
	})
	if status, body := binarytest.Get(t, "http://"+ops+"/readyz"); status != http.StatusOK {
		t.Errorf("/readyz: status %d, %s", status, body)
	}
	if _, body := binarytest.Get(t, "http://"+ops+"/metrics"); !strings.Contains(body, "telltale_crudapp_") {
		t.Errorf("no metrics of the shop in\n%s", body)
	}

	eventually(t, "the order that nobody paid is cancelled", func() (bool, string) {
		var status string
		if err := w.root.QueryRowContext(t.Context(), "SELECT status FROM shop.orders").Scan(&status); err != nil {
			t.Fatal(err)
		}
		return status == "cancelled", status
	})

	w.exec(t, "ALTER USER shop ACCOUNT LOCK")
	w.killSessions(t, "shop")
	eventually(t, "readiness tells of the database", func() (bool, string) {
		status, body := binarytest.Get(t, "http://"+ops+"/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "database"), body
	})
	w.exec(t, "ALTER USER shop ACCOUNT UNLOCK")
	eventually(t, "readiness comes back", func() (bool, string) {
		status, body := binarytest.Get(t, "http://"+ops+"/readyz")
		return status == http.StatusOK, body
	})

	stop()
	if r := <-done; r.status != exitOK {
		t.Errorf("status %d, stderr\n%s", r.status, r.stderr)
	}
}

// fillShop seeds the shop and adds somebody to its staff, twice each, as a user that
// may not change its tables.
func fillShop(t *testing.T, dsn string) {
	t.Helper()
	environ := []string{"TELLTALE_CRUDAPP_DSN=" + dsn}
	file := writeFile(t, "password", "a few unusual words\nand a note\n")
	short := writeFile(t, "password", "short\n")
	for _, step := range []struct {
		args []string
		want result
	}{
		{[]string{"seed"}, result{stdout: "added 6 categories and 24 products\n"}},
		{[]string{"seed"}, result{stdout: "added 0 categories and 0 products\n"}},
		{[]string{"staff", "add", "Mary@example.com", "--password-file", file}, result{stdout: "Mary may sign in at /staff as mary@example.com\n"}},
		{
			[]string{"staff", "add", "mary@example.com", "--name", "M.", "--password-file", file},
			result{status: exitFailure, stderr: "telltale: add mary@example.com to the staff: This address is staff's already.\n"},
		},
		{
			[]string{"staff", "add", "m", "--password-file", short},
			result{status: exitFailure, stderr: "telltale: add m to the staff: This is not an e-mail address. It should look like name@example.com. A password has at least 8 characters.\n"},
		},
		{
			[]string{"staff", "add", "a@example.com", "--password-file", writeFile(t, "password", "\n")},
			result{status: exitFailure, stderr: "its first line is empty\n"},
		},
		{[]string{"staff", "add", "--password-file", file}, result{status: exitUsage, stderr: "want one e-mail address, not []"}},
	} {
		r := runCommand(t.Context(), environ, append([]string{"crudapp"}, step.args...)...)
		if r.status != step.want.status || r.stdout != step.want.stdout || !strings.Contains(r.stderr, step.want.stderr) || step.want.stderr == "" && r.stderr != "" {
			t.Errorf("%q: got %+v, want %+v", step.args, r, step.want)
		}
	}
}

// leaveUnpaid leaves an order that has waited for two hours to be paid.
func leaveUnpaid(t *testing.T, w *world) {
	t.Helper()
	w.exec(t,
		"INSERT INTO shop.customers (email, name, password_hash, created_at) VALUES ('bob@example.com', 'Bob', '', UTC_TIMESTAMP(6))",
		`INSERT INTO shop.orders (customer_id, status, total, currency, ship_to, idempotency_key, request_hash, placed_at)
			SELECT id, 'placed', 4.20, 'GBP', '{"recipient": "Bob", "street": "1 High Street", "city": "London", "country": "GB"}', 'k', '', UTC_TIMESTAMP(6) - INTERVAL 2 HOUR FROM shop.customers`,
	)
}

// killSessions ends a user's connections, as a restart of the server would.
func (w *world) killSessions(t *testing.T, user string) {
	t.Helper()
	rows, err := w.root.QueryContext(t.Context(), "SELECT CONCAT('KILL ', id) FROM information_schema.processlist WHERE user = ?", user)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var kills []string
	for rows.Next() {
		var kill string
		if err := rows.Scan(&kill); err != nil {
			t.Fatal(err)
		}
		kills = append(kills, kill)
	}
	w.exec(t, kills...)
}

package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/internal/binarytest"
	"telltale/internal/install"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/load"
	"telltale/load/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const transactions = 600

// clerk is the member of staff as whom tests load the shop.
func clerk() api.Clerk { return api.Clerk{Email: "mary@example.com", Password: "croissants at dawn"} }

// TestRecord holds the record of a load on a shop that runs against its tables: all that
// customers and staff do.
func TestRecord(t *testing.T) {
	t.Parallel()
	server := mysqltest.Start(t)
	shop, err := install.New(t.Context(), install.Options{Binary: binarytest.Build(t), Dir: t.TempDir(), MySQL: server.DSN("")})
	if err != nil {
		t.Fatal(err)
	}
	run(t, shop, "crudapp", "seed")
	hire(t, shop)
	serve(t, shop)
	db := mysqltest.DB(t, server, "shop")

	var record bytes.Buffer
	target, err := api.Open(t.Context(), api.Options{URL: "http://" + shop.ShopAddr, Clerk: clerk()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := load.Open(t.Context(), load.Options{
		Seed: 7, Rate: 100_000, Workers: 3, Mix: "default,browse=5,register=2,order=12,lose-answer=4,race=4", Record: &record,
	}, target)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Run(t.Context(), load.Span{Transactions: transactions}); err != nil {
		t.Fatal(err)
	}
	s := l.Summary()
	t.Logf("%v in %s: %+v", s.Outcomes, s.During, s.All)
	if s.All.Count != transactions || s.Outcomes[load.Committed] < transactions/2 || s.Outcomes[load.Read] == 0 {
		t.Errorf("got %+v, want %d, most of them committed and some read", s, transactions)
	}
	if s.Outcomes[load.Landed]+s.Outcomes[load.Vanished] == 0 || s.Outcomes[load.Unknown] > 0 {
		t.Errorf("got %v, want some answers lost, and all known in the end", s.Outcomes)
	}

	kinds := checkKinds(t, bytes.NewReader(record.Bytes()))
	for _, table := range []string{
		load.Customers, load.SignIns, load.Reviews, load.Orders, load.OrderLines, load.Payments, load.Invoices, load.Refunds, load.Shipments,
	} {
		if got, want := number(t, db, "SELECT COUNT(*) FROM "+table), kinds[table+" c"]; got != want {
			t.Errorf("the table %s has %d rows, the record %d", table, got, want)
		}
	}
	if got, want := number(t, db, "SELECT SUM(version - 1) FROM stock"), kinds["stock u"]; got != want {
		t.Errorf("the stock was changed %d times, in the record %d", got, want)
	}
	final, err := load.ReadFinal(&record)
	if err != nil {
		t.Fatal(err)
	}
	if err := final.Verify(t.Context(), db); err != nil {
		t.Error(err)
	}
	spoil(t, db, final)
}

// spoil changes a row that the record knows in one table after the other, and checks that
// each is seen. What is spoilt before stands behind it in the order of the comparison.
func spoil(t *testing.T, db *sql.DB, final *load.Final) {
	t.Helper()
	for _, one := range []struct{ table, statement string }{
		{load.Shipments, "UPDATE shipments SET carrier = 'nobody' LIMIT 1"},
		{load.Refunds, "UPDATE refunds SET staff_id = (SELECT MIN(id) FROM staff) LIMIT 1"},
		{load.Invoices, "UPDATE invoices SET number = number + 1000 LIMIT 1"},
		{load.Payments, "UPDATE payments SET version = version + 1 LIMIT 1"},
		{load.OrderLines, "UPDATE order_lines SET quantity = quantity + 1 LIMIT 1"},
		{load.Orders, "UPDATE orders SET version = version + 1 LIMIT 1"},
		{load.Stock, "UPDATE stock SET on_hand = on_hand + 1 WHERE version > 1"},
		{load.Products, "UPDATE products SET price = price + 1 WHERE sku LIKE 'LOAD-%' LIMIT 1"},
		{load.SignIns, "UPDATE sign_ins SET signed_in_at = signed_in_at + INTERVAL 1 MICROSECOND LIMIT 1"},
		{load.Customers, "UPDATE customers SET name = 'somebody else' ORDER BY id DESC LIMIT 1"},
	} {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), one.statement); err != nil {
			t.Fatalf("%s: %v", one.statement, err)
		}
		if err := final.Verify(t.Context(), db); err == nil || !strings.Contains(err.Error(), "table "+one.table+" with") {
			t.Errorf("after %s: got %v, want a difference in %s", one.statement, err, one.table)
		}
	}
}

// run runs a command of the shop's to its end.
func run(t *testing.T, shop *install.Install, args ...string) {
	t.Helper()
	p, err := shop.Start(args[len(args)-1], args...)
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if err := p.Outcome(); err != nil {
		t.Fatal(err)
	}
}

// hire adds the clerk to the staff, behind somebody else.
func hire(t *testing.T, shop *install.Install) {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(clerk().Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"john@example.com", clerk().Email} {
		run(t, shop, "crudapp", "staff", "add", "--password-file", password, email)
	}
}

// serve starts the shop and waits until it answers.
func serve(t *testing.T, shop *install.Install) {
	t.Helper()
	p, err := shop.Start("crudapp", "crudapp", "--ops-listen=")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := p.Await(ctx, func(ctx context.Context) bool {
		target, err := api.Open(ctx, api.Options{URL: "http://" + shop.ShopAddr})
		if err != nil {
			return false
		}
		return target.Close() == nil
	}); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// checkKinds checks that the record has some of everything, and returns how many.
func checkKinds(t *testing.T, record io.Reader) map[string]int {
	t.Helper()
	kinds, actors := map[string]int{}, map[string]int{}
	for r := load.NewRecordReader(record); ; {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range e.Changes {
			kinds[c.Table+" "+c.Op]++
			if !strings.HasPrefix(c.Request, "load-") {
				t.Errorf("the change %+v names no request", c)
			}
			if c.Table == load.Stock && !strings.Contains(string(c.Before)+string(c.After), "on_hand") {
				t.Errorf("the change %+v does not say how much is left", c)
			}
			actors[c.Table+" of "+strings.TrimRight(c.Actor, "0123456789")]++
		}
	}
	for _, kind := range []string{
		"customers c", "customers u", "sign_ins c", "addresses c", "addresses u", "reviews c",
		"basket_lines c", "basket_lines d", "orders c", "orders u", "order_lines c", "stock c", "stock u", "payments c", "payments u",
		"invoices c", "refunds c", "shipments c", "products c", "products u",
	} {
		if kinds[kind] == 0 {
			t.Errorf("got no %s among %v", kind, kinds)
		}
	}
	for _, actor := range []string{
		"customers of customer:", "customers of staff:", "orders of customer:", "orders of staff:", "stock of customer:", "stock of staff:",
		"payments of customer:", "payments of staff:",
	} {
		if actors[actor] == 0 {
			t.Errorf("got no change of %s among %v", actor, actors)
		}
	}
	return kinds
}

func TestRefused(t *testing.T) {
	t.Parallel()
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"products": []}`) }))
	defer empty.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for name, tt := range map[string]struct{ url, want string }{
		"no URL":         {"nonsense", "is not like http://127.0.0.1:8080"},
		"no such server": {"http://127.0.0.1:1", "connection refused"},
		"no shop":        {other.URL, "it answers 404"},
		"nothing sold":   {empty.URL, "telltale crudapp seed"},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := api.Open(t.Context(), api.Options{URL: tt.url})
			if err == nil {
				_ = target.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

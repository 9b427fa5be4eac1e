package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
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
// customers and staff do, and then the same while answers are lost and sessions end.
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

	var record, unsure bytes.Buffer
	l := open(t, "http://"+shop.ShopAddr, load.Options{
		Seed: 7, Rate: 100_000, Workers: 3, Mix: "default,browse=5,register=2,order=12,lose-answer=4,race=4", Record: &record,
	})
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
	kinds := count(t, bytes.NewReader(record.Bytes()))
	kinds.checkAll(t)
	kinds.checkTables(t, db)
	if got, want := number(t, db, "SELECT SUM(version - 1) FROM stock"), kinds["stock u"]; got != want || kinds["stock untold"] > 0 {
		t.Errorf("the stock was changed %d times, in the record %d, of which %d do not say how much was left", got, want, kinds["stock untold"])
	}

	loseAnswers(t, shop, db, &unsure)
	later := count(t, bytes.NewReader(unsure.Bytes()))
	if later["stock untold"] == 0 {
		t.Error("no answer was lost that would have told how much was left")
	}
	kinds.add(later)
	kinds.checkTables(t, db)
	final := load.NewFinal()
	for _, one := range []io.Reader{&record, &unsure} {
		read(t, one, func(e load.Entry) {
			if err := final.Add(e); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err := final.Verify(t.Context(), db); err != nil {
		t.Error(err)
	}
	spoil(t, db, final)
}

// loseAnswers loads the shop, which does all that it is asked for, while answers do not
// arrive, and all sessions end once.
func loseAnswers(t *testing.T, shop *install.Install, db *sql.DB, record io.Writer) {
	t.Helper()
	at, err := url.Parse("http://" + shop.ShopAddr)
	if err != nil {
		t.Fatal(err)
	}
	lost := newLosing()
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(at) },
		ModifyResponse: lost.pass,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:       log.New(io.Discard, "", 0),
	})
	t.Cleanup(proxy.Close)
	l := open(t, proxy.URL, load.Options{
		Seed: 8, Rate: 100_000, Workers: 2, Mix: "default,browse=0,basket=20,order=20,lose-answer=5,race=5,sign-in=5", Record: record,
	})
	for _, table := range []string{"sessions", "staff_sessions"} {
		if _, err := db.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	lost.begin()
	if err := l.Run(t.Context(), load.Span{Transactions: transactions / 2}); err != nil {
		t.Fatal(err)
	}
	s := l.Summary()
	t.Logf("%v in %s: %+v", s.Outcomes, s.During, s.All)
	if s.Outcomes[load.Landed] < transactions/100 || s.Outcomes[load.Unknown] == 0 || s.Outcomes[load.Committed] < transactions/5 {
		t.Errorf("got %v, want many that landed, some that stay unknown, and others", s.Outcomes)
	}
}

// losing loses the first answers of each kind of request, and of all one in twelve.
type losing struct {
	mu    sync.Mutex
	begun bool
	all   int
	kinds map[string]int
}

func newLosing() *losing { return &losing{kinds: map[string]int{}} }

// begin has answers be lost from now on.
func (l *losing) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = true
}

var digits = regexp.MustCompile(`[0-9]+`)

func (l *losing) pass(r *http.Response) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.begun {
		return nil
	}
	kind := r.Request.Method + digits.ReplaceAllString(r.Request.URL.Path, "#")
	l.all++
	if r.StatusCode < http.StatusBadRequest {
		l.kinds[kind]++
	}
	if l.kinds[kind] <= 3 && r.StatusCode < http.StatusBadRequest || l.all%12 == 0 {
		return errors.New("lost")
	}
	return nil
}

// open puts a load on a shop, as customers and as the clerk.
func open(t *testing.T, at string, o load.Options) *load.Load {
	t.Helper()
	target, err := api.Open(t.Context(), api.Options{URL: at, Clerk: clerk()})
	if err != nil {
		t.Fatal(err)
	}
	l, err := load.Open(t.Context(), o, target)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
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

// kinds are how many changes there are of a kind: "orders c", "orders of staff".
type kinds map[string]int

// count counts what took place by a record, and checks that each change says all that it
// should.
func count(t *testing.T, record io.Reader) kinds {
	t.Helper()
	all, untold := kinds{}, map[string]bool{}
	read(t, record, func(e load.Entry) {
		for _, c := range e.Changes {
			of := fmt.Sprint(e.N, c.Table, c.Key)
			if c.Op == "r" {
				delete(untold, of)
			}
			if !e.Outcome.Took() {
				continue
			}
			if c.Table == load.Stock && !strings.Contains(string(c.After), "on_hand") {
				all["stock untold"]++
				untold[of] = true
			}
			who, _, _ := strings.Cut(c.Actor, ":")
			all[c.Table+" "+c.Op]++
			all[c.Table+" of "+who]++
			if c.Table == load.Customers && c.Op == "c" && c.Actor != "" {
				t.Errorf("the change %+v is somebody's, want that nobody was signed in", c)
			}
			if !strings.HasPrefix(c.Request, "load-") {
				t.Errorf("the change %+v names no request", c)
			}
		}
	})
	if len(untold) > 0 {
		t.Errorf("how much was left is neither told nor read after %v", slices.Collect(maps.Keys(untold)))
	}
	return all
}

// read reads a record to its end.
func read(t *testing.T, record io.Reader, each func(load.Entry)) {
	t.Helper()
	for r := load.NewRecordReader(record); ; {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		each(e)
	}
}

func (k kinds) add(more kinds) {
	for kind, n := range more {
		k[kind] += n
	}
}

// checkAll checks that there is some of everything.
func (k kinds) checkAll(t *testing.T) {
	t.Helper()
	for _, kind := range []string{
		"customers c", "customers u", "sign_ins c", "addresses c", "addresses u", "reviews c",
		"basket_lines c", "basket_lines d", "orders c", "orders u", "order_lines c", "stock c", "stock u", "payments c", "payments u",
		"invoices c", "refunds c", "shipments c", "products c", "products u",
		"customers of customer", "customers of staff", "orders of customer", "orders of staff", "stock of customer", "stock of staff",
		"payments of customer", "payments of staff",
	} {
		if k[kind] == 0 {
			t.Errorf("got no %s among %v", kind, k)
		}
	}
}

// checkTables checks that the load's tables have as many rows as were created.
func (k kinds) checkTables(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, table := range []string{
		load.Customers, load.SignIns, load.Reviews, load.Orders, load.OrderLines, load.Payments, load.Invoices, load.Refunds, load.Shipments,
	} {
		if got, want := number(t, db, "SELECT COUNT(*) FROM "+table), k[table+" c"]; got != want {
			t.Errorf("the table %s has %d rows, the record %d", table, got, want)
		}
	}
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

package direct_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/internal/binarytest"
	"telltale/internal/install"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/load"
	"telltale/load/direct"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestRecord holds the record against the tables: all else is held against the
// record.
func TestRecord(t *testing.T) { mysqltest.Each(t, testRecord) }

const transactions = 3000

func testRecord(t *testing.T, servers mysqltest.Servers) {
	dir := t.TempDir()
	server := servers.StartIn(t, dir)
	shop, err := install.New(t.Context(), install.Options{Binary: binarytest.Build(t), Dir: t.TempDir(), MySQL: server.DSN("")})
	if err != nil {
		t.Fatal(err)
	}
	var record bytes.Buffer
	l := open(t, direct.Options{DSN: server.DSN("shop")}, load.Options{Seed: 7, Rate: 100_000, Mix: "default,lose-answer=5,ddl=2,big=2,refund=3", Record: &record})
	if err := l.Run(t.Context(), load.Span{Transactions: transactions}); err != nil {
		t.Fatal(err)
	}
	if err := l.Aside(t.Context(), direct.Mark); err != nil {
		t.Fatal(err)
	}
	checkSummary(t, l.Summary())
	checkKinds(t, bytes.NewReader(record.Bytes()))

	db := mysqltest.DB(t, server, "shop")
	final, err := load.ReadFinal(bytes.NewReader(record.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := final.Verify(t.Context(), db); err != nil {
		t.Error(err)
	}
	// What is spoilt before stands behind it in the order of the comparison.
	spoiled(t, db, final, load.Stock, "UPDATE stock SET on_hand = on_hand + 1 LIMIT 1")
	spoiled(t, db, final, load.SignIns, "DELETE FROM sign_ins ORDER BY id DESC LIMIT 1")
	spoiled(t, db, final, load.Customers, "UPDATE customers SET name = 'somebody else' WHERE email LIKE '%@load.example' ORDER BY id DESC LIMIT 1")

	// Another load with the seed finds place beside the first.
	again := open(t, direct.Options{DSN: shop.DSNs.Shell}, load.Options{Seed: 7, Rate: 100_000})
	if err := again.Run(t.Context(), load.Span{Transactions: 200}); err != nil {
		t.Error(err)
	}
	testPatience(t, servers, server, dir)
}

func open(t *testing.T, where direct.Options, o load.Options) *load.Load {
	t.Helper()
	target, err := direct.Open(t.Context(), where)
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

// spoiled changes what the record says of a table, and checks that it is seen.
func spoiled(t *testing.T, db *sql.DB, final *load.Final, table, statement string) {
	t.Helper()
	if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
		t.Fatal(err)
	}
	if err := final.Verify(t.Context(), db); err == nil || !strings.Contains(err.Error(), "table "+table+" with") {
		t.Errorf("after %s: got %v, want a difference in %s", statement, err, table)
	}
}

// checkSummary checks that each transaction ended somehow.
func checkSummary(t *testing.T, s load.Summary) {
	t.Helper()
	t.Logf("%v in %s: %+v", s.Outcomes, s.During, s.All)
	sum := 0
	for _, n := range s.Outcomes {
		sum += n
	}
	if sum != transactions || s.All.Count != transactions {
		t.Errorf("got %d outcomes and %d latencies, want %d", sum, s.All.Count, transactions)
	}
	for _, o := range []load.Outcome{load.Committed, load.RolledBack} {
		if s.Outcomes[o] == 0 {
			t.Errorf("nothing was %s: %v", o, s.Outcomes)
		}
	}
	if s.Outcomes[load.Unknown] > 0 || s.Outcomes[load.Refused] > 0 {
		t.Errorf("got %v, want no outcome to stay unknown and nothing refused", s.Outcomes)
	}
	if s.All.P50 > s.All.P99 || s.All.P99 > s.All.Max || s.All.Max <= 0 {
		t.Errorf("got the latencies %+v, want them in order", s.All)
	}
}

// checkKinds checks that the record has some of everything, and that what was
// unknown was resolved.
func checkKinds(t *testing.T, record io.Reader) {
	t.Helper()
	kinds, open := map[string]int{}, map[int64]bool{}
	r := load.NewRecordReader(record)
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e.Outcome {
		case load.Unknown:
			open[e.N] = true
		case load.Landed, load.Vanished:
			delete(open, e.N)
		}
		for _, c := range e.Changes {
			name, _, _ := strings.Cut(c.Table, "_ddl_")
			kinds[name+" "+c.Op]++
		}
	}
	if len(open) > 0 {
		t.Errorf("the steps %v stayed unknown", open)
	}
	for _, kind := range []string{
		"customers c", "customers u", "customers d", "sign_ins c", "sign_ins d", "addresses c", "addresses u", "addresses d",
		"consents c", "products c", "products u", "product_categories c", "product_categories d", "stock c", "stock u", "reviews c", "reviews u",
		"orders c", "orders u", "order_lines c", "payments c", "payments u", "invoices c", "shipments c", "refunds c", "load c",
	} {
		if kinds[kind] == 0 {
			t.Errorf("got no %s among %v", kind, kinds)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	server := mysqltest.Start(t)
	mysqltest.DB(t, server, "other") // Which makes it.
	for name, tt := range map[string]struct{ dsn, want string }{
		"no DSN":         {"nonsense", "parse the DSN, which looks like user:password@tcp("},
		"no database":    {server.DSN(""), "it names no database"},
		"no such base":   {server.DSN("nowhere"), "Unknown database 'nowhere'"},
		"no tables":      {server.DSN("other"), "telltale crudapp migrate"},
		"no such server": {"root@tcp(127.0.0.1:1)/shop", "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			target, err := direct.Open(ctx, direct.Options{DSN: tt.dsn})
			if err == nil {
				_ = target.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

package binlog

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/mysqlserver/mysqltest"
	"telltale/schemas/change"
)

// A TRUNCATE is counted, and published where that is asked for: of a table that
// was there at the start, and of one that was made since.
func TestTruncate(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testTruncate)
}

func testTruncate(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, customers, insert("before the start"))
	registry := prometheus.NewRegistry()
	h.o.Registerer = registry
	h.start(t)
	h.exec(t, "TRUNCATE TABLE customers", insert("a"))
	h.published(t)
	h.records(t, "customers", 1)
	h.mustStop(t)
	if n := sumOf(t, registry, "telltale_binlog_vanishing_statements_total"); n != 1 {
		t.Errorf("%v statements were counted, want 1", n)
	}

	h.o.Registerer, h.o.Truncates, h.o.TransactionTopic = prometheus.NewRegistry(), true, true
	h.start(t)
	h.exec(t, "TRUNCATE TABLE customers", insert("b"), "CREATE TABLE later (id int PRIMARY KEY, n int)", "INSERT INTO later VALUES (1, 1)", "TRUNCATE later")
	h.published(t)
	for table, n := range map[string]int{"customers": 3, "later": 2} {
		var truncates []got
		for _, r := range h.records(t, table, n) {
			if r.Op == change.Truncate {
				truncates = append(truncates, r)
			}
		}
		if len(truncates) != 1 {
			t.Fatalf("table %s: got %d records of op t, want 1", table, len(truncates))
		}
		r := truncates[0]
		if r.Key != nil || string(r.Before) != "null" || string(r.After) != "null" || !r.Transaction.Last || r.Source.Shape == "" {
			t.Errorf("table %s: got key %q and %s", table, r.Key, r.Value)
		}
		if want := *r.Source.GTID + ":shop." + table + ":0"; r.ID != want {
			t.Errorf("table %s: got id %s, want %s", table, r.ID, want)
		}
	}
	h.mustStop(t)
}

// sumOf adds up a metric over its labels.
func sumOf(t *testing.T, r *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

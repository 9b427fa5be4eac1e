package load_test

import (
	"context"
	"testing"

	"telltale/internal/binarytest"
	"telltale/internal/faults/load"
	"telltale/internal/install"
	"telltale/internal/mysqlserver/mysqltest"
)

// TestHistory holds the history against the tables: all else is held against
// the history.
func TestHistory(t *testing.T) { mysqltest.Each(t, testHistory) }

func testHistory(t *testing.T, servers mysqltest.Servers) {
	server := servers.Start(t)
	shop, err := install.New(t.Context(), install.Options{Binary: binarytest.Build(t), Dir: t.TempDir(), MySQL: server.DSN("")})
	if err != nil {
		t.Fatal(err)
	}
	l, err := load.Open(t.Context(), load.Options{DSN: shop.DSNs.Shell, Seed: 7, Rate: 100_000})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Run(t.Context(), 4000); err != nil {
		t.Fatal(err)
	}
	if err := l.Mark(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	t.Logf("%+v", l.History().Stats)
	checkCounts(t, l.History())

	db := mysqltest.DB(t, server, "shop")
	if _, err := db.ExecContext(context.WithoutCancel(t.Context()), "UPDATE customers SET name = 'somebody else' ORDER BY id DESC LIMIT 1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Verify(t.Context()); err == nil {
		t.Error("Verify has not seen a change that is not in the history")
	}
}

// checkCounts checks that there was some of everything, and no more than was
// asked for: two statements a writer stand around its thousand transactions.
func checkCounts(t *testing.T, h load.History) {
	t.Helper()
	if got, want := h.Committed+h.RolledBack+h.Cut, 4000+2*4; got != want {
		t.Errorf("got %d transactions (%+v), want %d", got, h.Stats, want)
	}
	if h.RolledBack == 0 || h.Committed < 3000 {
		t.Errorf("got %+v, want some of everything", h.Stats)
	}
	kinds := map[string]int{}
	for _, changes := range h.Changes {
		for _, c := range changes {
			kinds[c.Table+" "+c.Op]++
		}
	}
	for _, kind := range []string{"customers c", "customers u", "customers d", "sign_ins c", "sign_ins d"} {
		if kinds[kind] == 0 {
			t.Errorf("got no %s among %v", kind, kinds)
		}
	}
}

package binlog

import (
	"context"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"telltale/internal/mysqlserver/mysqltest"
)

// A reader that ends leaves no connection behind, and ends none that is another's.
func TestEndDump(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, func(t *testing.T, servers mysqltest.Servers) {
		h := newHarnessOn(t, servers)
		h.exec(t, customers)
		h.start(t)
		h.published(t)
		h.mustStop(t)
		const dumps = "SELECT COUNT(*) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
		for deadline := time.Now().Add(defaultHeartbeat / 2); ; time.Sleep(time.Millisecond) {
			var left int
			if err := h.db.QueryRowContext(t.Context(), dumps).Scan(&left); err != nil {
				t.Fatal(err)
			}
			if left == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d connections are left that the binlog was read on", left)
			}
		}
		other, err := h.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		var id uint32
		if err := other.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
			t.Fatal(err)
		}
		dsn, err := driver.ParseDSN(h.o.DSN)
		if err != nil {
			t.Fatal(err)
		}
		endDump(dsn, id)
		if err := other.PingContext(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("somebody else's connection was ended: %v", err)
		}
	})
}

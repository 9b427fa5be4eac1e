package binlog

import (
	"os"
	"path/filepath"
	"testing"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// backup keeps a copy of the data of a server that stands still, and starts it
// again. restore puts the copy back in their place.
func (h *harness) backup(t *testing.T, settings ...string) (restore func()) {
	t.Helper()
	data, copied := filepath.Join(h.dir, "data"), filepath.Join(t.TempDir(), "data")
	stop := func(s *mysqlserver.Server) error { return s.Stop(t.Context()) }
	if err := stop(h.mysql); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(copied, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	h.revive(t, settings...)
	return func() {
		t.Helper()
		if err := h.mysql.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(data); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(copied, data); err != nil {
			t.Fatal(err)
		}
		h.revive(t, settings...)
	}
}

// A server that was restored from a backup that is older than the position is
// refused, also when it has used the same GTIDs or offsets for other changes
// since.
func TestOlderBackup(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		servers  mysqltest.Servers
		settings []string
		lacks    string
	}{
		"mysql":         {mysqltest.Servers{}, nil, "lacks transactions that were published"},
		"mysql by file": {mysqltest.Servers{}, withoutGTIDs, "lacks"},
		"mariadb":       {mysqltest.Servers{Flavor: mysqlserver.MariaDB}, nil, "lacks transactions that were published"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarnessOn(t, one.servers, one.settings...)
			h.exec(t, customers, "INSERT INTO customers (name) VALUES ('x')")
			restore := h.backup(t, one.settings...)
			h.start(t)
			h.exec(t, "UPDATE customers SET version = 2", "UPDATE customers SET version = 3")
			h.published(t)
			h.mustStop(t)
			restore()
			ended := make(chan error, 2)
			ended <- h.fails(t)
			refuses(t, ended, one.lacks, "telltale positions reset")
			// It goes on where the backup ends, up to where the position was, and on.
			h.exec(t, "UPDATE customers SET version = 7", "UPDATE customers SET version = 8", "UPDATE customers SET version = 9")
			ended <- h.fails(t)
			refuses(t, ended, "is not the one that was published", "telltale positions reset")
			h.records(t, "customers", 2)
		})
	}
}

package binlog

import (
	"os"
	"path/filepath"
	"testing"

	"telltale/internal/mysqlserver"
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

// A server that is read by file and was restored from a backup that is older than
// the position is refused, also when it has used the same offsets for other changes
// since. Servers with GTIDs are among the trials of TestSourceFaults.
func TestOlderBackup(t *testing.T) {
	t.Parallel()
	h := newHarness(t, withoutGTIDs...)
	h.exec(t, customers, "INSERT INTO customers (name) VALUES ('x')")
	restore := h.backup(t, withoutGTIDs...)
	h.start(t)
	h.exec(t, "UPDATE customers SET version = 2", "UPDATE customers SET version = 3")
	h.published(t)
	h.mustStop(t)
	restore()
	ended := make(chan error, 2)
	ended <- h.fails(t)
	refuses(t, ended, "lacks", "telltale positions reset")
	// It goes on where the backup ends, up to where the position was, and on.
	h.exec(t, "UPDATE customers SET version = 7", "UPDATE customers SET version = 8", "UPDATE customers SET version = 9")
	ended <- h.fails(t)
	refuses(t, ended, "is not the one that was published", "telltale positions reset")
	h.records(t, "customers", 2)
}

package outage_test

import (
	"net/netip"
	"testing"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// database is a MySQL server that can be killed and started again.
type database struct {
	whole  *testing.T // Its end ends the server, also one that a part of it started.
	dir    string
	server *mysqlserver.Server
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	d := &database{whole: t, dir: t.TempDir()}
	d.server = mysqltest.StartIn(t, d.dir)
	return d
}

func (d *database) kill(t *testing.T) {
	t.Helper()
	if err := d.server.Kill(); err != nil {
		t.Fatal(err)
	}
}

// start starts it again where its clients look for it.
func (d *database) start(t *testing.T) {
	t.Helper()
	server, err := mysqlserver.Start(t.Context(), mysqlserver.Options{
		Binary: mysqltest.Binary(t), Dir: d.dir, Port: int(netip.MustParseAddrPort(d.server.Addr()).Port()),
	})
	if err != nil {
		t.Fatal(err)
	}
	d.server = server
	d.whole.Cleanup(func() {
		if err := server.Kill(); err != nil {
			d.whole.Error(err)
		}
	})
}

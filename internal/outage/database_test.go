package outage_test

import (
	"io"
	"net"
	"net/http"
	"strconv"
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
		Binary: mysqltest.Binary(t), Dir: d.dir, Port: portOf(t, d.server.Addr()),
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

func portOf(t *testing.T, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// freeAddr is an address that nothing listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// get returns the status and body of a page, zero where nothing answers.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}

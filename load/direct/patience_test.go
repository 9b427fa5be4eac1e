package direct_test

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/load"
	"telltale/load/direct"
)

// testPatience kills the server in dir under a patient load and starts it again:
// the load goes on, and knows what took place.
func testPatience(t *testing.T, servers mysqltest.Servers, server *mysqlserver.Server, dir string) {
	t.Helper()
	var record bytes.Buffer
	l := open(t, direct.Options{DSN: server.DSN("shop"), Patience: patience},
		load.Options{Seed: 8, Rate: 100_000, Workers: 8, Mix: "default,race=0", Record: &record})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, load.Span{}) }()
	doMore(t, l)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	server = revive(t, servers, server, dir)
	doMore(t, l)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if o := l.Summary().Outcomes; o[load.Vanished]+o[load.Landed] == 0 {
		t.Errorf("got %v, want something that the server was killed in", o)
	}
	final, err := load.ReadFinal(&record)
	if err != nil {
		t.Fatal(err)
	}
	if err := final.Verify(t.Context(), mysqltest.DB(t, server, "shop")); err != nil {
		t.Error(err)
	}
}

// patience is how long a test waits for what must happen.
const patience = 2 * time.Minute

// doMore waits until a load has committed more.
func doMore(t *testing.T, l *load.Load) {
	t.Helper()
	const more = 100
	want := l.Summary().Outcomes[load.Committed] + more
	for deadline := time.Now().Add(patience); l.Summary().Outcomes[load.Committed] < want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got %v, want %d committed", l.Summary().Outcomes, want)
		}
	}
}

// revive starts a server that was killed again at its address.
func revive(t *testing.T, servers mysqltest.Servers, server *mysqlserver.Server, dir string) *mysqlserver.Server {
	t.Helper()
	_, text, err := net.SplitHostPort(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := mysqlserver.Start(t.Context(), mysqlserver.Options{Binary: servers.Binary(t), Dir: dir, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := again.Kill(); err != nil {
			t.Error(err)
		}
	})
	return again
}

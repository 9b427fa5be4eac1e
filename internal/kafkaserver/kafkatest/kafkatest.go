// Package kafkatest starts Kafka brokers for a test.
package kafkatest

import (
	"log/slog"
	"net/netip"
	"testing"

	"telltale/internal/kafkaserver"
)

// Start starts a broker of the test's own, in memory, on a free port, and
// closes it when the test and its subtests are done. The broker's warnings
// go to the test's log.
func Start(t testing.TB) *kafkaserver.Server {
	t.Helper()
	server, err := kafkaserver.Start(kafkaserver.Options{Logger: Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

// Durable is a broker that keeps its records on disk, for a test that takes it
// away and brings it back. It is used by one goroutine.
type Durable struct {
	t       testing.TB
	options kafkaserver.Options
	server  *kafkaserver.Server
}

// StartDurable starts a broker of the test's own on a free port, and closes it
// when the test and its subtests are done.
func StartDurable(t testing.TB) *Durable {
	t.Helper()
	d := &Durable{t: t, options: kafkaserver.Options{Dir: t.TempDir(), Logger: Logger(t)}}
	d.Up()
	d.options.Port = int(netip.MustParseAddrPort(d.Brokers()).Port())
	t.Cleanup(d.Down)
	return d
}

// Brokers is the address for bootstrap.servers, whether the broker is up or not.
func (d *Durable) Brokers() string { return d.server.Brokers() }

// Down takes the broker away: its clients see their connections end.
func (d *Durable) Down() { d.server.Close() }

// Up brings it back, at the same address and with what it held.
func (d *Durable) Up() {
	d.t.Helper()
	server, err := kafkaserver.Start(d.options)
	if err != nil {
		d.t.Fatal(err)
	}
	d.server = server
}

// Logger returns a logger that writes to the test's log, shown when the test
// fails or runs verbosely.
func Logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// Package kafkatest starts a Kafka broker for a test.
package kafkatest

import (
	"log/slog"
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

// Logger returns a logger that writes to the test's log, shown when the test
// fails or runs verbosely.
func Logger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

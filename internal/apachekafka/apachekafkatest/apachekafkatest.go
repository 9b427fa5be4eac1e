// Package apachekafkatest starts Apache Kafka for tests, and programs in Java that
// read it.
package apachekafkatest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"telltale/internal/apachekafka"
)

// Limits of one start, for a machine that has much else to do. Fetching is once a
// checkout.
const (
	fetchTimeout = 10 * time.Minute
	startTimeout = 5 * time.Minute
)

// Start starts a broker of the test's own on a free port, with a data
// directory of its own, and kills it when the test and its subtests are done.
// Settings are broker settings such as "log.segment.bytes=1048576". When the
// test has failed, the end of the broker's log is in the test's log.
func Start(t testing.TB, settings ...string) *apachekafka.Server {
	t.Helper()
	return StartWith(t, apachekafka.Options{Dir: t.TempDir(), Settings: settings})
}

// StartWith is Start in a directory and on a port that the test chose, for
// tests that start a broker again on what another has left. Jars and Progress
// are filled in.
func StartWith(t testing.TB, o apachekafka.Options) *apachekafka.Server {
	t.Helper()
	o.Jars = Jars(t)
	o.Progress = func(line string) { t.Log(line) }
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	server, err := apachekafka.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Kill(); err != nil {
			t.Errorf("end Apache Kafka: %v", err)
		}
		if t.Failed() {
			logLog(t, server.LogPath())
		}
	})
	return server
}

// Jars returns the folder of Kafka's jars, fetched where there is none.
func Jars(t testing.TB) string {
	t.Helper()
	return fetched(t, "kafka")
}

// fetched returns the folder of the jars that one of the scripts gets.
func fetched(t testing.TB, name string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), fetchTimeout)
	defer cancel()
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("find the module of the test: %v", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	dir := filepath.Join(root, ".tools", name)
	out, err := exec.CommandContext(ctx, filepath.Join(root, "scripts", "fetch-"+name+".sh"), dir).CombinedOutput()
	if err != nil {
		t.Fatalf("fetch the jars of %s into %s: %v\n%s", name, dir, err, out)
	}
	return filepath.Join(dir, "libs")
}

func logLog(t testing.TB, path string) {
	const most = 8 << 10
	text, err := os.ReadFile(path)
	if err != nil {
		t.Logf("no log: %v", err)
		return
	}
	t.Logf("%s ends:\n%s", filepath.Base(path), text[max(0, len(text)-most):])
}

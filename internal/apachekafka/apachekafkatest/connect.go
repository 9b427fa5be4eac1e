package apachekafkatest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/internal/childproc"
)

// javaTimeout bounds a program that reads some topics to their end.
const javaTimeout = 5 * time.Minute

// stopTimeout bounds the orderly end of Connect, after which it is killed.
const stopTimeout = 20 * time.Second

// connectJVM is for programs that live for seconds, too short for the better
// compiler to pay.
var connectJVM = []string{"-Xmx768m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"}

// Connector is the settings of a connector of Kafka Connect, its name among them.
type Connector map[string]string

// Connect runs Kafka Connect with these connectors until the test ends. Sinks
// read what is committed. Its converters read JSON with schemas; Debezium's
// transforms are there. When the test has failed, the end of its log is in the
// test's log.
func Connect(t testing.TB, brokers string, connectors ...Connector) {
	t.Helper()
	dir := t.TempDir()
	files := []string{writeProperties(t, filepath.Join(dir, "worker.properties"), map[string]string{
		"bootstrap.servers": brokers, "listeners": "http://127.0.0.1:0", "plugin.discovery": "only_scan",
		"key.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter": "org.apache.kafka.connect.json.JsonConverter",
		"offset.storage.file.filename": filepath.Join(dir, "offsets"),
		"consumer.isolation.level":     "read_committed", "consumer.auto.offset.reset": "earliest",
	})}
	for _, c := range connectors {
		files = append(files, writeProperties(t, filepath.Join(dir, c["name"]+".properties"), c))
	}
	logPath := filepath.Join(dir, "connect.log")
	log, err := os.Create(logPath)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // The child has its own.
	cmd := java(t, append([]string{"org.apache.kafka.connect.cli.ConnectStandalone"}, files...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	process, err := childproc.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if err := process.Stop(ctx); err != nil {
			t.Errorf("end Kafka Connect: %v", err)
		}
		if t.Failed() {
			logLog(t, logPath)
		}
	})
}

// Java runs a program, a source file of one class, that uses the classes of
// Kafka Connect and Debezium, and returns what it prints.
func Java(t testing.TB, source string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), javaTimeout)
	defer cancel()
	cmd := java(t, append([]string{source}, args...)...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := childproc.Run(ctx, cmd); err != nil {
		t.Fatalf("java %s: %v\n%s", source, err, log.Bytes())
	}
	return out.Bytes()
}

func java(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("java")
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(path, slices.Concat(connectJVM, []string{"-cp", filepath.Join(fetched(t, "connect"), "*")}, args)...)
}

// writeProperties writes a file of settings and returns its path.
func writeProperties(t testing.TB, path string, settings map[string]string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s=%s\n", name, strings.ReplaceAll(settings[name], `\`, `\\`))
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// asMain in the environment makes the test binary behave as telltale itself, for
// tests that need a process of their own.
const asMain = "TELLTALE_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// result is what a command left behind.
type result struct {
	status         int
	stdout, stderr string
}

// runCommand runs a command line in this process until it ends or ctx does.
func runCommand(ctx context.Context, environ []string, args ...string) result {
	var stdout, stderr bytes.Buffer
	status := execute(ctx, env{environ: environ, stdout: &stdout, stderr: &stderr}, args)
	return result{status, stdout.String(), stderr.String()}
}

func writeFile(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, args, want string
	}{
		{"command", "bilog", "unknown command \"bilog\"; did you mean binlog? (see `telltale --help`)"},
		{"command like no other", "frobnicate", "unknown command \"frobnicate\" (see `telltale --help`)"},
		{"command below", "config prnt", "unknown command \"prnt\"; did you mean print? (see `telltale config --help`)"},
		{"command beside its own work", "crudapp migrat", "unknown command \"migrat\"; did you mean migrate? (see `telltale crudapp --help`)"},
		{"flag", "run --kafka-broker=x", "unknown flag --kafka-broker; did you mean --kafka-brokers? (see `telltale run --help`)"},
		{"flag of another stage", "crudapp --source-dsn=x", "unknown flag --source-dsn (see `telltale crudapp --help`)"},
		{"short flag", "run -x", "unknown shorthand flag: 'x' in -x (see `telltale run --help`)"},
		{"value", "binlog --kafka-partitions=many", "--kafka-partitions: \"many\" is not a whole number (see `telltale binlog --help`)"},
		{"no value", "binlog --config", "--config needs a value (see `telltale binlog --help`)"},
		{"stage", "check reader", "unknown stage \"reader\"; known: binlog, translator, consumers, crudapp (see `telltale check --help`)"},
		{"stage twice", "check binlog binlog", "stage binlog is named twice (see `telltale check --help`)"},
		{"argument", "run now", "telltale run takes no arguments, not \"now\" (see `telltale run --help`)"},
		{"unknown consumer", "consumers mailr", "unknown consumer \"mailr\"; did you mean mailer? (see `telltale consumers --help`)"},
		{"consumer twice", "consumers mailer mailer", "consumer mailer is named twice (see `telltale consumers --help`)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runCommand(t.Context(), nil, strings.Fields(tt.args)...)
			want := result{status: exitUsage, stderr: "telltale: " + tt.want + "\n"}
			if got != want {
				t.Errorf("\n got %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "--help", "help run", "config", "positions --help"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			got := runCommand(t.Context(), nil, strings.Fields(args)...)
			if got.status != exitOK || got.stderr != "" || !strings.Contains(got.stdout, "Usage:") {
				t.Errorf("got %+v, want the usage on stdout and status 0", got)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	got := runCommand(t.Context(), nil, "version")
	if got.status != exitOK || !strings.HasPrefix(got.stdout, "telltale ") {
		t.Errorf("got %+v, want the version", got)
	}
}

func TestConfigPrint(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "telltale.yaml", "source:\n  name: shop\nlog: {level: debug}\n")
	environ := []string{"TELLTALE_SOURCE_DSN=telltale:hunter2@tcp(db:3306)/"}
	got := runCommand(t.Context(), environ, "config", "print", "--config", file, "--kafka-partitions", "9")
	if got.status != exitOK || got.stderr != "" {
		t.Fatalf("status %d, stderr %q", got.status, got.stderr)
	}
	for _, want := range []string{
		"\n  name: shop # " + file + ":2\n",
		"\n  dsn: telltale:***@tcp(db:3306)/ # environment TELLTALE_SOURCE_DSN\n",
		"\n  partitions: 9 # flag --kafka-partitions\n",
		"\n  snapshot: never # default\n",
		"\n  level: debug # " + file + ":3\n",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("want %q in\n%s", want, got.stdout)
		}
	}
	if strings.Contains(got.stdout, "hunter2") {
		t.Errorf("the password is shown:\n%s", got.stdout)
	}
}

// TestConfigPrintWithProblems still shows what could be read.
func TestConfigPrintWithProblems(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "telltale.yaml", "source:\n  name: shop\nlog:\n  colour: blue\n  levle: info\n")
	got := runCommand(t.Context(), nil, "config", "print", "--config", file)
	want := "telltale: unknown key `log.colour` in " + file + " line 4; known here: level, format\n" +
		"telltale: unknown key `log.levle` in " + file + " line 5; did you mean `log.level`?\n"
	if got.status != exitFailure || got.stderr != want {
		t.Errorf("status %d, stderr\n%s\nwant status %d and\n%s", got.status, got.stderr, exitFailure, want)
	}
	if !strings.Contains(got.stdout, "name: shop") {
		t.Errorf("want the values that could be read, got\n%s", got.stdout)
	}
}

// TestMailIsForThoseWhoSendIt starts consumers without a mail server's address.
func TestMailIsForThoseWhoSendIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args string
		want []string // The keys that are missing.
	}{
		{"consumers history", []string{"kafka.brokers"}},
		{"consumers history security", []string{"kafka.brokers", "consumers.smtp.addr", "consumers.smtp.from"}},
		{"consumers", []string{"kafka.brokers", "consumers.smtp.addr", "consumers.smtp.from"}},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			r := runCommand(t.Context(), []string{"TELLTALE_CONSUMERS_DATABASE_DSN=consumers@tcp(127.0.0.1:1)/telltale"}, strings.Fields(tt.args)...)
			var got []string
			for line := range strings.Lines(r.stderr) {
				key, _, _ := strings.Cut(strings.TrimPrefix(line, "telltale: `"), "` is not set")
				got = append(got, key)
			}
			if r.status != exitFailure || !slices.Equal(got, tt.want) {
				t.Errorf("status %d, missing %q, want %q", r.status, got, tt.want)
			}
		})
	}
}

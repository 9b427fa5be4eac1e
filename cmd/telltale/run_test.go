package main

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/binlog"
	"telltale/internal/binarytest"
)

// TestRun starts the whole pipeline, waits until it is ready, sends a change
// through it, and ends it: the mail stays in the ledger, since no mail server is
// there.
func TestRun(t *testing.T) {
	w := newWorld(t)
	ops := binarytest.FreeAddr(t)
	environ := w.environ(map[string]string{"OPS_LISTEN": ops, "LOG_FORMAT": "json"})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan result, 1)
	go func() { done <- w.command(ctx, environ, "run") }()
	ended := func(r result) { t.Fatalf("telltale run ended early: status %d\n%s", r.status, r.stderr) }

	// The reader publishes from its start on, so the change comes after it.
	eventually(t, "position", func() (bool, string) {
		select {
		case r := <-done:
			ended(r)
		default:
		}
		r := w.command(t.Context(), environ, "positions", "show")
		return r.status == exitOK, r.stderr
	})
	w.exec(t, `INSERT INTO customers (email, name, password_hash, created_at, updated_at)
		VALUES ('bob@example.com', 'Bob', 'x', NOW(6), NOW(6))`)
	eventually(t, "ledger", func() (bool, string) {
		var recipient string
		err := w.root.QueryRowContext(t.Context(), "SELECT recipient FROM consumers.mail_ledger").Scan(&recipient)
		if err != nil {
			return false, err.Error()
		}
		return recipient == "bob@example.com", recipient
	})
	eventually(t, "readiness says why no mail goes out", func() (bool, string) {
		status, body := binarytest.Get(t, "http://"+ops+"/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "127.0.0.1:1"), body
	})
	if status, body := binarytest.Get(t, "http://"+ops+"/metrics"); status != http.StatusOK ||
		!strings.Contains(body, "telltale_binlog_") || !strings.Contains(body, "telltale_translator_") ||
		!strings.Contains(body, "telltale_consumers_") {
		t.Errorf("/metrics: status %d, want metrics of all stages in\n%s", status, body)
	}

	began := time.Now()
	stop()
	select {
	case r := <-done:
		if r.status != exitOK || r.stdout != "" {
			t.Errorf("status %d, stdout %q, stderr\n%s", r.status, r.stdout, r.stderr)
		}
		if strings.Contains(r.stderr, password) {
			t.Errorf("a password is in the log:\n%s", r.stderr)
		}
	case <-time.After(time.Minute):
		t.Fatal("telltale run does not stop")
	}
	t.Logf("stopped in %v", time.Since(began))
	w.testAfterwards(t, environ)
}

// testAfterwards looks with the operator's commands at what a run left behind.
func (w *world) testAfterwards(t *testing.T, environ []string) {
	r := w.command(t.Context(), environ, "check")
	want := "kafka      ok\nbinlog     ok\ntranslator ok\nconsumers  ok\nmail       wrong\n"
	if r.status != exitFailure || r.stdout != want || !strings.Contains(r.stderr, "where: consumers.smtp.addr") {
		t.Errorf("check: status %d, stdout\n%s\nwant\n%s\nstderr\n%s", r.status, r.stdout, want, r.stderr)
	}
	testCheckOfStages(t, environ)
	incarnations := []int{0, 1, 2}
	for i, command := range []string{"show", "trust", "reset"} {
		r := w.command(t.Context(), environ, "positions", command)
		var p binlog.Position
		if err := json.Unmarshal([]byte(r.stdout), &p); err != nil || r.status != exitOK {
			t.Fatalf("positions %s: status %d, %v\n%s%s", command, r.status, err, r.stdout, r.stderr)
		}
		if p.GTIDSet == "" || p.Incarnation != incarnations[i] {
			t.Errorf("positions %s: %+v, want a GTID set and incarnation %d", command, p, incarnations[i])
		}
	}
}

// testCheckOfStages gives each stage alone what it needs and nothing else.
func testCheckOfStages(t *testing.T, environ []string) {
	tests := []struct {
		stage, needs, want string
	}{
		{"binlog", "SOURCE|KAFKA", "kafka      ok\nbinlog     ok\n"},
		{"translator", "SOURCE_NAME|KAFKA|TRANSLATOR", "kafka      ok\ntranslator ok\n"},
		{"consumers", "KAFKA|CONSUMERS", "kafka      ok\nconsumers  ok\nmail       wrong\n"},
	}
	for _, tt := range tests {
		needed := regexp.MustCompile("^TELLTALE_(" + tt.needs + ")")
		own := slices.DeleteFunc(slices.Clone(environ), func(v string) bool { return !needed.MatchString(v) })
		if r := runCommand(t.Context(), own, "check", tt.stage); r.stdout != tt.want {
			t.Errorf("check %s: stdout\n%s\nwant\n%s\nstderr\n%s", tt.stage, r.stdout, tt.want, r.stderr)
		}
	}
}

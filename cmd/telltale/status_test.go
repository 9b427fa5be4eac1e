package main

import (
	"strings"
	"testing"
)

// TestReaderEnds sees what a supervisor and a person are told by a reader that
// meets what it does not go past, and by one whose server has been reset.
func TestReaderEnds(t *testing.T) {
	w := newWorld(t)
	environ := w.environ(nil)
	ended := make(chan result, 1)
	go func() { ended <- w.command(t.Context(), environ, "binlog") }()
	eventually(t, "position", func() (bool, string) {
		r := w.command(t.Context(), environ, "positions", "show")
		return r.status == exitOK, r.stderr
	})
	conn, err := w.root.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range []string{
		"SET SESSION binlog_format = 'STATEMENT'",
		"INSERT INTO customers (email, name, password_hash, created_at, updated_at) VALUES ('a@b', 'A', 'x', '2026-01-01', '2026-01-01')",
	} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	checkEnd(t, <-ended, exitStopped, "binlog.StatementFormat")

	w.exec(t, "RESET BINARY LOGS AND GTIDS")
	checkEnd(t, w.command(t.Context(), environ, "binlog"), exitRefused, "binlog.Lacking")
}

func checkEnd(t *testing.T, got result, status int, name string) {
	t.Helper()
	if got.status != status {
		t.Errorf("status %d, want %d", got.status, status)
	}
	if want := "\n  more: telltale explain " + name + "\n"; !strings.HasSuffix(got.stderr, want) {
		t.Errorf("want %q at the end of\n%s", want, got.stderr)
	}
	if explained := runCommand(t.Context(), nil, "explain", name); explained.status != exitOK || !strings.HasPrefix(explained.stdout, name+"\n") {
		t.Errorf("explain %s: got %+v", name, explained)
	}
}

package childproc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLogTail(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "server.log")
	if err := LogTail(path, 0); err != nil {
		t.Errorf("no log: got %v, want nil", err)
	}
	if got := LogSize(path); got != 0 {
		t.Errorf("size of no log: got %d, want 0", got)
	}
	earlier := "an earlier start\n"
	later := strings.Repeat("a line of this start\n", 1000) + "the reason\n"
	if err := os.WriteFile(path, []byte(earlier+later), 0o600); err != nil {
		t.Fatal(err)
	}
	got := LogTail(path, int64(len(earlier))).Error()
	lines := strings.Split(got, "\n")
	if len(got) > tailBytes+200 || lines[1] != "a line of this start" || lines[len(lines)-1] != "the reason" {
		t.Errorf("got %d bytes from %q to %q", len(got), lines[1], lines[len(lines)-1])
	}
	if err := LogTail(path, LogSize(path)); err != nil {
		t.Errorf("nothing new in the log: got %v, want nil", err)
	}
}

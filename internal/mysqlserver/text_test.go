package mysqlserver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLineWriter(t *testing.T) {
	t.Parallel()
	var got []string
	w := &lineWriter{line: func(line string) { got = append(got, line) }}
	for _, part := range []string{"one", " line\ntwo\n", "", "\nlast"} {
		if _, err := w.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	w.flush()
	w.flush()
	if want := []string{"one line", "two", "", "last"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	var kept tail
	if err := kept.err(); err != nil {
		t.Errorf("nothing written: got %v, want nil", err)
	}
	for range 3 {
		if _, err := kept.Write([]byte(strings.Repeat("x", tailBytes))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := kept.Write([]byte("the end\n")); err != nil {
		t.Fatal(err)
	}
	got := kept.err().Error()
	if len(got) >= tailBytes || !strings.HasSuffix(got, "xthe end") {
		t.Errorf("got %d bytes that end in %q", len(got), got[len(got)-10:])
	}
}

func TestLogTail(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mysqld.log")
	if err := logTail(path, 0); err != nil {
		t.Errorf("no log: got %v, want nil", err)
	}
	earlier := "an earlier start\n"
	later := strings.Repeat("a line of this start\n", 1000) + "the reason\n"
	if err := os.WriteFile(path, []byte(earlier+later), 0o600); err != nil {
		t.Fatal(err)
	}
	got := logTail(path, int64(len(earlier))).Error()
	lines := strings.Split(got, "\n")
	if len(got) > tailBytes+200 || lines[1] != "a line of this start" || lines[len(lines)-1] != "the reason" {
		t.Errorf("got %d bytes from %q to %q", len(got), lines[1], lines[len(lines)-1])
	}
	if err := logTail(path, int64(len(earlier+later))); err != nil {
		t.Errorf("nothing new in the log: got %v, want nil", err)
	}
}

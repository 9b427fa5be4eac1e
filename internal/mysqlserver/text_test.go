package mysqlserver

import (
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

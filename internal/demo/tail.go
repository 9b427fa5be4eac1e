package demo

import (
	"bytes"
	"io"
	"strings"
)

// keptLines is how much of a stage's log can explain its end.
const keptLines = 40

// errorMark is what the binary begins its errors with.
const errorMark = "telltale: "

// tail hands a process's output on line by line, each after the stage's name,
// and keeps the last ones. One goroutine at a time writes to it.
type tail struct {
	name string
	out  io.Writer
	part []byte // A line that has not ended.
	last []string
}

// Write implements io.Writer. It never fails: a process must not end because
// nobody can read its log.
func (t *tail) Write(p []byte) (int, error) {
	t.part = append(t.part, p...)
	for {
		line, rest, whole := bytes.Cut(t.part, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		t.line(string(line))
		t.part = rest
	}
}

func (t *tail) line(text string) {
	t.last = append(t.last, text)
	t.last = t.last[max(0, len(t.last)-keptLines):]
	_, _ = io.WriteString(t.out, t.name+": "+text+"\n")
}

// flush hands on a last line that did not end.
func (t *tail) flush() {
	if len(t.part) > 0 {
		t.line(string(t.part))
		t.part = nil
	}
}

// reason is the last error that the binary reported, or else the last line.
func (t *tail) reason() string {
	t.flush()
	for i := len(t.last) - 1; i >= 0; i-- {
		if text, found := strings.CutPrefix(t.last[i], errorMark); found {
			return strings.Join(append([]string{text}, t.last[i+1:]...), "\n")
		}
	}
	if len(t.last) == 0 {
		return ""
	}
	return t.last[len(t.last)-1]
}

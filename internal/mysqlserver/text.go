package mysqlserver

import (
	"bytes"
	"errors"
	"strings"
)

// tailBytes is how much of a program's output an error carries.
const tailBytes = 4096

// tail keeps the end of what is written to it.
type tail struct {
	buf []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailBytes; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// err returns what was kept as an error of its own lines, nil if there is
// nothing.
func (t *tail) err() error {
	text := strings.TrimSpace(string(t.buf))
	if text == "" {
		return nil
	}
	return errors.New(text)
}

// lineWriter hands over whole lines.
type lineWriter struct {
	line    func(string)
	partial []byte
}

// Write implements io.Writer.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.partial = append(w.partial, p...)
	for {
		line, rest, found := bytes.Cut(w.partial, []byte("\n"))
		if !found {
			return len(p), nil
		}
		w.line(string(line))
		w.partial = rest
	}
}

func (w *lineWriter) flush() {
	if len(w.partial) > 0 {
		w.line(string(w.partial))
		w.partial = nil
	}
}

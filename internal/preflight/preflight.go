// Package preflight describes what a check before the start found wrong.
//
// A stage looks at everything it depends on before it touches anything, and
// reports all findings at once, so that an operator mends them in one go.
package preflight

import (
	"errors"
	"strings"
)

// Finding is one thing that keeps a stage from working.
type Finding struct {
	// What is wrong, as a clause without a full stop: "binlog_format is
	// STATEMENT, ROW is needed".
	What string
	// Where it is wrong: the server, table, topic or file with its line.
	// Empty where What says it all.
	Where string
	// Mend is the statement, setting or command that mends it. It may span
	// lines. Empty where nothing can be suggested.
	Mend string
}

// String returns the finding as a block of one to three parts: what, where,
// and how to mend it, continuation lines indented.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.What)
	writePart(&b, "where", f.Where)
	writePart(&b, "mend", f.Mend)
	return b.String()
}

// writePart appends a labelled, indented part, each line of text under the
// first so that a statement can be copied.
func writePart(b *strings.Builder, label, text string) {
	if text == "" {
		return
	}
	prefix := "\n  " + label + ": "
	indent := "\n" + strings.Repeat(" ", len(prefix)-1)
	b.WriteString(prefix)
	b.WriteString(strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", indent))
}

// Findings are the findings of one check, in the order they were met. They
// are an error; use [Findings.Err] to return them, so that an empty list
// becomes a nil error.
type Findings []Finding

// Add appends a finding.
func (fs *Findings) Add(what, where, mend string) {
	*fs = append(*fs, Finding{What: what, Where: where, Mend: mend})
}

// Err returns nil when there are no findings and the findings otherwise.
func (fs Findings) Err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}

// Error prints one block per finding, separated by newlines.
func (fs Findings) Error() string {
	blocks := make([]string, len(fs))
	for i, f := range fs {
		blocks[i] = f.String()
	}
	return strings.Join(blocks, "\n")
}

// Merge collects the findings of several checks into one list. It returns nil
// when no error holds any, and the first error that is something else than
// findings, because a check that broke off says nothing about the rest.
func Merge(errs ...error) error {
	var all Findings
	for _, err := range errs {
		if err == nil {
			continue
		}
		var fs Findings
		if !errors.As(err, &fs) {
			return err
		}
		all = append(all, fs...)
	}
	return all.Err()
}

package translator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong in a rule file.
type Problem struct {
	File string
	Line int
	// Rule is the rule's name, or "" for what concerns the whole file.
	Rule string
	// What says what is wrong and, where it is known, what was meant.
	What string
}

// Error is "file:line: rule: what".
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", p.File, p.Line)
	if p.Rule != "" {
		fmt.Fprintf(&b, "%s: ", p.Rule)
	}
	b.WriteString(p.What)
	return b.String()
}

// Problems are everything that one pass over the rules found wrong.
type Problems []*Problem

// Error is one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems one by one.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// distinct orders the problems by place and keeps one of each: what is wrong
// with a file's key is wrong in each of its rules.
func (ps Problems) distinct() Problems {
	slices.SortStableFunc(ps, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return slices.CompactFunc(ps, func(a, b *Problem) bool {
		return a.File == b.File && a.Line == b.Line && a.What == b.What
	})
}

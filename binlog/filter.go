package binlog

import (
	"fmt"
	"slices"
	"strings"
)

// ColumnRule says what to do with the columns that match.
type ColumnRule struct {
	// Match is a pattern over `<db>.<table>.<column>`, in which * stands for
	// any run of characters, dots included: "*.password_hash".
	Match string
	// Do is "deny": the column is left out of images, shapes and keys.
	Do string
}

// filter decides which tables are captured, which columns are denied, and which
// tables go to an aggregate or have a key of their own.
type filter struct {
	include, exclude []string
	columns          []ColumnRule
	routes           routes
	keys             messageKeys
}

func newFilter(o Options) (filter, error) {
	for _, c := range o.Columns {
		if c.Do != "deny" {
			return filter{}, fmt.Errorf("source.columns: match %q: do %q is not supported; use deny", c.Match, c.Do)
		}
	}
	rs, err := newRoutes(o.Aggregates)
	if err != nil {
		return filter{}, err
	}
	keys, err := newMessageKeys(o.MessageKeys, rs)
	if err != nil {
		return filter{}, err
	}
	return filter{include: o.Tables, exclude: o.ExcludeTables, columns: o.Columns, routes: rs, keys: keys}, nil
}

// captures reports whether a table's changes are published.
func (f filter) captures(db, table string) bool {
	name := db + "." + table
	return matchAny(f.include, name) && !matchAny(f.exclude, name)
}

// reaches reports whether tables of a database may be captured.
func (f filter) reaches(db string) bool {
	return slices.ContainsFunc(f.include, func(pattern string) bool {
		of, _, _ := strings.Cut(pattern, ".")
		return match(of, db)
	})
}

// denies returns the test of a table's columns.
func (f filter) denies(db, table string) func(column string) bool {
	prefix := db + "." + table + "."
	return func(column string) bool {
		for _, c := range f.columns {
			if match(c.Match, prefix+column) {
				return true
			}
		}
		return false
	}
}

func matchAny(patterns []string, s string) bool {
	for _, p := range patterns {
		if match(p, s) {
			return true
		}
	}
	return false
}

// match reports whether s follows the pattern, in which * stands for any run
// of characters. Names are compared as they are written: MySQL's own rule
// depends on the file system of the server.
func match(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, last)
}

package binlog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/replication"
)

// checkDDL stops at DDL after which rows of a captured table change without being
// logged (I1), or after which they will, by a foreign key that cascades. Statements
// by which all rows go at once are reported.
func (s *stream) checkDDL(h *replication.EventHeader, statement string, query []byte) error {
	words := identifiers(query)
	for i, w := range words {
		if !strings.EqualFold(w, "TABLE") {
			continue
		}
		t, _ := takeTable(words[i+1:], string(s.query.Schema))
		if !s.options.filter.captures(t.db, t.name) {
			continue
		}
		name := t.db + "." + t.name
		switch {
		case versioning(words):
			return fmt.Errorf("statement on the system versioning of %s: %w", name, errVersioning)
		case unlogged(words):
			return fmt.Errorf("statement %s of %s: %w", statement, name, errUnlogged)
		case s.options.cascades && cascading(words):
			return fmt.Errorf("statement gives %s a foreign key; %w", name, errCascades)
		}
	}
	for _, t := range vanished(statement, words, string(s.query.Schema)) {
		if err := s.vanish(h, statement, t); err != nil {
			return err
		}
	}
	return nil
}

// unlogged reports whether a statement takes rows away or puts others in their
// place and logs none of them: partitions that go, come or are exchanged, whole
// files that do, and MariaDB's ALTER IGNORE, which drops what a new key forbids.
// Other work on partitions leaves the rows as they are.
func unlogged(words []string) bool {
	if contains(words[:min(2, len(words))], "IGNORE") {
		return true
	}
	for i := range len(words) - 1 {
		one, next := strings.ToUpper(words[i]), strings.ToUpper(words[i+1])
		switch {
		case next == "PARTITION" && slices.Contains([]string{"DROP", "TRUNCATE", "EXCHANGE", "DISCARD", "IMPORT", "CONVERT"}, one),
			next == "TABLE" && one == "CONVERT",
			next == "TABLESPACE" && (one == "DISCARD" || one == "IMPORT"):
			return true
		}
	}
	return false
}

// tableRef is a table as a statement names it. The name * stands for all of the
// database.
type tableRef struct{ db, name string }

// vanished are the tables that a statement empties, drops or moves away. MariaDB's
// CREATE OR REPLACE drops the one that is there.
func vanished(statement string, words []string, current string) []tableRef {
	rest := words[min(1, len(words)):]
	second := ""
	if len(rest) > 0 {
		second = strings.ToUpper(rest[0])
	}
	switch {
	case statement == "TRUNCATE":
		if second == "TABLE" {
			rest = rest[1:]
		}
		t, _ := takeTable(rest, current)
		return []tableRef{t}
	case statement == "DROP" && (second == "DATABASE" || second == "SCHEMA"):
		t, _ := takeTable(rest[1:], "")
		return []tableRef{{t.name, "*"}}
	case statement == "DROP" && (second == "TABLE" || second == "TABLES"):
		return droppedTables(rest[1:], current)
	case statement == "RENAME" && (second == "TABLE" || second == "TABLES"):
		return renamedTables(rest[1:], current)
	case statement == "ALTER":
		return movedTable(rest, current)
	case statement == "CREATE" && len(rest) > 3 && second == "OR" && strings.EqualFold(rest[2], "TABLE"):
		t, _ := takeTable(rest[3:], current)
		return []tableRef{t}
	}
	return nil
}

func droppedTables(words []string, current string) (all []tableRef) {
	for len(words) > 0 && !strings.EqualFold(words[0], "RESTRICT") && !strings.EqualFold(words[0], "CASCADE") {
		var t tableRef
		t, words = takeTable(words, current)
		all = append(all, t)
	}
	return all
}

// renamedTables reads pairs of names with TO between them. A swap, whose names
// all are there again at its end, moves rows all the same.
func renamedTables(words []string, current string) (all []tableRef) {
	for len(words) > 0 {
		var t tableRef
		t, words = takeTable(words, current)
		all = append(all, t)
		if len(words) == 0 || !strings.EqualFold(words[0], "TO") {
			return all
		}
		_, words = takeTable(words[1:], current)
	}
	return all
}

// movedTable is the table of an ALTER TABLE that gives it another name.
func movedTable(words []string, current string) []tableRef {
	at := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, "TABLE") })
	if at < 0 {
		return nil
	}
	t, rest := takeTable(words[at+1:], current)
	for i := range len(rest) - 1 {
		if strings.EqualFold(rest[i], "RENAME") && !slices.Contains([]string{"COLUMN", "INDEX", "KEY"}, strings.ToUpper(rest[i+1])) {
			return []tableRef{t}
		}
	}
	return nil
}

func contains(words []string, word string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
}

// versioning reports whether a statement speaks of MariaDB's system versioning.
func versioning(words []string) bool {
	for i := range len(words) - 1 {
		if strings.EqualFold(words[i], "SYSTEM") && strings.EqualFold(words[i+1], "VERSIONING") {
			return true
		}
	}
	return false
}

// takeTable reads the name that the words begin with and returns those behind it.
func takeTable(words []string, current string) (t tableRef, rest []string) {
	for len(words) > 0 && slices.Contains([]string{"IF", "NOT", "EXISTS"}, strings.ToUpper(words[0])) {
		words = words[1:]
	}
	switch {
	case len(words) >= 3 && words[1] == ".":
		return tableRef{words[0], words[2]}, words[3:]
	case len(words) >= 1:
		return tableRef{current, words[0]}, words[1:]
	}
	return tableRef{db: current}, nil
}

// identifiers are the words of a statement, quoted or not, and the dots between
// them; literals in single quotes and comments are left out, but for those that the
// server executes.
func identifiers(query []byte) []string {
	var words []string
	for i := 0; i < len(query); {
		switch c := query[i]; {
		case c == '`':
			end := bytes.IndexByte(query[i+1:], '`')
			if end < 0 {
				return words
			}
			words = append(words, string(query[i+1:i+1+end]))
			i += end + 2
		case c == '\'':
			i = skipQuoted(query, i, false)
		case c == '"': // A name under ANSI_QUOTES; taking a literal for one does no harm.
			end := skipQuoted(query, i, false)
			words = append(words, strings.Trim(string(query[i:end]), `"`))
			i = end
		case c == '#', bytes.HasPrefix(query[i:], []byte("-- ")):
			i = behind(query, i, "\n")
		case bytes.HasPrefix(query[i:], []byte("/*")) && !bytes.HasPrefix(query[i:], []byte("/*!")) && !bytes.HasPrefix(query[i:], []byte("/*M!")):
			i = behind(query, i, "*/")
		case c == '.':
			words = append(words, ".")
			i++
		case wordByte(c):
			start := i
			for i < len(query) && wordByte(query[i]) {
				i++
			}
			words = append(words, string(query[start:i]))
		default:
			i++
		}
	}
	return words
}

// behind is where what ends at a mark is over, or the end of the statement.
func behind(query []byte, from int, mark string) int {
	if i := bytes.Index(query[from:], []byte(mark)); i >= 0 {
		return from + i + len(mark)
	}
	return len(query)
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

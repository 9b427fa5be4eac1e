package binlog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/replication"
)

var errMisread = errors.New("it ends inside of quotes or a comment")

// checkDDL stops at DDL after which rows of a captured table change without being
// logged (I1), or after which they will, by a foreign key that cascades. Statements
// by which all rows go at once are reported.
func (s *stream) checkDDL(h *replication.EventHeader, query []byte, mode sqlMode) error {
	words, ok := tokensOf(query, mode)
	d := ddlOf(words, namesIn{current: string(s.query.Schema), fold: s.options.foldNames})
	if d.object == "" || d.temporary {
		return nil
	}
	if !ok {
		return fmt.Errorf("statement %s %s: %w", d.verb, d.object, errMisread)
	}
	if err := s.checkTables(d); err != nil {
		return err
	}
	for _, t := range d.vanished() {
		if err := s.vanish(h, d.verb, t); err != nil {
			return err
		}
	}
	return nil
}

// checkTables refuses what DDL may not do to captured tables.
func (s *stream) checkTables(d ddl) error {
	for _, t := range d.tables() {
		if !s.options.filter.captures(t.db, t.name) {
			continue
		}
		name := t.db + "." + t.name
		switch {
		case d.versioning():
			return fmt.Errorf("statement on the system versioning of %s: %w", name, errVersioning)
		case d.unlogged():
			return fmt.Errorf("statement %s of %s: %w", d.verb, name, errUnlogged)
		case s.options.cascades && cascading(d.words):
			return fmt.Errorf("statement gives %s a foreign key; %w", name, errCascades)
		case d.filled():
			return fmt.Errorf("statement %q of %s: %w", "CREATE TABLE … SELECT", name, errStatementFormat)
		}
	}
	return nil
}

// ddl is a statement on tables or on a whole database.
type ddl struct {
	// verb and object are its first word and what it is about, in capitals: TABLE
	// or DATABASE. Without an object the statement is another one.
	verb, object string
	// words are those behind the object.
	words                      []sqlToken
	ignore, replace, temporary bool
	names                      namesIn
}

func ddlOf(words []sqlToken, names namesIn) ddl {
	if len(words) == 0 {
		return ddl{}
	}
	d := ddl{verb: strings.ToUpper(string(words[0].text)), names: names}
	for i, w := range words[1:] {
		d.words = words[i+2:]
		switch {
		case isAny(w, "TABLE", "TABLES"):
			d.object = "TABLE"
			return d
		case d.verb == "TRUNCATE": // Its TABLE may be left out.
			d.object, d.words = "TABLE", words[1:]
			return d
		case isAny(w, "DATABASE", "SCHEMA"):
			d.object = "DATABASE"
			return d
		case w.is("IGNORE"):
			d.ignore = true
		case w.is("REPLACE"):
			d.replace = true
		case w.is("TEMPORARY"):
			d.temporary = true
		case !isAny(w, "OR", "ONLINE", "OFFLINE"):
			return ddl{verb: d.verb}
		}
	}
	return d
}

// tables are those that CREATE or ALTER is about, and those of which rows come or
// go with them.
func (d ddl) tables() (all []tableRef) {
	if d.object != "TABLE" || d.verb != "CREATE" && d.verb != "ALTER" {
		return nil
	}
	t, rest := d.names.take(d.words)
	all = append(all, t)
	for i, w := range rest {
		if w.is("TABLE") {
			t, _ := d.names.take(rest[i+1:])
			all = append(all, t)
		}
	}
	return all
}

// unlogged reports whether a statement takes rows away or puts others in their
// place and logs none of them: partitions that go, come or are exchanged, whole
// files that do, and MariaDB's ALTER IGNORE, which drops what a new key forbids.
// Other work on partitions leaves the rows as they are.
func (d ddl) unlogged() bool {
	if d.ignore {
		return true
	}
	for i := range len(d.words) - 1 {
		one, next := d.words[i], d.words[i+1]
		switch {
		case next.is("PARTITION") && isAny(one, "DROP", "TRUNCATE", "EXCHANGE", "DISCARD", "IMPORT", "CONVERT"),
			next.is("TABLE") && one.is("CONVERT"),
			next.is("TABLESPACE") && isAny(one, "DISCARD", "IMPORT"):
			return true
		}
	}
	return false
}

// versioning reports whether a statement speaks of MariaDB's system versioning.
func (d ddl) versioning() bool {
	for i := range len(d.words) - 1 {
		if d.words[i].is("SYSTEM") && d.words[i+1].is("VERSIONING") {
			return true
		}
	}
	return false
}

// filled reports whether a table is made with rows by one statement. In the row
// format the server logs its columns alone, and then the rows.
func (d ddl) filled() bool {
	if d.verb != "CREATE" {
		return false
	}
	_, rest := d.names.take(d.words)
	for i, w := range rest {
		if isAny(w, "SELECT", "TABLE") || w.is("VALUES") && i+1 < len(rest) && isAny(rest[i+1], "ROW", "(") {
			return true
		}
	}
	return false
}

// vanished are the tables that a statement empties, drops or moves away. MariaDB's
// CREATE OR REPLACE drops the one that is there.
func (d ddl) vanished() []tableRef {
	switch t, rest := d.names.take(d.words); {
	case d.object == "DATABASE" && d.verb == "DROP":
		return []tableRef{{t.name, "*"}}
	case d.object != "TABLE":
		return nil
	case d.verb == "DROP":
		return d.names.list(d.words)
	case d.verb == "RENAME":
		return d.names.renamed(d.words)
	case d.verb == "TRUNCATE", d.verb == "CREATE" && d.replace, d.verb == "ALTER" && moves(rest):
		return []tableRef{t}
	}
	return nil
}

// moves reports whether an ALTER TABLE gives its table another name.
func moves(words []sqlToken) bool {
	for i := range len(words) - 1 {
		if words[i].is("RENAME") && !isAny(words[i+1], "COLUMN", "INDEX", "KEY") {
			return true
		}
	}
	return false
}

// isAny reports whether a token is one of the keywords or marks.
func isAny(t sqlToken, words ...string) bool { return slices.ContainsFunc(words, t.is) }

// tableRef is a table as a statement names it. The name * stands for all of the
// database.
type tableRef struct{ db, name string }

// namesIn reads the names of tables in a statement.
type namesIn struct {
	current string // The session's database.
	fold    bool   // Names are in small letters, however they are spelt.
}

// take reads the name that the words begin with and returns those behind it.
func (n namesIn) take(words []sqlToken) (t tableRef, rest []sqlToken) {
	for len(words) > 0 && isAny(words[0], "IF", "NOT", "EXISTS") {
		words = words[1:]
	}
	switch {
	case len(words) >= 3 && words[1].is("."):
		t, rest = tableRef{string(words[0].text), string(words[2].text)}, words[3:]
	case len(words) >= 1:
		t, rest = tableRef{n.current, string(words[0].text)}, words[1:]
	}
	if n.fold {
		t = tableRef{strings.ToLower(t.db), strings.ToLower(t.name)}
	}
	return t, rest
}

// list reads names with commas between them.
func (n namesIn) list(words []sqlToken) (all []tableRef) {
	for len(words) > 0 {
		var t tableRef
		t, words = n.take(words)
		all = append(all, t)
		if len(words) == 0 || !words[0].is(",") {
			return all
		}
		words = words[1:]
	}
	return all
}

// renamed reads pairs of names with TO between them. A swap, whose names all are
// there again at its end, moves rows all the same.
func (n namesIn) renamed(words []sqlToken) (all []tableRef) {
	for len(words) > 0 {
		var t tableRef
		t, words = n.take(words)
		all = append(all, t)
		comma := slices.IndexFunc(words, func(t sqlToken) bool { return t.is(",") })
		if comma < 0 {
			return all
		}
		words = words[comma+1:]
	}
	return all
}

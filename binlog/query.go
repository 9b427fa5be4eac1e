package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/replication"
)

// queryEvent handles what a QUERY event says: the marks of a transaction, or a
// statement, which is DDL unless a session left the row format.
func (s *stream) queryEvent(h *replication.EventHeader, data []byte) error {
	q := &s.query
	if err := q.Decode(data); err != nil {
		return fmt.Errorf("decode %s: %w", h.EventType, err)
	}
	if h.EventType == replication.MARIADB_QUERY_COMPRESSED_EVENT {
		var err error
		if q.Query, err = s.inflater.inflate(q.Query); err != nil {
			return fmt.Errorf("decompress %s: %w", h.EventType, err)
		}
	}
	if !s.tx.open {
		return fmt.Errorf("statement %s outside of a transaction", firstWord(q.Query))
	}
	switch {
	case string(q.Query) == "BEGIN":
		s.tx.thread, s.tx.begun = q.SlaveProxyID, true
		s.tx.noBackslashEscapes = noBackslashEscapes(q.StatusVars)
		return nil
	case string(q.Query) == "COMMIT":
		return s.commit(h)
	}
	if s.tx.xa != xaReleasing {
		s.tx.sum.text(string(q.Query))
	}
	word := firstWord(q.Query)
	switch word {
	case "SAVEPOINT": // What was rolled back to it was never logged.
		return nil
	case "ROLLBACK":
		return errRolledBack
	case "XA":
		return s.xaQuery(h)
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH", "CALL", "DO", "SELECT":
		return fmt.Errorf("statement %q: %w", word, errStatementFormat)
	}
	if err := s.checkDDL(h, word, q.Query); err != nil {
		return err
	}
	s.forgetTables() // A column may have changed its type where table maps do not show it.
	if s.tx.begun {
		return nil // CREATE TABLE … SELECT is logged with its rows, up to an XID.
	}
	return s.commit(h)
}

// checkDDL stops at DDL after which rows of a captured table change without being
// logged (I1), or after which they will, by a foreign key that cascades. Statements
// by which all rows go at once are reported.
func (s *stream) checkDDL(h *replication.EventHeader, statement string, query []byte) error {
	words := identifiers(query)
	for i, w := range words {
		bare := i == 0 && statement == "TRUNCATE" && !contains(words[:min(2, len(words))], "TABLE")
		if !strings.EqualFold(w, "TABLE") && !bare {
			continue
		}
		db, table := tableName(words[i+1:], string(s.query.Schema))
		if !s.options.filter.captures(db, table) {
			continue
		}
		name := db + "." + table
		switch {
		case versioning(words):
			return fmt.Errorf("statement on the system versioning of %s: %w", name, errVersioning)
		case unlogged(words):
			return fmt.Errorf("statement %s of %s: %w", statement, name, errUnlogged)
		case s.options.cascades && cascading(words):
			return fmt.Errorf("statement gives %s a foreign key; %w", name, errCascades)
		case statement == "TRUNCATE" && s.options.truncates != nil:
			if err := s.truncate(h, name); err != nil {
				return err
			}
		case vanishing(statement, words[:i]):
			s.vanish(statement, name)
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

// vanishing reports whether a statement drops or moves the table that it names;
// before are its words up to TABLE. MariaDB's CREATE OR REPLACE drops the one
// that is there.
func vanishing(statement string, before []string) bool {
	switch n := len(before); statement {
	case "TRUNCATE", "DROP", "RENAME":
		return true
	case "CREATE":
		return n >= 2 && strings.EqualFold(before[n-2], "OR") && strings.EqualFold(before[n-1], "REPLACE")
	}
	return false
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

// tableName reads the name behind the word TABLE.
func tableName(words []string, current string) (db, table string) {
	for len(words) > 0 && slices.Contains([]string{"IF", "NOT", "EXISTS"}, strings.ToUpper(words[0])) {
		words = words[1:]
	}
	switch {
	case len(words) >= 3 && words[1] == ".":
		return words[0], words[2]
	case len(words) >= 1:
		return current, words[0]
	}
	return current, ""
}

// identifiers are the words of a statement, quoted or not, and the dots between
// them; literals in single quotes are left out.
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

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// firstWord is the first word of a statement in capitals, comments left out.
func firstWord(query []byte) string {
	for {
		query = bytes.TrimLeft(query, " \t\r\n(")
		if !bytes.HasPrefix(query, []byte("/*")) || bytes.HasPrefix(query, []byte("/*!")) {
			break
		}
		_, rest, ok := bytes.Cut(query, []byte("*/"))
		if !ok {
			break
		}
		query = rest
	}
	n := 0
	for n < len(query) && wordByte(query[n]) {
		n++
	}
	return strings.ToUpper(string(query[:n]))
}

// noBackslashEscapes reads the session's SQL mode from a query's status
// variables: flags in 4 bytes behind code 0, then the mode in 8 behind code 1
// (libs/mysql/binlog/event/statement_events.h).
func noBackslashEscapes(vars []byte) bool {
	const modeNoBackslashEscapes = 1 << 20
	if len(vars) >= 5 && vars[0] == 0 {
		vars = vars[5:]
	}
	return len(vars) >= 9 && vars[0] == 1 && binary.LittleEndian.Uint64(vars[1:])&modeNoBackslashEscapes != 0
}

// rowsQuery takes a statement behind a length that readers ignore.
func (s *stream) rowsQuery(h *replication.EventHeader, raw, data []byte) error {
	if len(data) < 1 {
		return errors.New("a rows query event without a query")
	}
	return s.statement(h, raw, data, data[1:])
}

// statement takes the origin of the rows that follow from the comment of their
// statement.
func (s *stream) statement(h *replication.EventHeader, raw, data, query []byte) error {
	if s.tx.xa == xaHolding {
		s.hold(h, raw, data)
		return nil
	}
	var err error
	s.tx.context, err = appendContext(s.tx.context[:0], query, s.tx.noBackslashEscapes)
	return err
}

package binlog

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// administrative are the first words of the statements that servers log in the row
// format, since they change no rows of tables or are DDL, with the second words
// that they are followed by where others would change rows. Everything else is
// taken for a statement that was logged instead of its rows: what is not known
// stops the reader (I1).
var administrative = map[string][]string{
	"ALTER":     nil,
	"ANALYZE":   {"TABLE", "TABLES"}, // MariaDB's ANALYZE UPDATE does what it analyzes.
	"CREATE":    nil,
	"DROP":      nil,
	"FLUSH":     nil,
	"GRANT":     nil,
	"INSTALL":   nil,
	"OPTIMIZE":  {"TABLE", "TABLES"},
	"RENAME":    nil,
	"REPAIR":    {"TABLE", "TABLES", "VIEW"},
	"RESET":     {"PERSIST"},
	"REVOKE":    nil,
	"SET":       {"DEFAULT", "PASSWORD", "RESOURCE", "ROLE"}, // MariaDB's SET STATEMENT is followed by any other.
	"TRUNCATE":  nil,
	"UNINSTALL": nil,
}

// verb is the first word of a statement in capitals, parentheses left out, and the
// one behind it. Words that are quoted, and what is no word, are empty.
func verb(query []byte, mode sqlMode) (first, second string) {
	s := scanner{query: query, mode: mode}
	word := func() string {
		t := s.next()
		for t.kind == commentToken || t.is("(") {
			t = s.next()
		}
		if t.kind != wordToken {
			return ""
		}
		return strings.ToUpper(string(t.text))
	}
	return word(), word()
}

// logsNoRows reports whether a server that logs rows logs such a statement.
func logsNoRows(first, second string) bool {
	seconds, known := administrative[first]
	return known && (seconds == nil || slices.Contains(seconds, second))
}

// dummy reports whether a MariaDB server wrote the query in the place of an event
// that it believes the reader not to understand.
func dummy(query []byte) bool {
	return bytes.HasPrefix(query, []byte("# Dummy event replacing event type "))
}

// Flags of a session's SQL mode.
const (
	modeANSIQuotes         = 1 << 2
	modeNoBackslashEscapes = 1 << 20
)

// modeOf reads from a query's status variables how the session's statements are to
// be read: the flags in 4 bytes behind code 0, the SQL mode in 8 behind 1, the
// catalog behind 6 and its length, two numbers of AUTO_INCREMENT in 4 bytes behind
// 3, and the client's collation in the first 2 of 6 behind 4
// (libs/mysql/binlog/event/statement_events.h, class Query_event).
func (s *stream) modeOf(vars []byte) sqlMode {
	m := sqlMode{mariadb: s.options.flavor == mysql.MariaDBFlavor}
	for len(vars) > 1 {
		var size int
		switch vars[0] {
		case 0, 3:
			size = 4
		case 1:
			size = 8
		case 4:
			size = 6
		case 6:
			size = 1 + int(vars[1])
		default:
			return m
		}
		if len(vars) < 1+size {
			return m
		}
		value := vars[1 : 1+size]
		switch vars[0] {
		case 1:
			flags := binary.LittleEndian.Uint64(value)
			m.ansiQuotes, m.noBackslashEscapes = flags&modeANSIQuotes != 0, flags&modeNoBackslashEscapes != 0
		case 4:
			m.charset = s.options.colls[uint64(binary.LittleEndian.Uint16(value))].name
		}
		vars = vars[1+size:]
	}
	return m
}

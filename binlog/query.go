package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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

package binlog

import (
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
	mode := s.modeOf(q.StatusVars)
	switch {
	case dummy(q.Query):
		return nil
	case s.tx.open && string(q.Query) == "BEGIN":
		s.tx.thread, s.tx.begun, s.tx.mode = q.SlaveProxyID, true, mode
		return nil
	case s.tx.open && string(q.Query) == "COMMIT":
		return s.commit(h)
	}
	first, second := verb(q.Query, mode)
	if !s.tx.open {
		return fmt.Errorf("statement %s outside of a transaction", first)
	}
	if s.tx.xa != xaReleasing {
		s.tx.sum.text(string(q.Query))
	}
	switch first {
	case "SAVEPOINT": // What was rolled back to it was never logged.
		return nil
	case "ROLLBACK":
		return errRolledBack
	case "XA":
		return s.xaQuery(h)
	}
	if !logsNoRows(first, second) {
		return fmt.Errorf("statement %q: %w", strings.TrimSpace(first+" "+second), errStatementFormat)
	}
	if err := s.checkDDL(h, q.Query, mode); err != nil {
		return err
	}
	s.forgetTables() // A column may have changed its type where table maps do not show it.
	if s.tx.begun {
		return nil // CREATE TABLE … SELECT is logged with its rows, up to an XID.
	}
	return s.commit(h)
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
	s.tx.context, err = appendContext(s.tx.context[:0], query, s.tx.mode)
	return err
}

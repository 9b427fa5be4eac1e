package binlog

import (
	"errors"
	"fmt"

	"github.com/go-mysql-org/go-mysql/replication"
)

// handle dispatches an event. What stands in no case stops the reader by name
// (I5), and so does an event at which a decoder panics: the library's do where
// bytes are missing.
func (s *stream) handle(e *replication.BinlogEvent) (err error) {
	h := e.Header
	defer func() {
		if p := recover(); p != nil {
			s.options.metrics.events.of(h.EventType, stops).Inc()
			err = fmt.Errorf("decode event %s of %d bytes: panic: %v", h.EventType, h.EventSize, p)
		}
	}()
	s.intake.bytes += int(h.EventSize)
	if err := s.intact(e); err != nil {
		return err
	}
	switch event := e.Event.(type) {
	case *replication.RotateEvent:
		s.rotate(event)
		s.track.reach(s.file, event.Position)
		if s.options.connected != nil {
			s.options.connected()
		}
		s.options.metrics.events.usual[h.EventType].Inc()
		return nil
	case *replication.FormatDescriptionEvent:
		s.fde = append(s.fde[:0], e.RawData...)
		s.options.metrics.events.usual[h.EventType].Inc()
		return nil
	case *replication.GenericEvent:
		if err := s.checkOffset(h); err != nil {
			return err
		}
		err := s.counted(h, e.RawData, event.Data)
		if !s.tx.open {
			s.options.metrics.read(&s.intake)
			if h.LogPos > 0 {
				s.track.reach(s.file, uint64(h.LogPos))
			}
		}
		if h.EventType == replication.HEARTBEAT_EVENT || h.EventType == replication.HEARTBEAT_LOG_EVENT_V2 {
			s.track.beat()
		}
		return err
	}
	return fmt.Errorf("event %s came as %T", h.EventType, e.Event)
}

// counted dispatches an event and counts it by what became of it. One whose
// outcome depends on Kafka or on another question to the server, and was not
// known, comes again and is counted then.
func (s *stream) counted(h *replication.EventHeader, raw, data []byte) error {
	s.passed = false
	err := s.dispatch(h, raw, data)
	counts := &s.options.metrics.events
	switch {
	case err == nil && s.passed:
		counts.passed[h.EventType].Inc()
	case err == nil, errors.Is(err, errBranchEnd):
		counts.usual[h.EventType].Inc()
	case !errors.As(err, new(*outsideError)):
		counts.of(h.EventType, stops).Inc()
	}
	s.passed = false
	return err
}

func (s *stream) dispatch(h *replication.EventHeader, raw, data []byte) error {
	switch h.EventType {
	case replication.GTID_EVENT, replication.ANONYMOUS_GTID_EVENT:
		if h.EventType == replication.ANONYMOUS_GTID_EVENT && !s.position.ByFile {
			return fmt.Errorf("event %s: %w", h.EventType, errAnonymous)
		}
		s.mysql.GTIDEvent = replication.GTIDEvent{}
		if err := s.mysql.Decode(data); err != nil {
			return fmt.Errorf("decode %s: %w", h.EventType, err)
		}
		return s.beginMySQL(h)
	case replication.GTID_TAGGED_LOG_EVENT:
		var tagged replication.GtidTaggedLogEvent
		if err := tagged.Decode(data); err != nil {
			return fmt.Errorf("decode %s: %w", h.EventType, err)
		}
		s.mysql.GTIDEvent = tagged.GTIDEvent
		return s.beginMySQL(h)
	case replication.MARIADB_GTID_EVENT:
		return s.beginMariaDB(h, data)
	case replication.QUERY_EVENT, replication.MARIADB_QUERY_COMPRESSED_EVENT:
		return s.queryEvent(h, data)
	case replication.ROWS_QUERY_EVENT:
		return s.rowsQuery(h, raw, data)
	case replication.MARIADB_ANNOTATE_ROWS_EVENT:
		return s.statement(h, raw, data, data)
	case replication.TABLE_MAP_EVENT:
		return s.tableMap(h, raw, data)
	case replication.WRITE_ROWS_EVENTv1, replication.UPDATE_ROWS_EVENTv1, replication.DELETE_ROWS_EVENTv1,
		replication.WRITE_ROWS_EVENTv2, replication.UPDATE_ROWS_EVENTv2, replication.DELETE_ROWS_EVENTv2,
		replication.PARTIAL_UPDATE_ROWS_EVENT,
		replication.MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1, replication.MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1, replication.MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1:
		return s.rows(h, raw, data)
	case replication.XA_PREPARE_LOG_EVENT:
		return s.prepared(h, data)
	case replication.XID_EVENT:
		return s.commit(h)
	case replication.TRANSACTION_PAYLOAD_EVENT:
		return s.payload(h, data)
	}
	k, known := kinds[h.EventType]
	switch {
	case !known:
		return fmt.Errorf("event of unknown type %d", h.EventType)
	case k.outcome == skipped:
		return nil
	case k.outcome == stops:
		return fmt.Errorf("event %s: %w", k.name, k.why)
	}
	return fmt.Errorf("event %s came as %d raw bytes", k.name, len(raw))
}

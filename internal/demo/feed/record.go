package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// Place is a partition of a topic.
type Place struct {
	Topic     string
	Partition int32
}

func place(tp kafka.TopicPartition) Place { return Place{*tp.Topic, tp.Partition} }

// Offsets are how far a reader is in each partition: the first offset that it
// has not read.
type Offsets map[Place]int64

// Change is one row change, as its raw record says it.
type Change struct {
	// ID is the change's identity; the events made of it begin with it (I7).
	ID string
	// DB and Table name the table, Op is c, u, d, r or t.
	DB, Table, Op string
	// Key is the record's key: the primary key as a JSON object.
	Key json.RawMessage
	// Before and After are the row's images, nil where there is none.
	Before, After json.RawMessage
	// GTID is the transaction's; empty where the server has none.
	GTID string
	// Actor is who did it, by which Request, as the statement's comment says;
	// empty where unknown.
	Actor, Request string
	// Place and Offset are where the record stands.
	Place  Place
	Offset int64
	// Committed is when the transaction committed on the server.
	Committed time.Time
	// Seen is when the reader of the topic got the record.
	Seen time.Time
}

// Event is one business event, as its record says it.
type Event struct {
	// ID is the event's identity, Change the identity of the change it was made
	// from.
	ID, Change string
	// Type is what happened, Subject to what, Sequence and Actor as far as known.
	Type, Subject, Sequence, Actor string
	// Key is the aggregate's id.
	Key string
	// Data is the event's JSON object.
	Data json.RawMessage
	// Place and Offset are where the record stands.
	Place  Place
	Offset int64
	// Time is when it happened.
	Time time.Time
	// Seen is when the reader of the topic got the record.
	Seen time.Time
}

// rawEnvelope is what the feed reads of a raw record's value.
type rawEnvelope struct {
	ID      string            `json:"id"`
	Op      string            `json:"op"`
	Before  json.RawMessage   `json:"before"`
	After   json.RawMessage   `json:"after"`
	Context map[string]string `json:"context"`
	Source  struct {
		DB    string `json:"db"`
		Table string `json:"table"`
		TsUS  int64  `json:"ts_us"`
		GTID  string `json:"gtid"`
	} `json:"source"`
}

// parseChange reads a raw record that is no tombstone.
func parseChange(m *kafka.Message, seen time.Time) (Change, error) {
	var e rawEnvelope
	if err := json.Unmarshal(m.Value, &e); err != nil {
		return Change{}, fmt.Errorf("read raw change at %s: %w", m.TopicPartition, err)
	}
	if e.ID == "" || e.Op == "" || e.Source.Table == "" {
		return Change{}, fmt.Errorf("read raw change at %s: id %q, op %q, table %q: none may be empty",
			m.TopicPartition, e.ID, e.Op, e.Source.Table)
	}
	return Change{
		ID: e.ID, DB: e.Source.DB, Table: e.Source.Table, Op: e.Op, Key: m.Key,
		Before: image(e.Before), After: image(e.After), GTID: e.Source.GTID,
		Actor: e.Context["actor"], Request: e.Context["request_id"],
		Place: place(m.TopicPartition), Offset: int64(m.TopicPartition.Offset),
		Committed: time.UnixMicro(e.Source.TsUS).UTC(), Seen: seen,
	}, nil
}

// image is nil for an absent image and for JSON's null alike.
func image(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	return raw
}

// parseEvent reads a business record: CloudEvents attributes as headers, the
// data as value.
func parseEvent(m *kafka.Message, seen time.Time) (Event, error) {
	e := Event{
		Key: string(m.Key), Data: m.Value, Seen: seen,
		Place: place(m.TopicPartition), Offset: int64(m.TopicPartition.Offset),
	}
	var at string
	fields := map[string]*string{
		"ce_id": &e.ID, "ce_type": &e.Type, "ce_subject": &e.Subject,
		"ce_sequence": &e.Sequence, "ce_actor": &e.Actor, "ce_time": &at,
	}
	for _, h := range m.Headers {
		if f := fields[h.Key]; f != nil {
			*f = string(h.Value)
		}
	}
	e.Change = ChangeOf(e.ID)
	if e.Change == "" || e.Type == "" {
		return Event{}, fmt.Errorf("read event at %s: ce_id %q, ce_type %q: want the id of a change before a slash, and a type",
			m.TopicPartition, e.ID, e.Type)
	}
	var err error
	if e.Time, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return Event{}, fmt.Errorf("read event %s at %s: ce_time: %w", e.ID, m.TopicPartition, err)
	}
	return e, nil
}

// ChangeOf is the id of the change that an event was made from, which is what
// stands before the event id's last slash; empty where there is none.
func ChangeOf(eventID string) string {
	i := strings.LastIndexByte(eventID, '/')
	return eventID[:max(i, 0)]
}

// Position is how far the reader of the binlog has published.
type Position struct {
	// GTIDSet holds the transactions that it has passed, captured or not.
	GTIDSet string `json:"gtid_set"`
}

// parsePosition reads a record of the positions topic, and tells whether it is
// the newest position: others are bookmarks.
func parsePosition(m *kafka.Message) (p Position, newest bool, err error) {
	if m.Value == nil || bytes.ContainsRune(m.Key, '@') {
		return Position{}, false, nil
	}
	if err := json.Unmarshal(m.Value, &p); err != nil {
		return Position{}, false, fmt.Errorf("read position at %s: %w", m.TopicPartition, err)
	}
	return p, true, nil
}

package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/load"
)

// rawChange is a row change as its record says it, read as a stranger would:
// from the documented envelope alone.
type rawChange struct {
	id          string
	subject     subject
	change      load.Change
	transaction string
	last        bool
	times
}

// rawEvent is a business event as its record says it.
type rawEvent struct {
	id      string
	subject subject
	event   event
	times
}

// times are when something was committed, and when the reader had it.
type times struct{ committed, seen time.Time }

// event is what is compared of a business event.
type event struct {
	kind, actor, request string
	// data is the JSON object with its keys in order.
	data string
}

type envelope struct {
	ID      string          `json:"id"`
	Op      string          `json:"op"`
	Before  json.RawMessage `json:"before"`
	After   json.RawMessage `json:"after"`
	Context struct {
		Actor   string `json:"actor"`
		Request string `json:"request_id"`
	} `json:"context"`
	Source struct {
		Table string `json:"table"`
		TsUS  int64  `json:"ts_us"`
	} `json:"source"`
	Transaction struct {
		ID   string `json:"id"`
		Last bool   `json:"last"`
	} `json:"transaction"`
}

func parseChange(aggregate string, m *kafka.Message) (rawChange, error) {
	var e envelope
	if err := json.Unmarshal(m.Value, &e); err != nil {
		return rawChange{}, fmt.Errorf("read the row change at %s: %w", m.TopicPartition, err)
	}
	var key struct {
		ID uint64 `json:"id"`
	}
	if err := json.Unmarshal(m.Key, &key); err != nil || key.ID == 0 {
		return rawChange{}, fmt.Errorf("read the row change at %s: its key is %s", m.TopicPartition, m.Key)
	}
	if e.ID == "" || e.Transaction.ID == "" {
		return rawChange{}, fmt.Errorf("read the row change at %s: its id is %q, its transaction %q", m.TopicPartition, e.ID, e.Transaction.ID)
	}
	c := rawChange{
		id: e.ID, subject: subject{aggregate, key.ID}, transaction: e.Transaction.ID, last: e.Transaction.Last,
		change: load.Change{Table: e.Source.Table, Op: e.Op, Actor: e.Context.Actor, Request: e.Context.Request},
		times:  times{time.UnixMicro(e.Source.TsUS), time.Now()},
	}
	if err := c.rows(e); err != nil {
		return rawChange{}, fmt.Errorf("read the row change at %s: %w", m.TopicPartition, err)
	}
	return c, nil
}

// rows reads what the row was and is.
func (c *rawChange) rows(e envelope) error {
	aggregate, _, err := route(e.Source.Table)
	if err != nil {
		return err
	}
	if aggregate != c.subject.aggregate {
		return fmt.Errorf("a row of %s is among those of %s", e.Source.Table, c.subject)
	}
	if c.change.Before, err = known(e.Source.Table, e.Before); err != nil {
		return err
	}
	c.change.After, err = known(e.Source.Table, e.After)
	return err
}

// known is what a load knows of a row; none where there is none.
func known(table string, raw json.RawMessage) (load.Row, error) {
	if len(raw) == 0 {
		return "", nil
	}
	row, err := load.NewRow(raw)
	if err != nil {
		return "", err
	}
	t, err := load.TableOf(table)
	if err != nil {
		return "", err
	}
	return row.Only(t.Names())
}

func parseEvent(aggregate string, m *kafka.Message) (rawEvent, error) {
	var e rawEvent
	var about, at string
	fields := map[string]*string{
		"ce_id": &e.id, "ce_type": &e.event.kind, "ce_subject": &about, "ce_time": &at,
		"ce_actor": &e.event.actor, "ce_request": &e.event.request,
	}
	for _, h := range m.Headers {
		if f := fields[h.Key]; f != nil {
			*f = string(h.Value)
		}
	}
	id, err := strconv.ParseUint(string(m.Key), 10, 64)
	if err != nil || about != aggregate+"/"+string(m.Key) {
		return rawEvent{}, fmt.Errorf("read the event at %s: its key is %q, its subject %q", m.TopicPartition, m.Key, about)
	}
	e.subject = subject{aggregate, id}
	if e.times.committed, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return rawEvent{}, fmt.Errorf("read the event at %s: its time: %w", m.TopicPartition, err)
	}
	if e.event.data, err = canonical(m.Value); err != nil {
		return rawEvent{}, fmt.Errorf("read the event at %s: %w", m.TopicPartition, err)
	}
	e.seen = time.Now()
	return e, nil
}

// canonical is a JSON object with its keys in order and its numbers as they are.
func canonical(raw []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return "", fmt.Errorf("decode %q: %w", raw, err)
	}
	return encode(object)
}

func encode(object map[string]any) (string, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return "", fmt.Errorf("encode %v: %w", object, err)
	}
	return string(text), nil
}

// changeOf is the id of the change that an event was made from.
func changeOf(eventID string) string {
	return eventID[:max(strings.LastIndexByte(eventID, '/'), 0)]
}

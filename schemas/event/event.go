// Package event is the contract of the business topics: CloudEvents 1.0 in
// Kafka's binary mode
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md).
// Attributes travel as headers, so that a reader can route and filter without
// decoding the value; the value is the data object alone.
package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Header names. Each costs its writer and reader time, so the set is short.
const (
	HeaderSpecVersion = "ce_specversion"
	HeaderID          = "ce_id"
	HeaderType        = "ce_type"
	HeaderSource      = "ce_source"
	HeaderSubject     = "ce_subject"
	HeaderTime        = "ce_time"
	HeaderDataSchema  = "ce_dataschema"
	HeaderCause       = "ce_cause"
	HeaderSequence    = "ce_sequence"
	HeaderActor       = "ce_actor"
	HeaderRequest     = "ce_request"
	HeaderTraceparent = "traceparent"
	HeaderContentType = "content-type"
)

const (
	specVersion = "1.0"
	contentType = "application/json"
)

// Event is something that happened in the business. The record's key is the
// aggregate's id as text, its topic `events.<aggregate>`.
type Event struct {
	// ID is the event's identity for ever (I7): the id of the smallest change
	// it was made from, "/", and the aggregate and rule that made it.
	ID string
	// Type is what happened, for example "CustomerNameChanged".
	Type string
	// Source is "/telltale/<source name>".
	Source string
	// Subject is "<aggregate>/<aggregate id>".
	Subject string
	// Time is when it happened: the transaction's commit, or what the rule said.
	Time time.Time
	// DataSchema names the schema of Data; optional.
	DataSchema string
	// Cause is the GTID of the transaction that it came from; optional.
	Cause string
	// Sequence is what the rule gives, usually the version of the row behind the
	// event; optional. It never falls from one event of an aggregate to the
	// next. Events of one change share it, and a change that means nothing to
	// the business uses one up: a gap by itself is no loss.
	Sequence string
	// Actor is who did it; optional.
	Actor string
	// Request names the application's request that did it; optional.
	Request string
	// Traceparent is the W3C trace context of the request that did it; optional.
	Traceparent string
	// Data is a JSON object.
	Data json.RawMessage
}

// Header is one header of a Kafka record.
type Header struct {
	Key   string
	Value []byte
}

// Headers returns the event's headers, optional ones only where they are set.
func (e Event) Headers() []Header {
	hs := make([]Header, 0, 13)
	values := make([]byte, 0, 512) // One allocation for all of them.
	add := func(key, value string) {
		if value != "" {
			values = append(values, value...)
			hs = append(hs, Header{Key: key, Value: values[len(values)-len(value) : len(values) : len(values)]})
		}
	}
	add(HeaderSpecVersion, specVersion)
	add(HeaderID, e.ID)
	add(HeaderType, e.Type)
	add(HeaderSource, e.Source)
	add(HeaderSubject, e.Subject)
	add(HeaderTime, e.Time.UTC().Format(time.RFC3339Nano))
	add(HeaderDataSchema, e.DataSchema)
	add(HeaderCause, e.Cause)
	add(HeaderSequence, e.Sequence)
	add(HeaderActor, e.Actor)
	add(HeaderRequest, e.Request)
	add(HeaderTraceparent, e.Traceparent)
	add(HeaderContentType, contentType)
	return hs
}

// Parse reads an event from a record. It fails on a record that is no
// CloudEvent, on one of another spec version and on data that is not JSON;
// headers it does not know are left alone.
func Parse(headers []Header, value []byte) (Event, error) {
	e := Event{Data: value}
	var version, at string
	fields := map[string]*string{
		HeaderSpecVersion: &version, HeaderID: &e.ID, HeaderType: &e.Type, HeaderSource: &e.Source,
		HeaderSubject: &e.Subject, HeaderTime: &at, HeaderDataSchema: &e.DataSchema, HeaderCause: &e.Cause,
		HeaderSequence: &e.Sequence, HeaderActor: &e.Actor, HeaderRequest: &e.Request,
		HeaderTraceparent: &e.Traceparent,
	}
	for _, h := range headers {
		if f := fields[h.Key]; f != nil {
			*f = string(h.Value)
		}
	}
	if version != specVersion {
		return Event{}, fmt.Errorf("parse event %q: %s is %q, want %q", e.ID, HeaderSpecVersion, version, specVersion)
	}
	if e.ID == "" || e.Type == "" || e.Source == "" {
		return Event{}, fmt.Errorf("parse event %q of type %q from %q: id, type and source must be set", e.ID, e.Type, e.Source)
	}
	var err error
	if e.Time, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return Event{}, fmt.Errorf("parse event %q: %s: %w", e.ID, HeaderTime, err)
	}
	if !json.Valid(value) {
		return Event{}, fmt.Errorf("parse event %q: %w", e.ID, errNotJSON)
	}
	return e, nil
}

var errNotJSON = errors.New("data is not JSON")

// Topic is the topic of an aggregate's events where its rules name no other.
func Topic(aggregate string) string { return "events." + aggregate }

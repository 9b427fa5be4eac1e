// Package change is the contract of the raw topics: what the binlog reader
// writes and the translator reads. The envelope is Debezium's for MySQL
// (https://debezium.io/documentation/reference/connectors/mysql.html), so that
// whatever reads Debezium reads it; the fields Debezium lacks are named as such.
package change

import (
	"encoding/json"
	"fmt"
)

// Op is what happened to a row.
type Op string

// The operations of an envelope.
const (
	Create   Op = "c"
	Update   Op = "u"
	Delete   Op = "d"
	Read     Op = "r" // A row seen by a snapshot: a fact about now, not a change.
	Truncate Op = "t"
)

// Headers of the two records that a change of a row's primary key becomes.
// Their value is the other key, as in the record's own key.
const (
	HeaderNewKey = "__debezium.newkey" // On the delete of the old key.
	HeaderOldKey = "__debezium.oldkey" // On the create of the new key.
)

// Envelope is the value of a raw record. A record with a null value (a
// tombstone) has no envelope.
type Envelope struct {
	// Before and After are the row's images: JSON objects from column name to
	// value, or null where there is none (no Before on create, no After on
	// delete). A column that a rule of the source denies is in neither.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	Source Source          `json:"source"`
	Op     Op              `json:"op"`
	// TsMS, TsUS and TsNS are when the reader handled the change, or, where there is
	// an Oversize, when it was committed.
	TsMS        int64        `json:"ts_ms"`
	TsUS        int64        `json:"ts_us"`
	TsNS        int64        `json:"ts_ns"`
	Transaction *Transaction `json:"transaction"`
	// ID is the change's identity for ever (I7). Not in Debezium.
	ID string `json:"id"`
	// Context is what the statement's comment said of its origin; nil where it
	// said nothing. The keys are the Context constants. Not in Debezium.
	Context map[string]string `json:"context,omitempty"`
	// Oversize is there where the record was larger than its topic takes: the images
	// are empty then, and the whole value is elsewhere. Not in Debezium.
	Oversize *Oversize `json:"oversize,omitempty"`
}

// Oversize says where the whole value of a record is.
type Oversize struct {
	// Bytes is how long it is, and SHA256 its hash in hexadecimal.
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
	// URL is where it can be fetched, or else Topic is the topic of dead letters in
	// which it stands, under the same key.
	URL   string `json:"url,omitempty"`
	Topic string `json:"topic,omitempty"`
}

// Keys of Envelope.Context.
const (
	ContextActor       = "actor"       // Who did it, for example "customer:7".
	ContextRequestID   = "request_id"  // The application's request.
	ContextTraceparent = "traceparent" // W3C Trace Context.
)

// Source says where in the server's history a change stands.
type Source struct {
	Version   string `json:"version"`
	Connector string `json:"connector"`
	// Name is the source's configured name, the first part of its topics.
	Name string `json:"name"`
	// TsMS, TsUS and TsNS are when the transaction committed on the server.
	TsMS     int64   `json:"ts_ms"`
	Snapshot string  `json:"snapshot"`
	DB       string  `json:"db"`
	Sequence *string `json:"sequence"`
	TsUS     int64   `json:"ts_us"`
	TsNS     int64   `json:"ts_ns"`
	Table    string  `json:"table"`
	ServerID uint32  `json:"server_id"`
	GTID     *string `json:"gtid"`
	// File and Pos are where the row event begins in the server's binlog; Row
	// is the row's index in that event.
	File string `json:"file"`
	Pos  uint64 `json:"pos"`
	Row  int    `json:"row"`
	// Thread is the server's connection that made the change.
	Thread *int64  `json:"thread"`
	Query  *string `json:"query"`
	// Shape is the ID of the Shape that the images follow. Not in Debezium.
	Shape string `json:"shape"`
}

// Transaction places a change in its MySQL transaction.
type Transaction struct {
	// ID is the GTID or, where the server has none, where the transaction begins:
	// `file=<file>,pos=<offset>`.
	ID string `json:"id"`
	// TotalOrder counts the transaction's records from 1, tombstones aside: a change
	// of a row's key is two.
	TotalOrder int64 `json:"total_order"`
	// DataCollectionOrder counts those of the same table from 1.
	DataCollectionOrder int64 `json:"data_collection_order"`
	// Last marks the transaction's last record, tombstones aside, in this
	// topic-partition. Not in Debezium.
	Last bool `json:"last"`
}

// Parse reads a raw record's value.
func Parse(value []byte) (Envelope, error) {
	var e Envelope
	if err := json.Unmarshal(value, &e); err != nil {
		return Envelope{}, fmt.Errorf("parse raw change of %d bytes: %w", len(value), err)
	}
	switch e.Op {
	case Create, Update, Delete, Read, Truncate:
		return e, nil
	}
	return Envelope{}, fmt.Errorf("parse raw change %q: unknown op %q", e.ID, e.Op)
}

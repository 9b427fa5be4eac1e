package change

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Shape is how a table's rows look: the value of a record of the topic
// `<source>.schemas`, whose key is Shape.Key.
type Shape struct {
	DB      string   `json:"db"`
	Table   string   `json:"table"`
	ID      string   `json:"id"`
	Columns []Column `json:"columns"`
	// PrimaryKey names the key's columns in the key's order, the table's own or
	// those that the source was told to key its records by; empty where the table
	// has none.
	PrimaryKey []string `json:"primary_key"`
	// Aggregate names the aggregate that the source routes the table's changes
	// to, together with other tables'; empty where the table has a topic of its
	// own. KeyColumn is then the column that holds the value of the record key.
	Aggregate string `json:"aggregate,omitempty"`
	KeyColumn string `json:"key_column,omitempty"`
	// Encoding says how the values are written where that is not the lossless
	// form: "debezium", or "mixed" for single choices of it.
	Encoding string `json:"encoding,omitempty"`
	// Format says how the records are serialised where that is not plain JSON:
	// "json-with-schema".
	Format string `json:"format,omitempty"`
}

// Column is one column of a Shape, in the table's order.
type Column struct {
	Name string `json:"name"`
	// Type is MySQL's, in lower case and without a display width, for example
	// "bigint unsigned", "varchar(100)", "decimal(12,2)", "datetime(6)",
	// "enum('new','paid')".
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
	// Charset is set for text alone, for example "utf8mb4".
	Charset string `json:"charset,omitempty"`
}

// WithID returns the shape with ID set to a hash of all the rest: equal shapes
// have equal IDs, on every server and in every run.
func (s Shape) WithID() Shape {
	h := fnv.New64a()
	for _, part := range []string{s.DB, s.Table} {
		fmt.Fprintf(h, "%q,", part)
	}
	for _, c := range s.Columns {
		fmt.Fprintf(h, "%q %q %t %q,", c.Name, c.Type, c.Nullable, c.Charset)
	}
	fmt.Fprintf(h, "%q", s.PrimaryKey)
	if s.Aggregate != "" {
		fmt.Fprintf(h, ",%q by %q", s.Aggregate, s.KeyColumn)
	}
	if s.Encoding != "" {
		fmt.Fprintf(h, ",as %q", s.Encoding)
	}
	if s.Format != "" {
		fmt.Fprintf(h, ",in %q", s.Format)
	}
	s.ID = strconv.FormatUint(h.Sum64(), 36)
	return s
}

// Key is the key of the shape's record.
func (s Shape) Key() string { return s.DB + "." + s.Table + "@" + s.ID }

// Topic is the topic that holds the raw changes of rows of this shape.
func (s Shape) Topic(source string) string {
	if s.Aggregate != "" {
		return AggregateTopic(source, s.Aggregate)
	}
	return Topic(source, s.DB, s.Table)
}

// OrderedBy are the columns whose values, together, are the record key: changes
// in which they agree keep their order.
func (s Shape) OrderedBy() []string {
	if s.Aggregate != "" {
		return []string{s.KeyColumn}
	}
	return s.PrimaryKey
}

// ParseShape reads the value of a record of the schemas topic.
func ParseShape(value []byte) (Shape, error) {
	var s Shape
	if err := json.Unmarshal(value, &s); err != nil {
		return Shape{}, fmt.Errorf("parse table shape of %d bytes: %w", len(value), err)
	}
	if s.DB == "" || s.Table == "" || s.ID == "" {
		return Shape{}, fmt.Errorf("parse table shape %q: db, table and id must be set", value)
	}
	return s, nil
}

// SchemasTopic is the topic that holds a source's shapes.
func SchemasTopic(source string) string { return source + ".schemas" }

// Topic is the topic that holds the raw changes of a table that is routed to no
// aggregate.
// As Debezium does, it puts an underscore for every UTF-16 code unit of the names
// that a topic's name cannot have, so that two tables can have one topic between
// them.
func Topic(source, db, table string) string {
	return source + "." + topicPart(db) + "." + topicPart(table)
}

func topicPart(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '.', r == '_', r == '-', '0' <= r && r <= '9', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
			b.WriteRune(r)
		default:
			for range utf16.RuneLen(r) {
				b.WriteByte('_')
			}
		}
	}
	return b.String()
}

// AggregateTopic is the topic that holds the raw changes of an aggregate's
// tables.
func AggregateTopic(source, aggregate string) string { return source + "." + aggregate }

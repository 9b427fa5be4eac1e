package binlog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"
)

// wrapped is a key or a value with its schema beside it.
type wrapped struct {
	Schema  json.RawMessage `json:"schema"`
	Payload any             `json:"payload"`
}

// readSchema is what of a schema its values are held against.
type readSchema struct {
	Type          string
	Fields        []readSchema
	Items, Values *readSchema
	Optional      bool
	Name, Field   string
}

// A record with its schema says what the plain one says, and what it says is
// what its schema names: every type, of both servers, in every encoding.
func TestRecordedTypesWithSchema(t *testing.T) {
	t.Parallel()
	eachTypesRecording(t, func(t *testing.T, r recording) {
		for _, o := range everyEncoding(t) {
			plain, framed := r.typesStream(t, o), r.typesStream(t, o)
			framed.options.encoding.schemas = true
			for _, s := range []*stream{plain, framed} {
				if err := r.replay(t, s); err != nil {
					t.Fatalf("%+v: %v", o, err)
				}
			}
			if n := compareWithSchema(t, plain.cur, framed.cur); n < 20 {
				t.Errorf("%+v: compared %d records", o, n)
			}
		}
	})
}

// everyEncoding has each profile, and in each every choice of the options that
// write all recorded values.
func everyEncoding(t *testing.T) []encoding {
	t.Helper()
	all := []encoding{{}, encodingOf(t, typesDebezium, TypeOptions{})}
	choice := func(option string, i int) string { return typeChoices[option][i%len(typeChoices[option])] }
	for _, profile := range []string{typesLossless, typesDebezium} {
		for i := range 4 {
			all = append(all, encodingOf(t, profile, TypeOptions{
				DecimalHandlingMode: choice("decimal_handling_mode", i), TimePrecisionMode: []string{"microseconds", ""}[i%2],
				BigintUnsignedHandlingMode: choice("bigint_unsigned_handling_mode", i), BinaryHandlingMode: choice("binary_handling_mode", i),
			}))
		}
	}
	return all
}

// compareWithSchema compares the records of two batches, of which the second has
// schemas, and returns how many there are.
func compareWithSchema(t *testing.T, plain, framed *batch) int {
	t.Helper()
	if len(plain.records) != len(framed.records) {
		t.Fatalf("got %d records with schemas, want %d", len(framed.records), len(plain.records))
	}
	compared, schemas := 0, map[string]*readSchema{}
	for i, p := range plain.records {
		f := framed.records[i]
		if p.topic.name == "schemas" {
			continue
		}
		compared++
		comparePayload(t, schemas, p.key.orNil(plain.buf), f.key.orNil(framed.buf))
		if p.tombstone != f.tombstone || string(p.header.in(plain.buf)) != string(f.header.in(framed.buf)) {
			t.Errorf("record %d: tombstone or header differ", i)
		}
		if !p.tombstone {
			comparePayload(t, schemas, p.value.in(plain.buf), f.value.in(framed.buf))
		}
	}
	return compared
}

// comparePayload compares a key or a value. schemas are those that were met, by
// their text.
func comparePayload(t *testing.T, schemas map[string]*readSchema, plain, framed []byte) {
	t.Helper()
	if plain == nil && framed == nil {
		return
	}
	var want any
	var got wrapped
	decodeNumbers(t, plain, &want)
	decodeNumbers(t, framed, &got)
	schema := schemas[string(got.Schema)]
	if schema == nil {
		schema = &readSchema{}
		decodeNumbers(t, got.Schema, schema)
		schemas[string(got.Schema)] = schema
	}
	if err := schema.check(got.Payload, "record"); err != nil {
		t.Fatalf("%v\nin %.3000s", err, framed)
	}
	for _, v := range []any{want, got.Payload} {
		if m, _ := v.(map[string]any); m["source"] != nil {
			// The shape says the format, and another partition has another last record.
			delete(m["source"].(map[string]any), "shape")
			delete(m["transaction"].(map[string]any), "last")
			if m["context"] == nil {
				delete(m, "context")
			}
		}
	}
	if !reflect.DeepEqual(got.Payload, want) {
		t.Fatalf("got payload\n%.3000v\nwant\n%.3000v", got.Payload, want)
	}
}

// check holds a value against the schema, as strictly as Connect does.
func (s readSchema) check(v any, at string) error {
	if s.Field != "" {
		at += "." + s.Field
	}
	if v == nil {
		if !s.Optional {
			return fmt.Errorf("%s is null, which %s is not", at, s.Type)
		}
		return nil
	}
	ok := false
	switch s.Type {
	case "int16", "int32", "int64":
		ok = fits(v, map[string]uint{"int16": 15, "int32": 31, "int64": 63}[s.Type])
	case "float", "double":
		f, err := number(v).Float64()
		ok = err == nil && (s.Type == "double" || math.Abs(f) <= math.MaxFloat32)
	case "boolean":
		_, ok = v.(bool)
	case "string":
		_, ok = v.(string)
	case "bytes":
		text, isText := v.(string)
		_, err := base64.StdEncoding.DecodeString(text)
		ok = isText && err == nil || s.Name == "org.apache.kafka.connect.data.Decimal" && fits(v, 64)
	case "array":
		return s.checkArray(v, at)
	case "map":
		return s.checkMap(v, at)
	case "struct":
		return s.checkStruct(v, at)
	}
	if !ok {
		return fmt.Errorf("%s is %v, which is no %s %s", at, v, s.Type, s.Name)
	}
	return nil
}

func (s readSchema) checkArray(v any, at string) error {
	all, ok := v.([]any)
	if !ok {
		return fmt.Errorf("%s is %v, which is no array", at, v)
	}
	for i, one := range all {
		if err := s.Items.check(one, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func (s readSchema) checkMap(v any, at string) error {
	all, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is %v, which is no map", at, v)
	}
	for key, one := range all {
		if err := s.Values.check(one, at+"."+key); err != nil {
			return err
		}
	}
	return nil
}

func (s readSchema) checkStruct(v any, at string) error {
	all, ok := v.(map[string]any)
	if !ok || len(all) != len(s.Fields) {
		return fmt.Errorf("%s is %v, which is no struct of %d fields", at, v, len(s.Fields))
	}
	for _, f := range s.Fields {
		one, ok := all[f.Field]
		if !ok {
			return fmt.Errorf("%s has no field %s", at, f.Field)
		}
		if err := f.check(one, at); err != nil {
			return err
		}
	}
	return nil
}

// A schema cannot say that a column is absent: an image that leaves one out stops
// the reader, and in plain JSON it does not.
func TestAbsentColumnWithSchema(t *testing.T) {
	t.Parallel()
	r := mysqlStory()
	for _, schemas := range []bool{true, false} {
		s := r.stream(t)
		s.options.encoding.schemas = schemas
		err := r.replay(t, handler(func(e *replication.BinlogEvent) error {
			if g, ok := e.Event.(*replication.GenericEvent); ok && e.Header.EventType == replication.UPDATE_ROWS_EVENTv2 {
				const bitmap = 8 + 2 + 1 // Behind the id, flags, no extra data and the number of columns.
				g.Data = bytes.Clone(g.Data)
				g.Data[bitmap] &^= 0b10
				signed(e)
			}
			return s.HandleEvent(e)
		}))
		if errors.Is(err, errAbsent) != schemas {
			t.Errorf("with schemas %t: got %v", schemas, err)
		}
	}
}

func number(v any) json.Number {
	n, _ := v.(json.Number)
	return n
}

// fits reports whether v is a whole number of so many bits beside its sign.
func fits(v any, bits uint) bool {
	n, ok := new(big.Int).SetString(number(v).String(), 10)
	if !ok {
		return false
	}
	if n.Sign() < 0 {
		n.Not(n)
	}
	return n.BitLen() <= int(bits)
}

// A record whose key changed, its tombstone and a routed one with their schemas.
func TestRecordedStoryWithSchema(t *testing.T) {
	t.Parallel()
	routed, err := newRoutes([]Aggregate{{Name: "customer", Tables: []AggregateTable{{Table: "shop.customers", Key: "id"}}}})
	if err != nil {
		t.Fatal(err)
	}
	eachRecording(t, func(t *testing.T, r recording) {
		for _, rs := range []routes{nil, routed} {
			plain, framed := r.stream(t), r.stream(t)
			for _, s := range []*stream{plain, framed} {
				s.options.filter.routes = rs
				s.options.marks = newTransactionMarks(newTopic("transaction", 1), s == framed)
				s.options.encoding.schemas = s == framed
				if err := r.replay(t, s); err != nil {
					t.Fatal(err)
				}
			}
			if n := compareWithSchema(t, plain.cur, framed.cur); n < 15 {
				t.Errorf("compared %d records", n)
			}
			for i, p := range plain.cur.records {
				if p.topic.name == "customer" && p.partition != framed.cur.records[i].partition {
					t.Errorf("a routed record with its schema is in partition %d, without in %d", framed.cur.records[i].partition, p.partition)
				}
			}
		}
	})
}

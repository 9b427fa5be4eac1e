package translator

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"telltale/schemas/change"
)

// scanObject reads an object's members the way rows do.
func scanObject(text []byte) (names []string, values [][]byte, err error) {
	s := scanner{b: text}
	if err := s.enter(); err != nil {
		return nil, nil, err
	}
	for first := true; ; first = false {
		name, ok, err := s.next(first)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			return names, values, s.end()
		}
		value, err := s.value()
		if err != nil {
			return nil, nil, err
		}
		names, values = append(names, string(name)), append(values, value)
	}
}

// FuzzScanner compares the scanner with encoding/json: the same objects are
// accepted, and their members have the same values.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{}`, fullImage, ` { "a" : [ 1 , {"b":null} ] , "ü":-0.5e+10 } `, `{"a":1,}`, `{"a":01}`, `{"a":"\u12g4"}`, "{\"a\":\"\x01\"}",
		`{"a":tru}`, `{"a":-}`, `{"a" 1}`, `{"a":1}x`, `{"a":[1,]}`, "{\"a\":\"\xff\"}", `{"\u0061":1,"a":2}`, `{"a":1.e1}`, `[]`, `{`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return // encoding/json replaces what is not UTF-8; TestTextThatIsNotUTF8 has it.
		}
		names, values, err := scanObject(text)
		var want map[string]json.RawMessage
		isObject := json.Unmarshal(text, &want) == nil && want != nil
		if err != nil {
			if isObject && !errors.Is(err, errTooDeep) { // It is stricter on depth.
				t.Fatalf("%q: %v, but encoding/json accepts it", text, err)
			}
			return
		}
		if !isObject {
			t.Fatalf("%q: accepted, but encoding/json does not", text)
		}
		got := make(map[string]json.RawMessage)
		for i, name := range names {
			got[name] = values[i]
		}
		for name := range want {
			if !bytes.Equal(bytes.TrimSpace(want[name]), got[name]) {
				t.Fatalf("%q: member %q: got %q, want %q", text, name, got[name], want[name])
			}
			compareText(t, got[name])
		}
		if len(got) != len(want) {
			t.Fatalf("%q: got %d members, want %d", text, len(got), len(want))
		}
	})
}

func compareText(t *testing.T, raw []byte) {
	if raw[0] != '"' {
		return
	}
	var want string
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if got, err := quoted(raw); err == nil && string(got) != want {
		t.Fatalf("unquote %q: got %q, want %q", raw, got, want)
	}
}

// FuzzParseChange compares the envelope's walk with change.Parse.
func FuzzParseChange(f *testing.F) {
	gtid := "g:1"
	full, err := json.Marshal(change.Envelope{
		Before: json.RawMessage(`{"name":"x"}`), After: json.RawMessage(`{"name":"\"y\""}`), Op: change.Update, ID: "g:1:db.t:0",
		Source:      change.Source{DB: "db", Table: "t", TsMS: 1, TsUS: 1001, TsNS: 1_001_002, GTID: &gtid, Shape: "abc"},
		Transaction: &change.Transaction{Last: true},
		Context:     map[string]string{change.ContextActor: "user:\"7\"", change.ContextRequestID: "r1", change.ContextTraceparent: "00", "x": "y"},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Add([]byte(`{"id":"a","op":"r","after":{},"source":{"db":"d","table":"t","shape":"s","ts_ms":5},"transaction":null}`))
	f.Add([]byte(`{"id":"a","op":"x","source":{"shape":"s"}}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		got, err := newEnvelopeParser().parse(value)
		if err != nil {
			return
		}
		if !json.Valid(value) {
			t.Fatalf("%q: accepted, but it is no JSON", value)
		}
		want, err := change.Parse(value)
		if err != nil {
			return // It looks at members that translation does not need.
		}
		text := func(s *string) string {
			if s == nil {
				return ""
			}
			return *s
		}
		g := []any{got.table, got.op, got.id, got.shape, got.gtid, got.actor, got.request, got.traceparent, got.last}
		w := []any{
			want.Source.DB + "." + want.Source.Table, want.Op, want.ID, want.Source.Shape, text(want.Source.GTID),
			want.Context[change.ContextActor], want.Context[change.ContextRequestID], want.Context[change.ContextTraceparent],
			want.Transaction == nil || want.Transaction.Last,
		}
		if !ambiguous(value) && !reflect.DeepEqual(g, w) {
			t.Fatalf("%q:\ngot  %q\nwant %q", value, g, w)
		}
	})
}

// ambiguous reports whether a key is there twice, in other letter case or
// escaped, which encoding/json merges and the reader never writes.
func ambiguous(value []byte) bool {
	if bytes.Contains(value, []byte(`\u`)) {
		return true
	}
	folded := bytes.ToLower(value)
	for _, name := range []string{
		"source", "db", "table", "op", "id", "shape", "gtid", "transaction", "last", "context",
		change.ContextActor, change.ContextRequestID, change.ContextTraceparent,
	} {
		key := []byte(strconv.Quote(name))
		if n := bytes.Count(folded, key); n > 1 || n != bytes.Count(value, key) {
			return true
		}
	}
	return false
}

func TestParseChangeProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, value, want string }{
		{"no JSON", `x`, `parse raw change of 1 bytes: JSON has 'x' at byte 0, want an object`},
		{"cut off", `{"op":"c"`, `parse raw change of 9 bytes: JSON ends too early`},
		{"somebody else's", `{"op":"c"}`, `parse raw change: it has no id; records that something else than the reader wrote are not understood`},
		{"no shape", `{"op":"c","id":"a"}`, `parse raw change "a": it has no source.shape`},
		{"unknown op", `{"op":"q","id":"a","source":{"shape":"s"}}`, `parse raw change "a": unknown op "q"`},
		{"id of no text", `{"id":5}`, `parse raw change of 8 bytes: JSON has '5' at byte 6, want a string`},
		{"image cut off", `{"after":{"a":[1}}`, `parse raw change of 18 bytes: JSON has '}' at byte 16, want a comma or the end of the array`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newEnvelopeParser().parse([]byte(tt.value))
			if err == nil || err.Error() != tt.want {
				t.Errorf("\ngot  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestTextThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	if _, err := decodeString([]byte("\"a\xff\"")); err == nil || err.Error() != "JSON string is not UTF-8" {
		t.Errorf("got %v, want that it is not UTF-8", err)
	}
	if _, err := newEnvelopeParser().parse([]byte("{\"\xff\":1,\"id\":\"\xff\"}")); err == nil || !strings.HasSuffix(err.Error(), "JSON string is not UTF-8") {
		t.Errorf("envelope: got %v, want that it is not UTF-8", err)
	}
}

func TestScannerBoundsDepth(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	if _, _, err := scanObject([]byte(deep(maxDepth))); err != nil {
		t.Errorf("depth %d: %v", maxDepth, err)
	}
	if _, _, err := scanObject([]byte(deep(maxDepth + 1))); !errors.Is(err, errTooDeep) {
		t.Errorf("depth %d: got %v, want %v", maxDepth+1, err, errTooDeep)
	}
}

func TestAppendStringReadsBack(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for r := range rune(0x300) {
		all.WriteRune(r)
	}
	var got string
	if err := json.Unmarshal(appendString(nil, all.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got != all.String() {
		t.Errorf("got %q, want %q", got, all.String())
	}
	if got, want := string(appendString(nil, `</b>`)), `"</b>"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseChange(t *testing.T) {
	t.Parallel()
	got, err := newEnvelopeParser().parse([]byte(`{"before":null,"after":{"id":1},"source":{"version":"1","name":"shop","ts_ms":1,"db":"shop","ts_us":1001,` +
		`"ts_ns":1001002,"table":"customers","gtid":"g:1","thread":7,"query":null,"shape":"abc"},"op":"c","ts_ms":9,` +
		`"transaction":{"id":"g:1","total_order":1,"data_collection_order":1,"last":false},"id":"g:1:shop.customers:0",` +
		`"context":{"actor":"user:\"7\"","request_id":"r","traceparent":"00-1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := rawChange{
		table: "shop.customers", op: change.Create, after: []byte(`{"id":1}`), shape: "abc", id: "g:1:shop.customers:0",
		gtid: "g:1", at: time.Unix(0, 1001002).UTC(), actor: `user:"7"`, request: "r", traceparent: "00-1",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\ngot  %+v\nwant %+v", got, want)
	}
	alone, err := newEnvelopeParser().parse([]byte(`{"id":"a","op":"r","after":{},"source":{"shape":"s"},"transaction":null}`))
	if err != nil || !alone.last {
		t.Errorf("a change outside a transaction: got last %t and %v, want whole by itself", alone.last, err)
	}
}

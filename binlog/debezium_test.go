package binlog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/mysqlserver/mysqltest"
)

// debeziumRecord is a record that Debezium sent.
type debeziumRecord struct {
	Topic   string   `json:"topic"`
	Key     any      `json:"key"`
	Value   any      `json:"value"`
	Headers [][2]any `json:"headers"`
	// columns are the row's, in the order in which they stand.
	columns []string
}

// debeziumRecords reads what Debezium sent from the stream, by topic: not the
// rows of its snapshot.
func debeziumRecords(t *testing.T) map[string][]debeziumRecord {
	t.Helper()
	text, err := os.ReadFile("testdata/debezium/expected.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]debeziumRecord{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r debeziumRecord
		decodeNumbers(t, lines.Bytes(), &r)
		if snapshot := path(r.Value, "source", "snapshot"); snapshot != "" && snapshot != "false" {
			continue
		}
		var text struct{ Value json.RawMessage }
		decodeNumbers(t, lines.Bytes(), &text)
		r.columns = columnsOf(t, text.Value)
		maskRecord(t, &r)
		var headers [][2]any
		for _, h := range r.Headers {
			if !strings.HasPrefix(h[0].(string), "__debezium.context.") {
				headers = append(headers, h)
			}
		}
		r.Headers = headers
		all[r.Topic] = append(all[r.Topic], r)
	}
	return all
}

// decodeNumbers reads JSON and keeps numbers as they are written.
func decodeNumbers(t *testing.T, text []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// columnsOf are the names of a row's columns as they stand in an envelope.
func columnsOf(t *testing.T, envelope []byte) []string {
	t.Helper()
	var images struct{ Before, After json.RawMessage }
	decodeNumbers(t, envelope, &images)
	row := images.After
	if string(row) == "null" {
		row = images.Before
	}
	d := json.NewDecoder(bytes.NewReader(row))
	if _, err := d.Token(); err != nil {
		return nil // There is no row.
	}
	var names []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		names = append(names, name.(string))
	}
	return names
}

// path is the text at a place in a value, empty where there is none.
func path(v any, names ...string) string {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

// maskRecord removes what differs from run to run, once the keys of transactions
// are seen to be their ids.
func maskRecord(t *testing.T, r *debeziumRecord) {
	t.Helper()
	if r.Topic == TransactionTopic("inventory") {
		if got, want := path(r.Key, "id"), path(r.Value, "id"); got != want || got == "" {
			t.Errorf("transaction %s stands under key %s", want, got)
		}
		r.Key = nil
	}
	masked(r.Value)
}

// masked removes what differs from run to run, and what Debezium does not have.
func masked(v any) {
	value, ok := v.(map[string]any)
	if !ok {
		return
	}
	source, ok := value["source"].(map[string]any)
	if !ok { // A record of the topic of transactions.
		delete(value, "id")
		delete(value, "ts_ms")
		return
	}
	for _, name := range []string{"ts_ms", "ts_us", "ts_ns", "id", "context"} {
		delete(value, name)
		delete(source, name)
	}
	for _, name := range []string{"version", "gtid", "file", "pos", "thread", "server_id", "shape"} {
		delete(source, name)
	}
	transaction := value["transaction"].(map[string]any)
	delete(transaction, "id")
	delete(transaction, "last")
}

// statementsOf reads a file of SQL: comments, and statements that end in
// semicolons at the end of a line or before another one.
func statementsOf(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var sql strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "--") {
			sql.WriteString(line)
		}
	}
	var statements []string
	rest, start, quoted := sql.String(), 0, false
	for i := range rest {
		switch {
		case rest[i] == '\'':
			quoted = !quoted
		case rest[i] == ';' && !quoted:
			statements = append(statements, strings.TrimSpace(rest[start:i]))
			start = i + 1
		}
	}
	return statements
}

// What the reader publishes with Debezium's types is what Debezium's connector
// sent for the same statements, value for value.
func TestSameAsDebezium(t *testing.T) {
	t.Parallel()
	h := newHarnessOn(t, mysqltest.Servers{})
	h.exec(t, statementsOf(t, "testdata/debezium/schema.sql")...)
	h.o.Name, h.o.Tables, h.o.Types = "inventory", []string{"golden.*"}, typesDebezium
	h.o.TypeOptions.EnableTimeAdjuster, h.o.TransactionTopic = true, true
	h.start(t)
	h.exec(t, statementsOf(t, "testdata/debezium/stream.sql")...)
	h.published(t)
	records := 0
	for name, want := range debeziumRecords(t) {
		partitions := map[int32][]debeziumRecord{}
		for _, m := range h.messages(t, name, len(want)) {
			r := debeziumRecord{Topic: name}
			if m.Key != nil {
				decodeNumbers(t, m.Key, &r.Key)
			}
			if m.Value != nil {
				decodeNumbers(t, m.Value, &r.Value)
				r.columns = columnsOf(t, m.Value)
			}
			maskRecord(t, &r)
			r.Headers = headersOf(t, m)
			partitions[m.TopicPartition.Partition] = append(partitions[m.TopicPartition.Partition], r)
		}
		for _, w := range want {
			records++
			if !takeFirst(partitions, w) {
				t.Errorf("topic %s: Debezium sent\n%v\nwe have next\n%v", name, w, partitions)
				break
			}
		}
	}
	if records < 59 {
		t.Errorf("compared %d records", records)
	}
	h.mustStop(t)
}

// headersOf are a record's headers as Debezium's are written down.
func headersOf(t *testing.T, m *kafka.Message) (headers [][2]any) {
	t.Helper()
	for _, header := range m.Headers {
		var v any
		decodeNumbers(t, header.Value, &v)
		headers = append(headers, [2]any{header.Key, v})
	}
	return headers
}

// takeFirst takes a record away from the partition that it stands first in: the
// order holds in each partition, not across.
func takeFirst(partitions map[int32][]debeziumRecord, want debeziumRecord) bool {
	for p, records := range partitions {
		if len(records) > 0 && reflect.DeepEqual(records[0], want) {
			partitions[p] = records[1:]
			return true
		}
	}
	return false
}

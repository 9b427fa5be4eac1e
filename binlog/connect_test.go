package binlog

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/mysqlserver/mysqltest"
)

// connectPatience is how long Kafka Connect may take to have read everything.
const connectPatience = 3 * time.Minute

// TestOthersReadIt runs the statements that Debezium was given and has what
// the reader publishes with schemas read by three programs that are not ours:
// Kafka Connect, whose sink gets the rows that Debezium's ExtractNewRecordState
// takes out of the envelopes; its JsonConverter, which writes again what it has
// read; and Debezium's own deserialiser. What they see is what Debezium sent, with
// the schemas that Debezium has.
func TestOthersReadIt(t *testing.T) {
	t.Parallel()
	broker := apachekafkatest.Start(t)
	h := newHarnessOn(t, mysqltest.Servers{})
	h.o.Kafka.Brokers = broker.Brokers()
	h.exec(t, statementsOf(t, "testdata/debezium/schema.sql")...)
	h.o.Name, h.o.Tables, h.o.Types, h.o.Partitions = "inventory", []string{"golden.*"}, typesDebezium, 1
	h.o.Format, h.o.TransactionTopic, h.o.TypeOptions.EnableTimeAdjuster = formatWithSchema, true, true
	h.start(t)
	h.exec(t, statementsOf(t, "testdata/debezium/stream.sql")...)
	h.published(t)
	h.mustStop(t)
	sent := debeziumRecords(t)
	t.Run("connect", func(t *testing.T) { connectReadsIt(t, h, sent) })
	t.Run("converter and deserialiser", func(t *testing.T) { programReadsIt(t, h, sent) })
	t.Run("lossless types", func(t *testing.T) { losslessIsRead(t, h) })
}

// connectReadsIt runs Kafka Connect: the lines that its sinks write are the rows
// that Debezium sent.
func connectReadsIt(t *testing.T, h *harness, sent map[string][]debeziumRecord) {
	dir := t.TempDir()
	var connectors []apachekafkatest.Connector
	want := map[string]string{}
	for topic, records := range sent {
		if topic == TransactionTopic(h.o.Name) {
			continue
		}
		want[topic] = rowsOf(t, records)
		connectors = append(connectors, apachekafkatest.Connector{
			"name": topic, "topics": topic, "file": filepath.Join(dir, topic),
			"connector.class":              "org.apache.kafka.connect.file.FileStreamSinkConnector",
			"transforms":                   "unwrap",
			"transforms.unwrap.type":       "io.debezium.transforms.ExtractNewRecordState",
			"transforms.unwrap.add.fields": "op,table,source.snapshot,transaction.total_order",
			"transforms.unwrap.delete.tombstone.handling.mode": "rewrite",
		})
	}
	apachekafkatest.Connect(t, h.o.Kafka.Brokers, connectors...)
	for topic, rows := range want {
		got := ""
		for deadline := time.Now().Add(connectPatience); len(got) < len(rows) && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
			text, err := os.ReadFile(filepath.Join(dir, topic))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			got = string(text)
		}
		if got != rows {
			t.Errorf("%s: Connect's sink wrote\n%swant\n%s", topic, got, rows)
		}
	}
}

// decimalScales are the scales of the tables' decimals, by their column's name.
var decimalScales = map[string]int64{"balance": 2, "total": 2}

// rowsOf are the lines of Connect's sink for records of Debezium's.
func rowsOf(t *testing.T, records []debeziumRecord) string {
	t.Helper()
	var out strings.Builder
	for _, r := range records {
		if r.Value == nil {
			continue
		}
		v := r.Value.(map[string]any)
		row, deleted := v["after"], "false"
		if row == nil {
			row, deleted = v["before"], "true"
		}
		out.WriteString("Struct{")
		for _, name := range r.columns {
			if value := row.(map[string]any)[name]; value != nil {
				fmt.Fprintf(&out, "%s=%s,", name, connectText(t, name, value))
			}
		}
		fmt.Fprintf(&out, "__deleted=%s,__op=%s,__table=%s,__source_snapshot=false,__transaction_total_order=%v}\n",
			deleted, v["op"], path(v, "source", "table"), v["transaction"].(map[string]any)["total_order"])
	}
	return out.String()
}

// connectText is a value as Connect prints it.
func connectText(t *testing.T, column string, v any) string {
	t.Helper()
	scale, isDecimal := decimalScales[column]
	if !isDecimal {
		return fmt.Sprint(v)
	}
	unscaled, err := base64.StdEncoding.DecodeString(v.(string))
	if err != nil {
		t.Fatal(err)
	}
	value := new(big.Rat).SetFrac(new(big.Int).SetBytes(unscaled), new(big.Int).Exp(big.NewInt(10), big.NewInt(scale), nil))
	return value.FloatString(int(scale))
}

// seenRecord is what testdata/connect/Reader.java says of a record.
type seenRecord struct {
	Topic         string
	Key, Value    *string
	Before, After any
}

// programReadsIt has each record read and written again by Connect's
// JsonConverter, and its rows read by Debezium's deserialiser.
func programReadsIt(t *testing.T, h *harness, sent map[string][]debeziumRecord) {
	seen := readByJava(t, h, "BASE64", slices.Collect(maps.Keys(sent))...)
	for topic, records := range sent {
		ours := h.messages(t, topic, len(records))
		if len(seen[topic]) != len(records) {
			t.Fatalf("topic %s: the program read %d records, Debezium sent %d", topic, len(seen[topic]), len(records))
		}
		var schemas []schemaPair
		for i, s := range seen[topic] {
			if ours[i].Value != nil {
				schemas = appendPair(t, schemas, topic, ours[i].Key, ours[i].Value)
			}
			if (s.Key == nil) != (ours[i].Key == nil) || s.Key != nil && *s.Key != string(ours[i].Key) {
				t.Errorf("topic %s: got key\n%s\nnot byte by byte what Connect's JsonConverter writes", topic, ours[i].Key)
			}
			sameText(t, topic+" value", s.Value, ours[i].Value)
			if got, want := headersOf(t, ours[i]), records[i].Headers; !reflect.DeepEqual(got, want) {
				t.Errorf("topic %s, record %d: got headers %v, Debezium sent %v", topic, i, got, want)
			}
			v, _ := records[i].Value.(map[string]any)
			if topic == TransactionTopic(h.o.Name) {
				continue // It has no rows.
			}
			if !reflect.DeepEqual(s.Before, v["before"]) || !reflect.DeepEqual(s.After, v["after"]) {
				t.Errorf("topic %s, record %d: Debezium's deserialiser reads\n%v\n%v\nDebezium sent\n%v\n%v", topic, i, s.Before, s.After, v["before"], v["after"])
			}
		}
		sameSchemas(t, topic, schemas)
	}
}

// readByJava runs the program on topics. Connect's decimals are written in that
// format.
func readByJava(t *testing.T, h *harness, decimals string, topics ...string) map[string][]seenRecord {
	t.Helper()
	seen := map[string][]seenRecord{}
	args := append([]string{h.o.Kafka.Brokers, decimals}, topics...)
	for line := range strings.Lines(string(apachekafkatest.Java(t, "testdata/connect/Reader.java", args...))) {
		var one seenRecord
		decodeNumbers(t, []byte(line), &one)
		seen[one.Topic] = append(seen[one.Topic], one)
	}
	return seen
}

// losslessIsRead publishes the types table in the lossless form, and that it was
// emptied: what Connect's JsonConverter reads by our schemas, and writes again, is
// what we wrote.
func losslessIsRead(t *testing.T, h *harness) {
	create, changes, rows := typesStatements(typesOn(t, mysqltest.Servers{}))
	h.exec(t, "USE shop", create)
	h.o.Name, h.o.Tables, h.o.Types = "lossless", []string{"shop.types"}, typesLossless
	h.o.TypeOptions, h.o.TransactionTopic, h.o.Truncates = TypeOptions{}, false, true
	h.start(t)
	h.exec(t, slices.Concat([]string{"USE shop"}, changes, []string{"TRUNCATE TABLE types"})...)
	h.published(t)
	h.mustStop(t)
	topic := "lossless.shop.types"
	ours := h.messages(t, topic, 2*rows+1)
	seen := readByJava(t, h, "NUMERIC", topic)[topic]
	if len(seen) != len(ours) {
		t.Fatalf("the program read %d records of %d", len(seen), len(ours))
	}
	for i, s := range seen {
		sameText(t, "key", s.Key, ours[i].Key)
		sameText(t, "value", s.Value, ours[i].Value)
	}
}

// sameText compares what a converter wrote with what it had read. They may
// differ in how characters are escaped and numbers spelt.
func sameText(t *testing.T, what string, again *string, ours []byte) {
	t.Helper()
	if again == nil && ours == nil {
		return
	}
	if again == nil || ours == nil {
		t.Errorf("%s: we wrote %s, Connect's JsonConverter writes %v", what, ours, again)
		return
	}
	var got, want any
	decodeNumbers(t, ours, &got)
	decodeNumbers(t, []byte(*again), &want)
	if g, w := fmt.Sprint(spelt(got)), fmt.Sprint(spelt(want)); g != w {
		t.Errorf("%s: we wrote\n%s\nConnect's JsonConverter writes\n%s", what, aroundDifference(g, w), aroundDifference(w, g))
	}
}

// spelt replaces the numbers in a value by one way of writing each.
func spelt(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".eE") {
			return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
		}
	case []any:
		for i := range v {
			v[i] = spelt(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = spelt(v[name])
		}
	}
	return v
}

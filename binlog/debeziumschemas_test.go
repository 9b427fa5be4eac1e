package binlog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/kafkaclient"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// schemasFile holds the schemas that Debezium's connector sent.
const schemasFile = "testdata/debezium/schemas.jsonl"

// schemaPair is a key's and a value's schema of records of a topic, as they
// stand in the records.
type schemaPair struct {
	Topic string          `json:"topic"`
	Key   json.RawMessage `json:"key,omitempty"`
	Value json.RawMessage `json:"value"`
}

// debeziumChoices are the options under which Debezium was run on the types
// table, by the source's name.
var debeziumChoices = map[string]TypeOptions{
	"defaults":     {},
	"strings":      {DecimalHandlingMode: "string", TimePrecisionMode: "isostring", BigintUnsignedHandlingMode: "precise", BinaryHandlingMode: "hex"},
	"connect":      {DecimalHandlingMode: "double", TimePrecisionMode: "connect", BinaryHandlingMode: "base64"},
	"nanoseconds":  {TimePrecisionMode: "nanoseconds", BinaryHandlingMode: "base64-url-safe"},
	"microseconds": {TimePrecisionMode: "microseconds"},
}

// The schemas of a table with every type are Debezium's, whatever the options.
func TestSchemasOfDebezium(t *testing.T) {
	if *recordAgain {
		recordSchemas(t)
	}
	for source, options := range debeziumChoices {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			r := typesRecording(mysqlserver.MySQL)
			s := r.typesStream(t, encodingOf(t, typesDebezium, options))
			s.options.encoding.schemas, s.options.source = true, source
			known := errors.New("the table is known")
			err := r.replay(t, handler(func(e *replication.BinlogEvent) error {
				if err := s.HandleEvent(e); err != nil || len(s.cache) == 0 {
					return err
				}
				return known
			}))
			if !errors.Is(err, known) {
				t.Fatal(err)
			}
			f, topic := s.cache[onlyKey(s.cache)].frame, source+".shop.types"
			sameSchemas(t, topic, appendPair(t, nil, topic, f.key.close(append(f.key.open(nil), "{}"...)), f.value.close(append(f.value.open(nil), "{}"...))))
		})
	}
}

// appendPair appends the schemas of a record where they differ from the last.
func appendPair(t *testing.T, all []schemaPair, topic string, key, value []byte) []schemaPair {
	t.Helper()
	one := schemaPair{Topic: topic, Value: schemaText(t, value)}
	if key != nil {
		one.Key = schemaText(t, key)
	}
	if n := len(all); n > 0 && bytes.Equal(all[n-1].Key, one.Key) && bytes.Equal(all[n-1].Value, one.Value) {
		return all
	}
	return append(all, one)
}

func schemaText(t *testing.T, text []byte) json.RawMessage {
	t.Helper()
	var both struct{ Schema json.RawMessage }
	if err := json.Unmarshal(text, &both); err != nil {
		t.Fatalf("%.300s: %v", text, err)
	}
	return both.Schema
}

// sameSchemas compares a topic's schemas with Debezium's, byte by byte but for
// what each has that the other lacks.
func sameSchemas(t *testing.T, topic string, got []schemaPair) {
	t.Helper()
	text, err := os.ReadFile(schemasFile)
	if err != nil {
		t.Fatal(err)
	}
	var want []schemaPair
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var one schemaPair
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		if one.Topic == topic {
			want = append(want, one)
		}
	}
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s: got %d schemas, Debezium has %d", topic, len(got), len(want))
	}
	for i := range want {
		for _, one := range []struct{ got, want json.RawMessage }{{got[i].Key, want[i].Key}, {got[i].Value, want[i].Value}} {
			if g, w := inCommon(one.got), inCommon(one.want); g != w {
				t.Errorf("%s: got\n%s\nDebezium has\n%s", topic, aroundDifference(g, w), aroundDifference(w, g))
			}
		}
	}
}

// columnDefault is a column's default, of which ours have none.
var columnDefault = regexp.MustCompile(`,"default":(?:"[^"]*"|\{[^}]*\}|[^,}\]]*)`)

// inCommon is a schema without our own fields and without defaults.
func inCommon(schema json.RawMessage) string {
	text := columnDefault.ReplaceAllString(string(schema), "")
	for _, ours := range []connectSchema{
		plainOf("string").field("shape"), plainOf("boolean").field("last"),
		mapOf(plainOf("string"), plainOf("string")).optional().field("context"),
	} {
		text = strings.ReplaceAll(text, ","+string(ours.append(nil)), "")
	}
	return strings.ReplaceAll(text, `"field":"ts_ns"},{"type":"string","optional":false,"field":"id"}]`, `"field":"ts_ns"}]`)
}

// aroundDifference is the part of a text where another begins to differ.
func aroundDifference(text, other string) string {
	at := 0
	for at < len(text) && at < len(other) && text[at] == other[at] {
		at++
	}
	return text[max(0, at-200):min(len(text), at+200)]
}

// recordSchemas runs Debezium's connector on the types table, with each of the
// options, and on the tables of its golden records, and keeps the schemas.
func recordSchemas(t *testing.T) {
	t.Helper()
	server, broker := mysqltest.Servers{}.Start(t), apachekafkatest.Start(t)
	h := &harness{mysql: server, db: mysqltest.DB(t, server, "shop")}
	h.o.Kafka.Brokers = broker.Brokers()
	create, _, _ := typesStatements(typesOf(mysqlserver.MySQL))
	h.exec(t, create, "SET SESSION sql_mode = ''", "INSERT INTO types (id) VALUES (-1)")
	h.exec(t, statementsOf(t, "testdata/debezium/schema.sql")...)
	connectors := []apachekafkatest.Connector{debeziumConnector(t, h, "inventory", "golden", TypeOptions{})}
	for source, options := range debeziumChoices {
		connectors = append(connectors, debeziumConnector(t, h, source, "shop", options))
	}
	apachekafkatest.Connect(t, broker.Brokers(), connectors...)
	h.awaitTopic(t, "inventory.golden.ints") // The last of the snapshot's.
	h.messages(t, "inventory.golden.ints", 1)
	h.exec(t, statementsOf(t, "testdata/debezium/stream.sql")...)
	counts := map[string]int{}
	for source := range debeziumChoices {
		counts[source+".shop.types"] = 1
	}
	for topic, records := range debeziumRecords(t) {
		counts[topic] = len(records)
	}
	counts["inventory.golden.ints"]++
	counts["inventory.golden.customers"]++
	var out bytes.Buffer
	for _, topic := range slices.Sorted(maps.Keys(counts)) {
		var all []schemaPair
		h.awaitTopic(t, topic)
		for _, m := range h.messages(t, topic, counts[topic]) {
			if m.Value != nil {
				all = appendPair(t, all, topic, m.Key, m.Value)
			}
		}
		for _, one := range all {
			line, err := json.Marshal(one)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(append(line, '\n'))
		}
	}
	if err := os.WriteFile(schemasFile, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// awaitTopic waits until somebody has made a topic.
func (h *harness) awaitTopic(t *testing.T, name string) {
	t.Helper()
	for deadline := time.Now().Add(connectPatience); ; time.Sleep(100 * time.Millisecond) {
		if _, err := kafkaclient.Partitions(t.Context(), h.o.Kafka, name); err == nil {
			return
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// debeziumConnector is Debezium's connector for a database.
func debeziumConnector(t *testing.T, h *harness, source, db string, o TypeOptions) apachekafkatest.Connector {
	t.Helper()
	host, port, _ := strings.Cut(h.mysql.Addr(), ":")
	c := apachekafkatest.Connector{
		"name": source, "connector.class": "io.debezium.connector.mysql.MySqlConnector", "topic.prefix": source,
		"database.hostname": host, "database.port": port, "database.user": "root", "database.password": "", "database.server.id": fmt.Sprint(crc32.ChecksumIEEE([]byte(source)) >> 1),
		"database.include.list": db, "provide.transaction.metadata": "true",
		"schema.history.internal":               "io.debezium.storage.file.history.FileSchemaHistory",
		"schema.history.internal.file.filename": filepath.Join(t.TempDir(), "history"),
		"topic.creation.default.partitions":     "1", "topic.creation.default.replication.factor": "1",
	}
	for name, value := range map[string]string{
		"decimal.handling.mode": o.DecimalHandlingMode, "time.precision.mode": o.TimePrecisionMode,
		"bigint.unsigned.handling.mode": o.BigintUnsignedHandlingMode, "binary.handling.mode": o.BinaryHandlingMode,
	} {
		if value != "" {
			c[name] = value
		}
	}
	return c
}

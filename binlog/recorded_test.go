package binlog

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

var (
	recordAgain  = flag.Bool("record", false, "record the binlogs in testdata from real servers again")
	updateGolden = flag.Bool("update", false, "write the golden files again")
)

// recording is the binlog of a story, recorded from a real server.
type recording struct {
	servers mysqltest.Servers
	// path is that of its files, which end in .binlog, .golden and .routed.golden.
	path string
	// compress makes the server compress from then on.
	compress string
	// statements are what only this server is told.
	statements []string
	// other is what it is told instead of the story.
	other []string
	// settings are the server's; byFile says that it has no GTIDs by them.
	settings []string
	byFile   bool
}

func mysqlStory() recording {
	return recording{path: "testdata/story", compress: "SET SESSION binlog_transaction_compression = ON"}
}

// mariadbStory goes on in a second domain, and makes a table from rows.
func mariadbStory() recording {
	return recording{
		servers:  mysqltest.Servers{Flavor: mysqlserver.MariaDB},
		path:     "testdata/mariadb",
		compress: "SET GLOBAL log_bin_compress = ON, log_bin_compress_min_len = 10",
		statements: []string{
			"CREATE TABLE copies (PRIMARY KEY (id)) SELECT id, name FROM customers",
			"SET SESSION gtid_domain_id = 7", "UPDATE copies SET name = 'in another domain' WHERE id = 1", "SET SESSION gtid_domain_id = 0",
			"START TRANSACTION", "SAVEPOINT a", "UPDATE copies SET name = 'one' WHERE id = 1", "SAVEPOINT b", "UPDATE copies SET name = 'two' WHERE id = 1", "ROLLBACK TO b", "COMMIT",
		},
	}
}

// mysqlKinds holds the event types that the story lacks: of XA, with its branches
// decided in another order than they were prepared in, of partial JSON updates
// and of tagged GTIDs.
func mysqlKinds() recording {
	branch := func(xid, end string, statements ...string) []string {
		return append(append([]string{"XA START " + xid}, statements...), "XA END "+xid, end)
	}
	return recording{
		path: "testdata/kinds.mysql",
		other: slices.Concat(
			[]string{"CREATE DATABASE shop", "USE shop", customers, "CREATE TABLE documents (id int PRIMARY KEY, j json)"},
			branch("'a'", "XA PREPARE 'a'", "INSERT INTO customers (name) VALUES ('a') /*actor='customer%3A1'*/"),
			branch("'b','\x00',7", "XA PREPARE 'b','\x00',7", `INSERT INTO documents VALUES (1, '{"n": 1, "list": [1, 2]}')`),
			branch("'c'", "XA PREPARE 'c'", "INSERT INTO customers (name) VALUES ('never')"),
			branch("'d'", "XA PREPARE 'd'", "INSERT INTO customers (name) VALUES ('undecided')"),
			branch("'e'", "XA COMMIT 'e' ONE PHASE", "INSERT INTO customers (name) VALUES ('one phase')"),
			[]string{
				"XA COMMIT 'b','\x00',7", "XA ROLLBACK 'c'", "SET SESSION binlog_transaction_compression = ON", "XA COMMIT 'a'",
				"SET SESSION binlog_row_value_options = 'PARTIAL_JSON'",
				"UPDATE documents SET j = JSON_SET(j, '$.n', 2, '$.list[2]', 'three') WHERE id = 1",
				"SET SESSION binlog_transaction_compression = OFF",
				"UPDATE documents SET j = JSON_REMOVE(j, '$.list[0]') WHERE id = 1",
				"SET SESSION gtid_next = 'AUTOMATIC:tag'", "UPDATE customers SET version = 2 WHERE id = 1", "SET SESSION gtid_next = 'AUTOMATIC'",
				"FLUSH BINARY LOGS",
			},
		),
	}
}

// mysqlFiles is the same by file and offset.
func mysqlFiles() recording {
	r := mysqlKinds()
	r.path, r.settings, r.byFile = "testdata/files.mysql", withoutGTIDs, true
	r.other = slices.DeleteFunc(r.other, func(s string) bool { return strings.Contains(s, "gtid_next") })
	return r
}

// mariadbKinds holds those of MariaDB: of XA and of compressed rows.
func mariadbKinds() recording {
	return recording{
		servers: mysqltest.Servers{Flavor: mysqlserver.MariaDB},
		path:    "testdata/kinds.mariadb",
		other: []string{
			"CREATE DATABASE shop", "USE shop", customers,
			"XA START 'a'", "INSERT INTO customers (name) VALUES ('a') /*actor='customer%3A1'*/", "XA END 'a'", "XA PREPARE 'a'", "XA COMMIT 'a'",
			"XA START 'b'", "INSERT INTO customers (name) VALUES ('never')", "XA END 'b'", "XA PREPARE 'b'", "XA ROLLBACK 'b'",
			"XA START 'c'", "INSERT INTO customers (name) VALUES ('one phase')", "XA END 'c'", "XA COMMIT 'c' ONE PHASE",
			"DELETE FROM customers WHERE name = 'one phase'",
			"SET GLOBAL log_bin_compress = ON, log_bin_compress_min_len = 10",
			"XA START 'd'", "INSERT INTO customers (name) VALUES ('compressed')", "UPDATE customers SET version = 2 WHERE name = 'compressed'", "XA END 'd'", "XA PREPARE 'd'", "XA COMMIT 'd'",
			"CREATE TABLE later (id int PRIMARY KEY)", "INSERT INTO later VALUES (1)", "DELETE FROM customers WHERE id < 3", "FLUSH BINARY LOGS",
		},
	}
}

// story is what was run to record the binlogs.
func (r recording) story() []string {
	if r.other != nil {
		return r.other
	}
	story := []string{
		"CREATE DATABASE shop", "USE shop", customers,
		"INSERT INTO customers (name, secret, balance, created) VALUES ('Bob', 'x', 10.5, '2024-03-10 02:30:00.123456') /*actor='customer%3A1'*/",
		"UPDATE customers SET name = 'Alice 🌍', version = version + 1 WHERE id = 1",
		"START TRANSACTION", "INSERT INTO customers (name) VALUES ('a'), ('b')", "UPDATE customers SET phone = '+44' WHERE id = 1", "COMMIT",
		"START TRANSACTION", "INSERT INTO customers (name) VALUES ('never')", "ROLLBACK",
		"CREATE DATABASE other", "CREATE TABLE other.t (id int PRIMARY KEY)", "INSERT INTO other.t VALUES (1)",
		"UPDATE customers SET id = 100 WHERE id = 2",
		"ALTER TABLE customers ADD COLUMN email varchar(50) AFTER name", "UPDATE customers SET email = 'a@b.c' WHERE id = 1",
	}
	return append(append(story, r.statements...), r.compress, "DELETE FROM customers", "FLUSH BINARY LOGS")
}

// record runs the story on a real server and keeps its binlog.
func (r recording) record(t *testing.T) {
	t.Helper()
	s := r.servers.Start(t, r.settings...)
	db := mysqltest.DB(t, s, "start")
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, q := range append([]string{forget(t, r.servers), "SET time_zone = '+00:00', timestamp = 1700000000"}, r.story()...) {
		if _, err := conn.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	r.keep(t, db)
}

// keep copies the server's first binlog file.
func (r recording) keep(t *testing.T, db *sql.DB) {
	t.Helper()
	var base string
	if err := db.QueryRowContext(t.Context(), "SELECT @@log_bin_basename").Scan(&base); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(base + ".000001")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path+".binlog", b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// stream is a stream without servers: collations of utf8mb4 and binary, topics of
// four partitions, and a clock that stands.
func (r recording) stream(tb testing.TB) *stream {
	tb.Helper()
	topics := map[string]*topic{}
	known := map[string]bool{}
	var d dialect = mysqlDialect{}
	if r.servers.Flavor == mysqlserver.MariaDB {
		d = mariadbDialect{}
	}
	empty, err := d.parse("")
	if err != nil {
		tb.Fatal(err)
	}
	done, position := d.progress(empty), Position{}
	if r.byFile {
		done, position = fileProgress{}, Position{ByFile: true}
	}
	return newStream(streamOptions{
		position: position,
		flavor:   d.flavor(), source: "shop", version: "test", filter: filter{include: []string{"shop.*"}, columns: []ColumnRule{{Match: "*.secret", Do: "deny"}}},
		colls:    collations{63: {name: "binary", maxLen: 1}, 45: {name: "utf8mb4", maxLen: 4}, 255: {name: "utf8mb4", maxLen: 4}},
		progress: done,
		open: func(p *plan) (*topic, []*stateRecord, error) {
			s, name := p.shape, p.shape.Table
			if p.route != nil {
				name = p.route.aggregate
			}
			if topics[name] == nil {
				topics[name] = newTopic(name, 4)
			}
			if known[s.Key()] {
				return topics[name], nil, nil
			}
			known[s.Key()] = true
			return topics[name], []*stateRecord{{topic: newTopic("schemas", 1), key: []byte(s.Key()), value: []byte(s.ID)}}, nil
		},
		now:     func() time.Time { return time.Unix(1700000000, 0) },
		metrics: newMetrics(nil),
		// The whole binlog fits: nobody takes batches.
		batchBytes: 64 << 20,
	})
}

// replay feeds the binlog to a handler.
func (r recording) replay(tb testing.TB, h replication.EventHandler) error {
	tb.Helper()
	p := replication.NewBinlogParser()
	p.SetRawMode(true)
	p.SetVerifyChecksum(true)
	return p.ParseFile(r.path+".binlog", 4, h.HandleEvent)
}

// text is a batch as the golden file holds it.
func text(b *batch) string {
	var out strings.Builder
	for _, r := range b.records {
		if r.moved {
			continue
		}
		var room []byte
		buf, err := r.bytes(b, &room)
		if err != nil {
			return err.Error()
		}
		value := string(r.value.in(buf))
		if r.tombstone {
			value = "(tombstone)"
		}
		fmt.Fprintf(&out, "%s/%d %s", r.topic.name, r.partition, r.key.in(buf))
		if r.headerKey != "" {
			fmt.Fprintf(&out, " %s=%s", r.headerKey, r.header.in(buf))
		}
		fmt.Fprintf(&out, "\n\t%s\n", value)
	}
	if b.whole {
		fmt.Fprintf(&out, "position %s, last %s %s\n", b.position.GTIDSet, b.position.Last, b.position.Fingerprint)
	}
	return out.String()
}

func allRecordings() []recording {
	return []recording{mysqlStory(), mariadbStory(), mysqlKinds(), mysqlFiles(), mariadbKinds()}
}

// eachRecording runs a test on the binlogs of both servers.
func eachRecording(t *testing.T, test func(*testing.T, recording)) {
	t.Helper()
	for _, r := range allRecordings() {
		t.Run(filepath.Base(r.path), func(t *testing.T) { test(t, r) })
	}
}

func TestRecordedStory(t *testing.T) {
	eachRecording(t, testRecordedStory)
}

func testRecordedStory(t *testing.T, r recording) {
	if *recordAgain {
		r.record(t)
	}
	routed, err := newRoutes([]Aggregate{{Name: "customer", Tables: []AggregateTable{{Table: "shop.customers", Key: "id"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for end, rs := range map[string]routes{".golden": nil, ".routed.golden": routed} {
		s := r.stream(t)
		s.options.filter.routes = rs
		if err := r.replay(t, s); err != nil {
			t.Fatal(err)
		}
		b, err := s.take(t.Context(), nil, false)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, r.path+end, text(b))
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *updateGolden {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (go test -update writes it again):\n%s", path, got)
	}
}

// Handing batches over inside a transaction, after whichever event, changes
// neither the records of a partition nor which is the last, whether those that
// are carried on stay in memory or wait in a file.
func TestHandOverInsideATransaction(t *testing.T) {
	t.Parallel()
	eachRecording(t, func(t *testing.T, r recording) { testHandOverInsideATransaction(t, r, spillFrom) })
	eachRecording(t, func(t *testing.T, r recording) { testHandOverInsideATransaction(t, r, 1) })
}

func testHandOverInsideATransaction(t *testing.T, r recording, spillFrom int) {
	whole := r.stream(t)
	whole.options.marks = newTransactionMarks(newTopic("transaction", 1), false)
	if err := r.replay(t, whole); err != nil {
		t.Fatal(err)
	}
	want := text(whole.cur)
	cut := r.stream(t)
	cut.options.marks = newTransactionMarks(newTopic("transaction", 1), false)
	cut.options.spillFrom = spillFrom
	spilled := 0
	var got []string
	err := r.replay(t, handler(func(e *replication.BinlogEvent) error {
		err := cut.HandleEvent(e)
		if len(cut.cur.records) > 0 {
			b := cut.swap()
			got = append(got, text(b))
			for _, one := range b.records {
				if one.away != nil {
					spilled++
				}
			}
			b.reset()
			cut.spare = b
		}
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, text(cut.cur))
	cut.cur.reset()
	for _, one := range cut.spills {
		if !one.closed {
			t.Error("the file of a transaction that is over is open")
		}
	}
	if (spilled > 0) != (spillFrom == 1) {
		t.Errorf("%d records waited in a file, from %d bytes on", spilled, spillFrom)
	}
	lines := func(s string) []string { return strings.Split(strings.ReplaceAll(s, "\n\t", " "), "\n") }
	g, w := map[string][]string{}, map[string][]string{}
	for _, one := range []struct {
		to   map[string][]string
		text string
	}{{g, strings.Join(got, "")}, {w, want}} {
		for _, l := range lines(one.text) {
			if place, _, _ := strings.Cut(l, " "); place != "position" && place != "" {
				one.to[place] = append(one.to[place], l)
			}
		}
	}
	for place, records := range w {
		if strings.Join(g[place], "\n") != strings.Join(records, "\n") {
			t.Errorf("partition %s: got\n%s\nwant\n%s", place, strings.Join(g[place], "\n"), strings.Join(records, "\n"))
		}
	}
	if len(g) != len(w) || len(got) < 5 {
		t.Errorf("got %d partitions in %d batches, want %d", len(g), len(got), len(w))
	}
}

type handler func(*replication.BinlogEvent) error

func (h handler) HandleEvent(e *replication.BinlogEvent) error { return h(e) }

// A fingerprint does not depend on what is captured.
func TestFingerprintIsOfTheTransaction(t *testing.T) {
	t.Parallel()
	eachRecording(t, testFingerprintIsOfTheTransaction)
}

func testFingerprintIsOfTheTransaction(t *testing.T, r recording) {
	sums := func(f filter) map[string]string {
		m := map[string]string{}
		s := r.stream(t)
		s.options.filter = f
		s.options.onCommit = func(gtid string, f *fingerprint) error {
			m[gtid] = f.String()
			return nil
		}
		if err := r.replay(t, s); err != nil {
			t.Fatal(err)
		}
		return m
	}
	all, none := sums(filter{include: []string{"shop.*"}}), sums(filter{})
	distinct := map[string]bool{}
	for gtid, sum := range all {
		distinct[sum] = true
		if none[gtid] != sum {
			t.Errorf("%s: got %s and %s", gtid, sum, none[gtid])
		}
	}
	if len(all) < 8 || len(distinct) != len(all) {
		t.Errorf("got %d transactions with %d fingerprints", len(all), len(distinct))
	}
}

// FuzzHandleEvent changes one event of a recorded story: the stream may stop,
// but not panic, and what it publishes stays JSON.
func FuzzHandleEvent(f *testing.F) {
	recordings := allRecordings()
	events := make([][]*replication.BinlogEvent, len(recordings))
	for i, r := range recordings {
		err := r.replay(f, handler(func(e *replication.BinlogEvent) error {
			events[i] = append(events[i], e)
			return nil
		}))
		if err != nil {
			f.Fatal(err)
		}
		for j := range events[i] {
			f.Add(byte(i), j, 3, byte(0xff))
		}
	}
	f.Fuzz(func(t *testing.T, recorded byte, which, at int, with byte) {
		story := int(recorded) % len(recordings)
		s := recordings[story].stream(t)
		for i, e := range events[story] {
			if i == which {
				e = damaged(e, at, with)
			}
			if err := s.HandleEvent(e); err != nil {
				break
			}
		}
		for _, r := range s.cur.records {
			if !r.tombstone && r.topic.name != "schemas" && !json.Valid(r.value.in(s.cur.buf)) {
				t.Errorf("published %s", r.value.in(s.cur.buf))
			}
		}
	})
}

// damaged is an event with one byte behind the header changed.
func damaged(e *replication.BinlogEvent, at int, with byte) *replication.BinlogEvent {
	g, ok := e.Event.(*replication.GenericEvent)
	if !ok || at < 0 || at >= len(g.Data) {
		return e
	}
	data := bytes.Clone(g.Data)
	data[at] ^= with
	raw := append(bytes.Clone(e.RawData[:replication.EventHeaderSize]), data...)
	d := &replication.BinlogEvent{Header: e.Header, Event: &replication.GenericEvent{Data: data}, RawData: append(raw, e.RawData[len(raw):]...)}
	signed(d)
	return d
}

// signed gives an event that was changed the checksum of what it is now.
func signed(e *replication.BinlogEvent) {
	end := len(e.RawData) - checksumLen
	if data := e.Event.(*replication.GenericEvent).Data; end == replication.EventHeaderSize+len(data) {
		binary.LittleEndian.PutUint32(e.RawData[end:], crc32.ChecksumIEEE(e.RawData[:end]))
	}
}

// BenchmarkStream is the way from raw events to records ready for Kafka, in
// single-row transactions: six events a row, its comment among them.
func BenchmarkStream(b *testing.B) {
	r := mysqlStory()
	s := r.stream(b)
	var update []*replication.BinlogEvent
	n := 0
	err := r.replay(b, handler(func(e *replication.BinlogEvent) error {
		if e.Header.EventType == replication.GTID_EVENT {
			n++
		}
		if n == 4 { // The first update.
			update = append(update, e)
		}
		return s.HandleEvent(e)
	}))
	if err != nil {
		b.Fatal(err)
	}
	done := s.swap()
	s.spare = done
	gno := update[0].Event.(*replication.GenericEvent).Data[17:]
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		binary.LittleEndian.PutUint64(gno, uint64(1000+i))
		signed(update[0])
		for _, e := range update {
			if err := s.HandleEvent(e); err != nil {
				b.Fatal(err)
			}
		}
		if len(s.cur.buf) > 4<<20 { // As much as a batch holds.
			done, _ = s.take(context.Background(), done, false)
		}
	}
}

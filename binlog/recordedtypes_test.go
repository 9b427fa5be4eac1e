package binlog

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-mysql-org/go-mysql/replication"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/schemas/change"
)

// typesRecording is the binlog of the types table's changes on one server, with
// what SELECT and the server's catalogue said of it.
func typesRecording(flavor mysqlserver.Flavor) recording {
	return recording{servers: mysqltest.Servers{Flavor: flavor}, path: "testdata/types." + string(flavor)}
}

// typesFacts is what was recorded beside the binlog.
type typesFacts struct {
	Rows selected
	// Collations are by id: character set and its longest character in bytes.
	Collations map[uint64]typesCollation
}

type typesCollation struct {
	Charset string
	MaxLen  int
}

// recordTypes runs the changes on a real server.
func (r recording) recordTypes(t *testing.T) {
	t.Helper()
	h := &harness{mysql: r.servers.Start(t)}
	h.db = mysqltest.DB(t, h.mysql, "shop")
	h.o.DSN = h.mysql.DSN("")
	columns := typesOf(r.servers.Flavor)
	create, changes, _ := typesStatements(columns)
	h.exec(t, append([]string{forget(t, r.servers), create}, changes...)...)
	facts := typesFacts{Rows: selectTypes(t, h.mysql, columns), Collations: map[uint64]typesCollation{}}
	cs, err := h.server(t).collations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for id, c := range cs {
		facts.Collations[id] = typesCollation{c.name, c.maxLen}
	}
	h.exec(t, "FLUSH BINARY LOGS")
	r.keep(t, h.db)
	j, err := json.MarshalIndent(facts, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path+".json", append(j, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// facts reads what was recorded beside the binlog.
func (r recording) facts(tb testing.TB) (f typesFacts, cs collations) {
	tb.Helper()
	j, err := os.ReadFile(filepath.Clean(r.path + ".json"))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(j, &f); err != nil {
		tb.Fatal(err)
	}
	cs = collations{}
	for id, c := range f.Collations {
		cs[id] = characterSet{name: c.Charset, maxLen: c.MaxLen}
	}
	return f, cs
}

// typesStream is a stream of the recording, which writes values as e says.
func (r recording) typesStream(tb testing.TB, e encoding) *stream {
	tb.Helper()
	s := r.stream(tb)
	_, s.options.colls = r.facts(tb)
	s.options.encoding = e
	types := map[string]string{}
	for _, c := range typesOf(r.servers.Flavor) {
		types[c.name] = c.ddl
	}
	s.options.complete = func(d *tableDef) error {
		for i := range d.columns {
			c := &d.columns[i]
			if c.fixedBinary() && binaryTypes[types[c.name]] == c.length {
				c.sqlType = types[c.name]
			}
		}
		return nil
	}
	return s
}

// envelopes are the changes in a stream's batch.
func envelopes(tb testing.TB, s *stream) []change.Envelope {
	tb.Helper()
	var all []change.Envelope
	for _, r := range s.cur.records {
		if r.tombstone || r.topic.name == "schemas" {
			continue
		}
		e, err := change.Parse(r.value.in(s.cur.buf))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// eachTypesRecording runs a test on the recording of each server.
func eachTypesRecording(t *testing.T, test func(*testing.T, recording)) {
	t.Helper()
	for _, flavor := range []mysqlserver.Flavor{mysqlserver.MySQL, mysqlserver.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) { test(t, typesRecording(flavor)) })
	}
}

// What was recorded is decoded to what SELECT said of it, without a server.
func TestRecordedTypes(t *testing.T) {
	eachTypesRecording(t, testRecordedTypes)
}

func testRecordedTypes(t *testing.T, r recording) {
	if *recordAgain {
		r.recordTypes(t)
	}
	f, _ := r.facts(t)
	s := r.typesStream(t, encoding{})
	if err := r.replay(t, s); err != nil {
		t.Fatal(err)
	}
	columns, images := typesOf(r.servers.Flavor), 0
	for _, e := range envelopes(t, s) {
		for _, image := range []json.RawMessage{e.Before, e.After} {
			compareTypes(t, columns, image, f.Rows)
			images++
		}
	}
	if want := 4 * len(f.Rows); images != want || len(f.Rows) < 10 {
		t.Errorf("compared %d images of %d rows, want %d", images, len(f.Rows), want)
	}
}

// Once warm, a row with every type takes no memory, in either profile.
func TestRecordedTypesAllocateNothing(t *testing.T) {
	eachTypesRecording(t, func(t *testing.T, r recording) {
		for _, profile := range []string{typesLossless, typesDebezium} {
			s := r.typesStream(t, encodingOf(t, profile, TypeOptions{}))
			var rows [][]byte
			err := r.replay(t, handler(func(e *replication.BinlogEvent) error {
				if g, ok := e.Event.(*replication.GenericEvent); ok && len(g.Data) > 10 {
					if op, v2 := rowsOp(e.Header.EventType); op == change.Create && v2 {
						rows = append(rows, g.Data[10:])
					} else if op == change.Create {
						rows = append(rows, g.Data[8:])
					}
				}
				return s.HandleEvent(e)
			}))
			if err != nil {
				t.Fatal(err)
			}
			p := s.cache[onlyKey(s.cache)].plan
			width, n := lengthEncoded(rows[0])
			bitmap := bitmapLen(int(width))
			img, dst := image{key: make([]span, len(p.key))}, make([]byte, 0, 1<<20)
			allocs := testing.AllocsPerRun(3, func() {
				for _, row := range rows {
					if _, _, err := p.appendImage(dst, row[n+bitmap:], row[n:n+bitmap], &img); err != nil {
						t.Fatal(err)
					}
				}
			})
			if allocs != 0 || len(rows) < 10 {
				t.Errorf("%s: %d rows take %v allocations, want none", profile, len(rows), allocs)
			}
		}
	})
}

func onlyKey(m map[string]*table) string {
	for key := range m {
		return key
	}
	return ""
}

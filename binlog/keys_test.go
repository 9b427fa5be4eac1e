package binlog

import (
	"slices"
	"strings"
	"testing"

	"telltale/internal/mysqlserver/mysqltest"
	"telltale/schemas/change"
)

// keyShapes are tables by what identifies their rows, each with a row and the
// key that its record has.
var keyShapes = []struct{ table, ddl, values, key, topic string }{
	{"composite", "b int, a varchar(10), PRIMARY KEY (a, b)", "7, 'x'", `{"a":"x","b":7}`, "composite"},
	{"collated", "k varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY", "'Ünï ' ", `{"k":"Ünï "}`, "collated"},
	{"latin", "k char(5) CHARACTER SET latin1 PRIMARY KEY", "'é'", `{"k":"é"}`, "latin"},
	{"bytes", "k binary(4) PRIMARY KEY", "x'ff00'", `{"k":"/wAAAA=="}`, "bytes"},
	{"prefixed", "k text, PRIMARY KEY (k(2))", "'abcdef'", `{"k":"abcdef"}`, "prefixed"},
	{"times", "k datetime(3), d decimal(6,2), PRIMARY KEY (d, k)", "'2024-01-02 03:04:05.678', 1.5", `{"d":"1.50","k":"2024-01-02T03:04:05.678"}`, "times"},
	{"uniquely", "a int NOT NULL, b int, c int NOT NULL, UNIQUE (b), UNIQUE x (c, a), UNIQUE y (a)", "1, 2, 3", `{"c":3,"a":1}`, "uniquely"},
	{"nullable", "a int UNIQUE, b int", "1, 2", "", "nullable"},
	{"part", "a varchar(9) NOT NULL, UNIQUE (a(3))", "'abcd'", "", "part"},
	{"asked", "id int PRIMARY KEY, b int, a varchar(9)", "1, 2, NULL", `{"a":null,"b":2}`, "asked"},
	{"none", "a int", "1", "", "none"},
	{"select", "`order` int PRIMARY KEY, `group by` int", "1, 2", `{"order":1}`, "select"},
	{"with space", "`a b` int PRIMARY KEY", "1", `{"a b":1}`, "with_space"},
	{"dot.ted", "`a.b` int PRIMARY KEY", "1", `{"a.b":1}`, "dot.ted"},
	{`q"uo'te`, "`a\"'``b` int PRIMARY KEY", "1", "{\"a\\\"'`b\":1}", "q_uo_te"},
	{"größe€", "`schlüssel` int PRIMARY KEY", "1", `{"schlüssel":1}`, "gr__e_"},
}

// A record's key follows the table's, the topic's name the table's name, and a
// table without a key keeps its order in one partition.
func TestKeyShapes(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testKeyShapes)
}

func testKeyShapes(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	for _, k := range keyShapes {
		h.exec(t, "CREATE TABLE "+quoteName(k.table)+" ("+k.ddl+") CHARACTER SET utf8mb4")
	}
	h.o.MessageKeys = []MessageKey{{Table: "shop.asked", Columns: []string{"a", "b"}}}
	h.start(t)
	for _, k := range keyShapes {
		h.exec(t, "INSERT INTO "+quoteName(k.table)+" VALUES ("+k.values+")", "DELETE FROM "+quoteName(k.table))
	}
	h.exec(t, "INSERT INTO none VALUES (1), (2), (3)", "UPDATE none SET a = a + 1")
	h.published(t)
	for _, k := range keyShapes {
		want := 3 // The insert, the delete and its tombstone.
		if k.table == "none" {
			want += 6
		}
		partitions := map[int32]bool{}
		for _, r := range h.topic(t, "shop.shop."+k.topic, want) {
			partitions[r.TopicPartition.Partition] = true
			if string(r.Key) != k.key || (r.Key == nil) != (k.key == "") {
				t.Errorf("table %s: got key %q, want %q", k.table, r.Key, k.key)
			}
			if r.Value != nil && r.Source.Table != k.table {
				t.Errorf("got table %s, want %s", r.Source.Table, k.table)
			}
		}
		if len(partitions) != 1 {
			t.Errorf("table %s: the records are in the partitions %v", k.table, partitions)
		}
	}
	// The information schema leads to the same keys as the binlog.
	byTable := map[string]int{}
	for _, s := range h.shapes(t) {
		byTable[s.Table]++
	}
	for table, n := range byTable {
		if n != 1 {
			t.Errorf("table %s has %d shapes", table, n)
		}
	}
	if len(byTable) != len(keyShapes) {
		t.Errorf("got the shapes of %d tables, want %d", len(byTable), len(keyShapes))
	}
	h.mustStop(t)
}

// Two tables that would share a topic are named, at the start and later.
func TestTopicsAreOfOneTable(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.exec(t, "CREATE TABLE `a b` (id int PRIMARY KEY)")
	ended := h.start(t)
	h.exec(t, "INSERT INTO `a b` VALUES (1)", "CREATE TABLE `a-b` (id int PRIMARY KEY)", "INSERT INTO `a-b` VALUES (1)",
		"CREATE TABLE `a_b` (id int PRIMARY KEY)", "INSERT INTO `a_b` VALUES (1)")
	const want = "table shop.a_b has the topic shop.shop.a_b, and so has table shop.a b: rename one"
	if err := <-ended; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q in it", err, want)
	}
	err := Check(t.Context(), h.o)
	if err == nil || !strings.Contains(err.Error(), "and so has table shop.a") {
		t.Errorf("got %v, want both tables named", err)
	}
}

func TestTopicNames(t *testing.T) {
	t.Parallel()
	names := topicNames{}
	p := &plan{shape: change.Shape{DB: strings.Repeat("d", 64), Table: strings.Repeat("t", 64)}}
	if err := names.take("shop", p); err != nil {
		t.Error(err)
	}
	if err := names.take(strings.Repeat("s", 200), p); err == nil {
		t.Error("a name of more than 249 characters was taken")
	}
}

// The key is the primary one or the first that is one to the server.
func TestKeyOf(t *testing.T) {
	t.Parallel()
	d := tableDef{columns: []columnDef{{name: "a"}, {name: "b"}, {name: "c"}}}
	part := func(index, column string) indexPart { return indexPart{index: index, column: column, unique: true} }
	null, prefixed, plain := part("u", "b"), part("u", "b"), part("i", "a")
	null.null, prefixed.prefix, plain.unique = true, 3, false
	long := part("PRIMARY", "c")
	long.prefix = 5
	for _, tt := range []struct {
		name  string
		parts []indexPart
		want  []keyPart
	}{
		{"none", nil, nil},
		{"primary", []indexPart{part("PRIMARY", "b"), part("PRIMARY", "a"), part("u", "c")}, []keyPart{{column: 1}, {column: 0}}},
		{"primary over a prefix", []indexPart{long}, []keyPart{{column: 2, prefix: 5}}},
		{"null", []indexPart{part("u", "a"), null, part("v", "c")}, []keyPart{{column: 2}}},
		{"prefix", []indexPart{prefixed, part("v", "c")}, []keyPart{{column: 2}}},
		{"not unique", []indexPart{plain, part("v", "c")}, []keyPart{{column: 2}}},
		{"expression", []indexPart{part("e", ""), part("v", "c")}, []keyPart{{column: 2}}},
	} {
		if got := d.keyOf(tt.parts); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

package translator

import (
	"fmt"
	"strings"
	"testing"

	"telltale/schemas/change"
)

// everything is a table with a column of each kind of type.
var everything = change.Shape{
	DB: "db", Table: "t", PrimaryKey: []string{"id"},
	Columns: []change.Column{
		{Name: "id", Type: "bigint unsigned"},
		{Name: "small", Type: "smallint"},
		{Name: "small_null", Type: "int unsigned", Nullable: true},
		{Name: "big_null", Type: "bigint unsigned", Nullable: true},
		{Name: "ratio", Type: "double", Nullable: true},
		{Name: "name", Type: "varchar(100)", Charset: "utf8mb4"},
		{Name: "phone", Type: "varchar(32)", Nullable: true, Charset: "utf8mb4"},
		{Name: "price", Type: "decimal(12,2)"},
		{Name: "price_null", Type: "decimal(12,2)", Nullable: true},
		{Name: "day", Type: "date", Nullable: true},
		{Name: "created", Type: "datetime(6)"},
		{Name: "updated", Type: "timestamp(3)", Nullable: true},
		{Name: "opens", Type: "time(2)", Nullable: true},
		{Name: "born", Type: "year"},
		{Name: "state", Type: "enum('new','paid')"},
		{Name: "tags", Type: "set('a','b')"},
		{Name: "tags_null", Type: "set('a','b')", Nullable: true},
		{Name: "active", Type: "bit(1)"},
		{Name: "active_null", Type: "bit(1)", Nullable: true},
		{Name: "token", Type: "binary(4)", Nullable: true},
		{Name: "extra", Type: "json", Nullable: true},
		{Name: "place", Type: "geometry", Nullable: true},
	},
}.WithID()

// ruleText is a file with one rule on db.t. parts are whole lines of the rule.
func ruleText(key, op string, parts ...string) string {
	text := fmt.Sprintf("aggregate: thing\nkey: %s\nevents:\n  - type: ThingHappened\n    doc: It happened.\n    on: {table: db.t, op: %s}\n", key, op)
	for _, p := range parts {
		text += "    " + p + "\n"
	}
	return text
}

// compileText compiles rule files against everything.
func compileText(texts ...string) (*translator, error) {
	set := &ruleSet{}
	for _, text := range texts {
		f, err := parseRules("f.yaml", []byte(text))
		if err != nil {
			return nil, err
		}
		set.files = append(set.files, f)
	}
	t := newTranslator("shop", set)
	t.offline = true
	return t, t.learn(everything)
}

func TestCompileProblems(t *testing.T) {
	t.Parallel()
	update := func(parts ...string) string { return ruleText("row.id", "update", parts...) }
	const data = "data: {id: after.id}"
	const route = ". Where that is another table's key, route both to one aggregate in source.aggregates"
	const cel = `f.yaml:7: ThingHappened: `
	tests := []struct {
		name, text, want string
	}{
		{"unknown column", update("when: before.nmae != after.name", data), cel + "when: table db.t has no column nmae; did you mean name?"},
		{"unknown column, nothing near", update("data: {x: after.wombat}"), cel + "data.x: table db.t has no column wombat"},
		{"no before image", ruleText("row.id", "insert", "data: {x: before.id}"), cel + "data.x: insert has no before image: before.id"},
		{"no after image", ruleText("row.id", "delete", "data: {x: after.id}"), cel + "data.x: delete has no after image: after.id"},
		{"bare row", update("when: before != after", data), cel + "when: before stands alone; name one of its columns, for example before.id\n" + cel + "when: after stands alone; name one of its columns, for example after.id"},
		{"unreadable type", update("data: {x: after.place}"), cel + "data.x: column place of db.t is geometry, which rules cannot read yet"},
		{"unknown name", update("when: old.name != after.name", data), cel + `when: "old.name != after.name": undeclared reference to 'old' (in container '')`},
		{"syntax", update("when: after.name ==", data), cel + `when: "after.name ==": Syntax error: mismatched input '<EOF>' expecting`},
		{"not a bool", update("when: after.name", data), cel + `when: "after.name" is of type string, want a bool`},
		{"text and number", update("when: after.name == 5", data), cel + `when: "after.name == 5": found no matching overload for '_==_' applied to '(string, int)'`},
		{"unsigned literal", update("when: after.id == 5", data), cel + `when: "after.id == 5": found no matching overload for '_==_' applied to '(uint, int)'; BIGINT UNSIGNED is a uint, whose literals end in u: 5u`},
		{"decimal and double", update("when: after.price > 1.5", data), cel + `when: "after.price > 1.5": found no matching overload for '_>_' applied to '(mysql.decimal, double)'`},
		{"decimal and text", update("when: after.price == '1.50'", data), cel + `when: "after.price == '1.50'": found no matching overload for '_==_' applied to '(mysql.decimal, string)'`},
		{"decimal arithmetic", update("data: {x: after.price + before.price}"), cel + `data.x: "after.price + before.price": found no matching overload for '_+_' applied to '(mysql.decimal, mysql.decimal)'`},
		{"date and text", update("when: after.created > '2024-01-01'", data), cel + `when: "after.created > '2024-01-01'": found no matching overload for '_>_' applied to '(mysql.datetime, string)'`},
		{"time of no time", update("time: after.name", data), cel + `time: "after.name" is of type string, want a date or a timestamp`},
		{"sequence of no number", update("sequence: after.ratio", data), cel + `sequence: "after.ratio" is of type double or null, want a whole number or a text`},
		{"a type as data", update("data: {x: type(after.id)}"), cel + `data.x: "type(after.id)" is of type type(uint), want a value that JSON can hold`},
		{"json()", update("data: {x: json(after.extra)}"), cel + "data.x: json() (reading into a JSON column) is not built yet"},
		{"key of another column", ruleText("row.name", "update", data), `f.yaml:2: ThingHappened: key: it must be made of the primary key of db.t, which is ["id"], and of nothing else: the raw changes are ordered by that key; it reads ["name"]` + route},
		{"own key of another column", update("key: after.small", data), cel + `key: it must be made of the primary key of db.t, which is ["id"], and of nothing else: the raw changes are ordered by that key; it reads ["small"]` + route},
		{"ignored column", "ignore: [db.t.naem]\n" + update(data), "f.yaml:1: ignore: table db.t has no column naem; did you mean name?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := compileText(tt.text)
			if err == nil {
				t.Fatalf("no error, want %q", tt.want)
			}
			if got := err.Error(); got != tt.want && !(tt.name == "syntax" && strings.HasPrefix(got, tt.want)) {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestCompileReportsAFilesKeyOnce(t *testing.T) {
	t.Parallel()
	second := "  - type: ThingEnded\n    doc: It ended.\n    on: {table: db.t, op: update}\n    data: {id: after.id}\n"
	_, err := compileText(ruleText("row.idd", "update", "data: {id: after.id}") + second)
	if want := "f.yaml:2: ThingHappened: key: table db.t has no column idd; did you mean id?"; err == nil || err.Error() != want {
		t.Errorf("\ngot  %v\nwant %s", err, want)
	}
}

func TestCompileNeedsTheLosslessForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ encoding, format, want string }{
		{"debezium", "", `the values of table db.t are written as "debezium", and rules read the lossless form`},
		{"", "json-with-schema", `the changes of table db.t are written as "json-with-schema", and rules read plain JSON`},
	} {
		shape := everything
		shape.Encoding, shape.Format = tt.encoding, tt.format
		f, err := parseRules("f.yaml", []byte(ruleText("row.id", "update", "data: {id: after.id}")))
		if err != nil {
			t.Fatal(err)
		}
		_, err = compileTable(&ruleSet{files: []*ruleFile{f}}, shape, true)
		if want := "f.yaml:2: ThingHappened: on: " + tt.want; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("\ngot  %v\nwant %s", err, want)
		}
	}
}

func TestCompileNeedsAPrimaryKey(t *testing.T) {
	t.Parallel()
	shape := everything
	shape.PrimaryKey = nil
	f, err := parseRules("f.yaml", []byte(ruleText("row.id", "update", "data: {id: after.id}")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = compileTable(&ruleSet{files: []*ruleFile{f}}, shape, true)
	if want := "f.yaml:2: ThingHappened: key: table db.t has no primary key, so its changes have no order by key"; err == nil || err.Error() != want {
		t.Errorf("\ngot  %v\nwant %s", err, want)
	}
}

// A routed table is ordered by the column that it is routed by.
func TestCompileRoutedTable(t *testing.T) {
	t.Parallel()
	shape := everything
	shape.Aggregate, shape.KeyColumn = "owner", "small"
	for key, want := range map[string]string{
		"row.small": "",
		"row.id": "f.yaml:2: ThingHappened: key: it must be made of the column small of db.t, by which source.aggregates routes the table to owner, " +
			`and of nothing else: the raw changes are ordered by that column; it reads ["id"]`,
	} {
		f, err := parseRules("f.yaml", []byte(ruleText(key, "update", "data: {id: after.id}")))
		if err != nil {
			t.Fatal(err)
		}
		_, err = compileTable(&ruleSet{files: []*ruleFile{f}}, shape, true)
		if got := fmt.Sprint(err); got != want && !(want == "" && err == nil) {
			t.Errorf("key %s:\ngot  %s\nwant %s", key, got, want)
		}
	}
}

func TestCompileReadsOnlyNamedColumns(t *testing.T) {
	t.Parallel()
	tr, err := compileText(ruleText("row.id", "update", "when: before.name != after.name && has(after.phone)", "data: {id: after.id, old: before.name}"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range tr.tables[shapeID{"db.t", everything.ID}].slots {
		got = append(got, s.name)
	}
	if want := "name phone id"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

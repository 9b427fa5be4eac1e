package translator

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The rules that come with the project pass their own tests.
func TestProjectRules(t *testing.T) {
	t.Parallel()
	report, err := TestRules(rulesDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Diff != "" {
			t.Errorf("%s:%d: %s\n%s", r.File, r.Line, r.Name, r.Diff)
		}
	}
	if len(report.Results) < 8 || report.Failed() != 0 {
		t.Errorf("%d tests, %d failed, want at least 8 and none", len(report.Results), report.Failed())
	}
}

// writeRules writes a rule file, and the shape of db.t, to a new directory.
func writeRules(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "tables"), 0o755); err != nil {
		t.Fatal(err)
	}
	shape, err := json.Marshal(everything)
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{filepath.Join(dir, "thing.yaml"): text, shapePath(dir, "db.t"): string(shape)} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const renameRule = `aggregate: thing
key: row.id
events:
  - type: ThingRenamed
    doc: It has another name.
    on: {table: db.t, op: update}
    when: before.name != after.name
    time: after.created
    data: {id: after.id, name: after.name, price: after.price, at: after.updated, tags: after.tags, r: after.ratio}
tests:
`

func TestRulesDiffs(t *testing.T) {
	t.Parallel()
	const given = "  - name: t\n    given: [{update: db.t, before: {id: 1, name: a, price: 1.50, ratio: 1.5}, after: {name: b, updated: 2024-01-02 03:04:05, created: 2024-01-01T00:00:00}}]\n"
	const got = `ThingRenamed: {"at":"2024-01-02T03:04:05.000Z","id":1,"name":"b","price":"1.50","r":1.5,"tags":[]}`
	const full = `{id: 1, name: b, price: "1.50", at: "2024-01-02T03:04:05.000Z", tags: [], r: 1.50}`
	tests := []struct{ name, expect, want string }{
		{"as expected, in any order", "    expect: [{ThingRenamed: " + full + ", key: 1, time: 2024-01-01T00:00:00Z}]", ""},
		{"another value", "    expect:\n      - ThingRenamed: {id: 2}", `- ThingRenamed: {"id":2}` + "\n+ " + got},
		{"missing", "    expect: [{ThingRenamed: " + full + "}, {ThingRenamed: {id: 3}}]", "  " + got + "\n" + `- ThingRenamed: {"id":3}`},
		{"unexpected", "    expect: []", "+ " + got},
		{"another attribute", "    expect: [{ThingRenamed: " + full + ", key: 2}]", "- " + got + `, key: "2"` + "\n+ " + got + `, key: "1"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report, err := TestRules(writeRules(t, renameRule+given+tt.expect+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Results[0].Diff; got != tt.want {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestRulesProblems(t *testing.T) {
	t.Parallel()
	given := func(images string) string { return "  - name: t\n    given: [{update: db.t, " + images + "}]\n" }
	tests := []struct{ name, text, want string }{
		{"unknown column", given("before: {nmae: a}, after: {}"), "thing.yaml:12: given: table db.t has no column nmae; did you mean name?"},
		{"null where it cannot be", given("before: {name: null}, after: {}"), "thing.yaml:12: given: column name (varchar(100)): it cannot be null"},
		{"no number", given("before: {small: x}, after: {}"), `thing.yaml:12: given: column small (smallint): "x" is no value of it`},
		{"no date", given("before: {created: yesterday}, after: {}"), `thing.yaml:12: given: column created (datetime(6)): mysql.datetime "yesterday" is no point in time`},
		{"a list", given("before: {name: [a]}, after: {}"), "thing.yaml:12: given: column name (varchar(100)): want a single value"},
		{"another key", given("before: {id: 1}, after: {id: 2}"), `thing.yaml:12: given: an update of ["id"], by which the changes are ordered, arrives as two changes; write leave: db.t and arrive: db.t`},
		{"another table", "  - name: t\n    given: [{insert: db.u, after: {id: 1}}]\n", `thing.yaml:12: test "t": no rule names the table db.u`},
		{"another event", given("before: {}, after: {}") + "    expect: [{ThingRenmed: {id: 1}}]\n", `thing.yaml:13: test "t": no rule of this file makes ThingRenmed; did you mean ThingRenamed?`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := TestRules(writeRules(t, renameRule+tt.text))
			if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("\ngot  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestRulesWithoutShape(t *testing.T) {
	t.Parallel()
	dir := writeRules(t, renameRule+"  []\n")
	if err := os.Remove(shapePath(dir, "db.t")); err != nil {
		t.Fatal(err)
	}
	_, err := TestRules(dir)
	if want := "write them there with: telltale rules shapes " + dir; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want it to end in %q", err, want)
	}
	if _, err := TestRules(t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), "no rule file (*.yaml) in ") {
		t.Errorf("without files: got %v", err)
	}
}

package translator

import (
	"strings"
	"testing"
)

// header is a valid beginning of a rule file, four lines long.
const header = `aggregate: customer
key: row.id
events:
  - type: CustomerRegistered
`

func TestParseRulesProblems(t *testing.T) {
	t.Parallel()
	const body = "    doc: Someone opened an account.\n    on: {table: shop.customers, op: insert}\n    data: {id: after.id}\n"
	tests := []struct {
		name, text, want string
	}{
		{"no aggregate", "key: row.id\nevents: []\n", "f.yaml:1: aggregate is missing: the name of what the events are about, for example customer"},
		{"no key", "aggregate: customer\n", "f.yaml:1: key is missing: the aggregate's id, for example row.id"},
		{"no events", "aggregate: customer\nkey: row.id\n", "f.yaml:1: events is missing or empty"},
		{"not a mapping", "- a\n", "f.yaml:1: rule file: want a mapping of keys to values"},
		{"not YAML", "a: [\n", "f.yaml: yaml: line 1: did not find expected node content"},
		{"two documents", "a: 1\n---\nb: 2\n", "f.yaml:1: more than one YAML document"},
		{"bad aggregate", "aggregate: My Customer\n", `f.yaml:1: aggregate is "My Customer", which does not match ^[a-z][a-z0-9_-]*$`},
		{"misspelt key", "agregate: customer\n", `f.yaml:1: rule file has no key "agregate"; did you mean "aggregate"?`},
		{"unknown key", "colour: red\n", `f.yaml:1: rule file has no key "colour"; it has aggregate, events, ignore, key, tests, topic`},
		{"key twice", "aggregate: a\naggregate: b\n", `f.yaml:2: rule file has the key "aggregate" twice`},
		{"misspelt rule key", header + "    whn: true\n" + body, `f.yaml:5: CustomerRegistered: event has no key "whn"; did you mean "when"?`},
		{"no doc", header + "    on: {table: shop.customers, op: insert}\n    data: {id: after.id}\n", "f.yaml:4: CustomerRegistered: doc is missing: a sentence that says what the event means"},
		{"no on", header + "    doc: D.\n    data: {id: after.id}\n", "f.yaml:4: CustomerRegistered: on is missing, for example on: {table: shop.customers, op: update}"},
		{"no data", header + "    doc: D.\n    on: {table: shop.customers, op: insert}\n", "f.yaml:4: CustomerRegistered: data is missing: what the event tells, for example {id: after.id}"},
		{"unknown op", header + "    on: {table: shop.customers, op: upsert}\n", `f.yaml:5: CustomerRegistered: on.op is "upsert", want insert, update, delete, snapshot, leave or arrive`},
		{"no database", header + "    on: {table: customers, op: insert}\n", `f.yaml:5: CustomerRegistered: on.table is "customers", which does not match ^[^.]+\.[^.]+$`},
		{"transaction", header + "    on: {transaction: {order: {table: shop.orders, op: insert}}}\n", "f.yaml:5: CustomerRegistered: on.transaction (one event from several rows of a transaction) is not built yet"},
		{"version 0", header + "    version: 0\n", `f.yaml:5: CustomerRegistered: version is "0", want a whole number from 1`},
		{"nested data", header + "    data: {address: {city: after.city}}\n", "f.yaml:5: CustomerRegistered: want an expression, as one YAML text (quote it where it has a colon or braces)"},
		{"name taken", header + body + "  - type: CustomerRegistered\n" + body, `f.yaml:8: CustomerRegistered: the name "CustomerRegistered" is taken by the rule at line 4; give one of them another name`},
		{"bad ignore", "ignore: [updated_at]\n", `f.yaml:1: ignore "updated_at": want <database>.<table>.<column>`},
		{"test without images", "tests:\n  - name: t\n    given: [{update: shop.customers, after: {id: 1}}]\n", "f.yaml:3: given: before belongs to update, delete and leave, and to them alone; this is update"},
		{"test with an image too many", "tests:\n  - name: t\n    given: [{delete: shop.customers, before: {id: 1}, after: {id: 1}}]\n", "f.yaml:3: given: after belongs to insert, update, snapshot and arrive, and to them alone; this is delete"},
		{"test without a name", "tests:\n  - given: [{insert: shop.customers, after: {id: 1}}]\n", "f.yaml:2: test has no name"},
		{"two events in one item", "tests:\n  - name: t\n    expect: [{A: {id: 1}, B: {id: 1}}]\n", "f.yaml:3: expect: A and B in one item; begin each event with a dash"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseRules("f.yaml", []byte(tt.text))
			if err == nil {
				t.Fatalf("no error, want %q", tt.want)
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("\ngot  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestParseRulesVersionsShareAName(t *testing.T) {
	t.Parallel()
	const body = "    doc: D.\n    on: {table: shop.customers, op: insert}\n    data: {id: after.id}\n"
	f, err := parseRules("f.yaml", []byte(header+body+"  - type: CustomerRegistered\n    version: 2\n"+body))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range f.rules {
		names = append(names, r.eventName())
	}
	if got, want := strings.Join(names, " "), "CustomerRegistered CustomerRegistered.v2"; got != want {
		t.Errorf("names: got %q, want %q", got, want)
	}
	if got, want := f.topic, "events.customer"; got != want {
		t.Errorf("topic: got %q, want %q", got, want)
	}
}

package translator

import (
	"fmt"
	"slices"
	"testing"

	"telltale/schemas/change"
)

// A rule that asks with has() fits a shape from before the column as it fits the one
// that has it.
func TestMissingColumns(t *testing.T) {
	t.Parallel()
	older := everything
	older.ID = "older"
	older.Columns = slices.Clone(older.Columns)
	older.Columns = slices.DeleteFunc(older.Columns, func(c change.Column) bool { return c.Name == "phone" || c.Name == "name" })
	const changed = "when: has(after.phone) && before.phone != after.phone"
	tests := []struct {
		name         string
		rule         []string
		older, newer string // What comes of a change: the event's data, none, or what is wrong.
	}{
		{"given if there", []string{"data: {x: 'has(after.phone) ? after.phone : null'}"}, `{"x":null}`, `{"x":"2"}`},
		{"another value if not", []string{"data: {x: \"has(after.phone) ? after.phone : 'none'\"}"}, `{"x":"none"}`, `{"x":"2"}`},
		{"called only if there", []string{"data: {x: 'has(after.phone) && after.phone.size() == 1'}"}, `{"x":false}`, `{"x":true}`},
		{"one image asked for both", []string{changed, "data: {id: after.small}"}, "none", `{"id":7}`},
		{"asked in the condition", []string{"when: has(after.phone)", "data: {x: after.phone}"}, "none", `{"x":"2"}`},
		{"asked in other data", []string{"data: {x: 'has(after.phone)', y: after.phone}"}, "f.yaml:7: ThingHappened: data.y: table db.t has no column phone", `{"x":true,"y":"2"}`},
		{"not asked", []string{"when: before.phone != after.phone", "data: {id: after.small}"}, "f.yaml:7: ThingHappened: when: table db.t has no column phone", `{"id":7}`},
		{"two columns, one asked", []string{"when: has(after.phone) && after.name == ''", "data: {id: after.small}"}, "f.yaml:7: ThingHappened: when: table db.t has no column name", "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := parseRules("f.yaml", []byte(ruleText("row.id", "update", tt.rule...)))
			if err != nil {
				t.Fatal(err)
			}
			tr := newTranslator("shop", &ruleSet{files: []*ruleFile{f}})
			before, after := `{"id":1,"small":7,"name":"Bob","phone":"1"}`, `{"id":1,"small":7,"name":"Bob","phone":"2"}`
			if got := outcome(tr, everything, before, after); got != tt.newer {
				t.Errorf("the newer shape: got %s, want %s", got, tt.newer)
			}
			before, after = `{"id":1,"small":7}`, `{"id":1,"small":7}`
			if got := outcome(tr, older, before, after); got != tt.older {
				t.Errorf("the older shape: got %s, want %s", got, tt.older)
			}
		})
	}
}

// outcome is what comes of an update of a row with a shape.
func outcome(tr *translator, shape change.Shape, before, after string) string {
	if err := tr.learn(shape); err != nil {
		return err.Error()
	}
	c := testChange(change.Update, before, after)
	c.shape = shape.ID
	out, err := tr.translate([]rawChange{c})
	switch {
	case err != nil:
		return err.Error()
	case len(out) == 0:
		return "none"
	}
	return string(out[0].event.Data)
}

// Where there is one shape, a column that it lacks is a mistake even of has().
func TestMissingColumnOfTheOnlyShape(t *testing.T) {
	t.Parallel()
	_, err := compileText(ruleText("row.id", "update", "when: has(after.phon)", "data: {id: after.id}"))
	if got, want := fmt.Sprint(err), "f.yaml:7: ThingHappened: when: table db.t has no column phon; did you mean phone?"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

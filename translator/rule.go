package translator

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"telltale/schemas/change"
)

// ruleFile is one YAML file: the events of one aggregate.
type ruleFile struct {
	path      string
	aggregate string
	topic     string
	key       source
	rules     []*rule
	ignore    []columnName
	tests     []ruleTest
}

// rule makes events of one type from changes of one table.
type rule struct {
	file    *ruleFile
	at      int // The line where it begins.
	typ     string
	name    string // Unique in the file; the type unless given.
	version int
	doc     string
	table   string // "<db>.<table>".
	op      change.Op
	when    source // Empty text: always.
	key     source // Empty text: the file's.
	time    source // Empty text: the commit.
	seq     source // Empty text: none.
	data    []field
}

// field is one member of an event's data, in the file's order.
type field struct {
	name string
	expr source
}

// source is the text of an expression and the line that holds it.
type source struct {
	text string
	at   int
}

// columnName is "<db>.<table>.<column>" taken apart.
type columnName struct {
	table, column string
	at            int
}

// ruleTest is a test beside the rules: changes of one transaction in, events out.
type ruleTest struct {
	name   string
	at     int
	given  []givenChange
	expect []expectedEvent
}

type givenChange struct {
	op            change.Op
	table         string
	at            int
	before, after *yaml.Node // Mappings; nil where the file has none.
	context       map[string]string
}

// expectedEvent is compared in type and data, and in each attribute that is set.
type expectedEvent struct {
	typ        string
	data       *yaml.Node
	at         int
	attributes map[string]string
}

// The ops of an update that changes the key of a row's records: the row leaves
// the one key and arrives at the other. On the wire they are a delete and a
// create with a header; no row began or ended.
const (
	opLeave  change.Op = "leave"
	opArrive change.Op = "arrive"
)

// opWords are the words of `on.op` and of the keys in `given`.
var opWords = map[string]change.Op{
	"insert": change.Create, "update": change.Update, "delete": change.Delete, "snapshot": change.Read,
	"leave": opLeave, "arrive": opArrive,
}

// hasBefore and hasAfter say which images a change of an op has.
func hasBefore(op change.Op) bool {
	return op == change.Update || op == change.Delete || op == opLeave
}

func hasAfter(op change.Op) bool { return op != change.Delete && op != opLeave }

// opWord is the word of the rule language for an op.
func opWord(op change.Op) string {
	for word, o := range opWords {
		if o == op {
			return word
		}
	}
	return string(op)
}

// eventName is what the rule is called in event ids: its name and, above
// version 1, the version.
func (r *rule) eventName() string {
	if r.version == 1 {
		return r.name
	}
	return fmt.Sprintf("%s.v%d", r.name, r.version)
}

// keySource is the rule's own key, or else the file's.
func (r *rule) keySource() source {
	if r.key.text != "" {
		return r.key
	}
	return r.file.key
}

// problem reports something wrong in the rule at a line.
func (r *rule) problem(line int, format string, args ...any) *Problem {
	return &Problem{File: r.file.path, Line: line, Rule: r.name, What: fmt.Sprintf(format, args...)}
}

// problem reports something wrong in the file at a line.
func (f *ruleFile) problem(line int, format string, args ...any) *Problem {
	return &Problem{File: f.path, Line: line, What: fmt.Sprintf(format, args...)}
}

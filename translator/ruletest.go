package translator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"telltale/internal/nearest"
	"telltale/schemas/change"
)

// Report is the outcome of the tests beside the rules, in the files' order.
type Report struct {
	Results []TestResult
}

// TestResult is one test's outcome.
type TestResult struct {
	File string
	Line int
	Name string
	// Diff is empty for a test that passed. Otherwise each line is an event:
	// "-" begins one that was expected and did not come, "+" one that came
	// and was not expected, a space one that is as expected; or it is the
	// error that ended the test.
	Diff string
}

// Failed counts the tests that did not pass.
func (r Report) Failed() int {
	n := 0
	for _, t := range r.Results {
		if t.Diff != "" {
			n++
		}
	}
	return n
}

// TestRules runs the tests of every rule file in dir, against the table shapes
// in dir/tables, without Kafka or MySQL. Its error says why they could not be
// run; a test that fails is in the Report.
func TestRules(dir string) (Report, error) {
	t, err := offlineTranslator(dir)
	if err != nil {
		return Report{}, err
	}
	var report Report
	for _, f := range t.rules.files {
		if err := checkExpected(f); err != nil {
			return Report{}, err
		}
		for _, test := range f.tests {
			diff, err := t.runTest(f, test)
			if err != nil {
				return Report{}, err
			}
			report.Results = append(report.Results, TestResult{File: f.path, Line: test.at, Name: test.name, Diff: diff})
		}
	}
	return report, nil
}

// offlineTranslator compiles the rules of dir against the shapes in dir/tables.
func offlineTranslator(dir string) (*translator, error) {
	rules, err := loadRules(dir)
	if err != nil {
		return nil, err
	}
	t := newTranslator("test", rules)
	t.offline = true
	var problems []error
	for _, name := range rules.tables() {
		shape, err := readShape(dir, name)
		if err == nil {
			err = t.learn(shape)
		}
		problems = append(problems, err)
	}
	return t, errors.Join(problems...)
}

// shapePath is where the shape of a table lies for tests without servers.
func shapePath(dir, table string) string { return filepath.Join(dir, "tables", table+".json") }

func readShape(dir, table string) (change.Shape, error) {
	path := shapePath(dir, table)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return change.Shape{}, fmt.Errorf(
			"the rules name table %s, whose columns are not in %s; with the reader running, write them there with: telltale rules shapes %s",
			table, path, dir)
	}
	if err != nil {
		return change.Shape{}, fmt.Errorf("read the shape of table %s: %w", table, err)
	}
	shape, err := change.ParseShape(text)
	if err != nil {
		return change.Shape{}, fmt.Errorf("%s: %w", path, err)
	}
	if got := shape.DB + "." + shape.Table; got != table {
		return change.Shape{}, fmt.Errorf("%s holds the shape of %s, not of %s", path, got, table)
	}
	return shape, nil
}

// checkExpected refuses an expected event that no rule of the file makes.
func checkExpected(f *ruleFile) error {
	var types []string
	for _, r := range f.rules {
		types = append(types, r.typ)
	}
	var problems Problems
	for _, test := range f.tests {
		for _, e := range test.expect {
			if slices.Contains(types, e.typ) {
				continue
			}
			text := fmt.Sprintf("test %q: no rule of this file makes %s", test.name, e.typ)
			if near := nearest.Of(e.typ, types); near != "" {
				text += "; did you mean " + near + "?"
			}
			problems = append(problems, f.problem(e.at, "%s", text))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// runTest runs one test and returns how its events differ from those expected.
func (t *translator) runTest(f *ruleFile, test ruleTest) (diff string, err error) {
	changes, err := t.givenChanges(f, test)
	if err != nil {
		return "", err
	}
	var got []outgoing
	for _, group := range byKey(changes) {
		out, err := t.translate(group)
		if err != nil {
			return "error: " + err.Error(), nil // It fails the test, not the run.
		}
		got = append(got, out...)
	}
	return diffEvents(f, test.expect, got)
}

package translator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"telltale/schemas/event"
)

// ruleSet is every rule file of a directory, in the order of the file names.
type ruleSet struct {
	dir   string
	files []*ruleFile
}

// loadRules reads every *.yaml of dir. Its error joins a Problem for each thing
// that is wrong.
func loadRules(dir string) (*ruleSet, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list the rules in %s: %w", dir, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no rule file (*.yaml) in %s", dir)
	}
	set := &ruleSet{dir: dir}
	var problems []error
	byAggregate := make(map[string]string)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		f, err := parseRules(path, text)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if other, ok := byAggregate[f.aggregate]; ok {
			problems = append(problems, f.problem(1, "aggregate %q has its rules in %s already; one file an aggregate", f.aggregate, other))
		}
		byAggregate[f.aggregate] = path
		set.files = append(set.files, f)
	}
	return set, errors.Join(problems...)
}

// tables are the tables that the rules name, sorted.
func (s *ruleSet) tables() []string {
	var names []string
	for _, f := range s.files {
		for _, r := range f.rules {
			names = append(names, r.table)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// topics are the topics that the rules write, sorted.
func (s *ruleSet) topics() []string {
	var names []string
	for _, f := range s.files {
		names = append(names, f.topic)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// parseRules reads one rule file. path appears in errors alone.
func parseRules(path string, text []byte) (*ruleFile, error) {
	f := &ruleFile{path: path}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, f.problem(1, "more than one YAML document")
	}
	p := parser{file: f}
	if err := p.parseFile(doc.Content[0]); err != nil {
		return nil, err
	}
	return f, nil
}

// parser reads the nodes of one file into its ruleFile.
type parser struct {
	file *ruleFile
	rule string // The rule that is being read, for errors.
}

func (p *parser) problem(n *yaml.Node, format string, args ...any) error {
	return &Problem{File: p.file.path, Line: n.Line, Rule: p.rule, What: fmt.Sprintf(format, args...)}
}

func (p *parser) parseFile(n *yaml.Node) error {
	f := p.file
	err := p.mapping(n, "rule file", fields{
		"aggregate": p.word(&f.aggregate, aggregateName, "aggregate"),
		"topic":     p.word(&f.topic, topicName, "topic"),
		"key":       p.expression(&f.key),
		"events":    p.list("events", p.parseRule),
		"ignore":    p.list("ignore", p.parseIgnore),
		"tests":     p.list("tests", p.parseTest),
	})
	if err != nil {
		return err
	}
	switch {
	case f.aggregate == "":
		return p.problem(n, "aggregate is missing: the name of what the events are about, for example customer")
	case f.key.text == "":
		return p.problem(n, "key is missing: the aggregate's id, for example row.id")
	case len(f.rules) == 0:
		return p.problem(n, "events is missing or empty")
	}
	if f.topic == "" {
		f.topic = event.Topic(f.aggregate)
	}
	return nil
}

var (
	aggregateName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	topicName     = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)
	typeName      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	tableName     = regexp.MustCompile(`^[^.]+\.[^.]+$`)
)

func (p *parser) parseRule(n *yaml.Node) error {
	r := &rule{file: p.file, at: n.Line, version: 1}
	p.rule = ruleLabel(n)
	defer func() { p.rule = "" }()
	err := p.mapping(n, "event", fields{
		"type":     p.word(&r.typ, typeName, "type"),
		"name":     p.word(&r.name, typeName, "name"),
		"version":  p.version(&r.version),
		"doc":      p.text(&r.doc, "doc"),
		"on":       func(n *yaml.Node) error { return p.parseOn(r, n) },
		"when":     p.expression(&r.when),
		"key":      p.expression(&r.key),
		"time":     p.expression(&r.time),
		"sequence": p.expression(&r.seq),
		"data":     func(n *yaml.Node) error { return p.parseData(r, n) },
	})
	if err != nil {
		return err
	}
	if r.name == "" {
		r.name = r.typ
	}
	return p.addRule(r, n)
}

// addRule checks what a rule must have and that its name is free.
func (p *parser) addRule(r *rule, n *yaml.Node) error {
	switch {
	case r.typ == "":
		return p.problem(n, "type is missing: what happened, for example CustomerRegistered")
	case strings.TrimSpace(r.doc) == "":
		return p.problem(n, "doc is missing: a sentence that says what the event means")
	case r.table == "":
		return p.problem(n, "on is missing, for example on: {table: shop.customers, op: update}")
	case len(r.data) == 0:
		return p.problem(n, "data is missing: what the event tells, for example {id: after.id}")
	}
	for _, other := range p.file.rules {
		if other.name == r.name && other.version == r.version {
			return p.problem(n, "the name %q is taken by the rule at line %d; give one of them another name", r.name, other.at)
		}
	}
	p.file.rules = append(p.file.rules, r)
	return nil
}

// ruleLabel is the name by which errors inside a rule call it.
func ruleLabel(n *yaml.Node) string {
	label := ""
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		switch k, v := n.Content[i].Value, n.Content[i+1].Value; {
		case k == "name":
			return v
		case k == "type":
			label = v
		}
	}
	return label
}

func (p *parser) parseOn(r *rule, n *yaml.Node) error {
	var op string
	err := p.mapping(n, "on", fields{
		"table": p.word(&r.table, tableName, "on.table"),
		"op":    p.text(&op, "on.op"),
		"transaction": func(n *yaml.Node) error {
			return p.problem(n, "on.transaction (one event from several rows of a transaction) is not built yet")
		},
	})
	if err != nil {
		return err
	}
	known, ok := opWords[op]
	if !ok {
		return p.problem(n, "on.op is %q, want insert, update, delete, snapshot, leave or arrive", op)
	}
	if r.table == "" {
		return p.problem(n, "on.table is missing, for example shop.customers")
	}
	r.op = known
	return nil
}

func (p *parser) parseData(r *rule, n *yaml.Node) error {
	return p.pairs(n, "data", func(k, v *yaml.Node) error {
		f := field{name: k.Value}
		if err := p.expression(&f.expr)(v); err != nil {
			return err
		}
		r.data = append(r.data, f)
		return nil
	})
}

func (p *parser) parseIgnore(n *yaml.Node) error {
	i := strings.LastIndexByte(n.Value, '.')
	if n.Kind != yaml.ScalarNode || i < 0 || !tableName.MatchString(n.Value[:i]) {
		return p.problem(n, "ignore %q: want <database>.<table>.<column>", n.Value)
	}
	p.file.ignore = append(p.file.ignore, columnName{table: n.Value[:i], column: n.Value[i+1:], at: n.Line})
	return nil
}

func (p *parser) version(to *int) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		v, err := strconv.Atoi(n.Value)
		if err != nil || v < 1 {
			return p.problem(n, "version is %q, want a whole number from 1", n.Value)
		}
		*to = v
		return nil
	}
}

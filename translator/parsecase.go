package translator

import (
	"go.yaml.in/yaml/v3"

	"telltale/schemas/change"
)

func (p *parser) parseTest(n *yaml.Node) error {
	t := ruleTest{at: n.Line}
	err := p.mapping(n, "test", fields{
		"name": p.text(&t.name, "name"),
		"given": p.list("given", func(n *yaml.Node) error {
			g, err := p.parseGiven(n)
			t.given = append(t.given, g)
			return err
		}),
		"expect": p.list("expect", func(n *yaml.Node) error {
			e, err := p.parseExpected(n)
			t.expect = append(t.expect, e)
			return err
		}),
	})
	if err != nil {
		return err
	}
	switch {
	case t.name == "":
		return p.problem(n, "test has no name")
	case len(t.given) == 0:
		return p.problem(n, "test %q: given is missing or empty", t.name)
	}
	p.file.tests = append(p.file.tests, t)
	return nil
}

// parseGiven reads one change: `update: shop.customers` with its images.
func (p *parser) parseGiven(n *yaml.Node) (givenChange, error) {
	g := givenChange{at: n.Line}
	known := fields{
		"before":  image(&g.before),
		"after":   image(&g.after),
		"context": func(n *yaml.Node) error { return p.parseContext(&g, n) },
	}
	for word, op := range opWords {
		known[word] = func(n *yaml.Node) error {
			if g.table != "" {
				return p.problem(n, "given: one of insert, update, delete, snapshot, leave and arrive, not two")
			}
			g.op = op
			return p.word(&g.table, tableName, word)(n)
		}
	}
	if err := p.mapping(n, "given", known); err != nil {
		return g, err
	}
	switch {
	case g.table == "":
		return g, p.problem(n, "given: one of insert, update, delete, snapshot, leave and arrive is missing, for example update: shop.customers")
	case (g.before != nil) != hasBefore(g.op):
		return g, p.problem(n, "given: before belongs to update, delete and leave, and to them alone; this is %s", opWord(g.op))
	case (g.after != nil) != hasAfter(g.op):
		return g, p.problem(n, "given: after belongs to insert, update, snapshot and arrive, and to them alone; this is %s", opWord(g.op))
	}
	return g, nil
}

func image(to **yaml.Node) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		*to = n
		return nil
	}
}

func (p *parser) parseContext(g *givenChange, n *yaml.Node) error {
	var actor, request, trace string
	err := p.mapping(n, "context", fields{
		change.ContextActor:       p.text(&actor, change.ContextActor),
		change.ContextRequestID:   p.text(&request, change.ContextRequestID),
		change.ContextTraceparent: p.text(&trace, change.ContextTraceparent),
	})
	g.context = map[string]string{
		change.ContextActor: actor, change.ContextRequestID: request, change.ContextTraceparent: trace,
	}
	return err
}

// The attributes that an expected event may have beside its type and data.
const (
	expectKey      = "key"
	expectSequence = "sequence"
	expectActor    = "actor"
	expectRequest  = "request"
	expectTime     = "time"
)

// parseExpected reads `CustomerNameChanged: {…}` with, beside it, any of key,
// sequence, actor, request and time.
func (p *parser) parseExpected(n *yaml.Node) (expectedEvent, error) {
	e := expectedEvent{at: n.Line, attributes: make(map[string]string)}
	err := p.pairs(n, "expect", func(k, v *yaml.Node) error {
		switch k.Value {
		case expectKey, expectSequence, expectActor, expectRequest, expectTime:
			e.attributes[k.Value] = v.Value
			return nil
		}
		if e.typ != "" {
			return p.problem(k, "expect: %s and %s in one item; begin each event with a dash", e.typ, k.Value)
		}
		if v.Kind != yaml.MappingNode {
			return p.problem(v, "expect %s: want the event's data as a mapping", k.Value)
		}
		e.typ, e.data = k.Value, v
		return nil
	})
	if err == nil && e.typ == "" {
		err = p.problem(n, "expect: an event's type and data are missing")
	}
	return e, err
}

package translator

import (
	"errors"
	"fmt"
	"time"

	"telltale/schemas/change"
	"telltale/schemas/event"
)

// translator holds the rules compiled against the shapes that are known. It is
// used by one goroutine; what it returns does not depend on what it did before.
type translator struct {
	source string
	rules  *ruleSet
	tables map[shapeID]*table
	// named are the tables that the rules name.
	named map[string]bool
	// offline is set where there is one shape a table, which has all columns that the
	// rules may name. Otherwise there are shapes from before a column was added, which
	// has() tells apart.
	offline bool
}

// shapeID names one shape of one table.
type shapeID struct{ table, shape string }

// outgoing is an event and where it goes.
type outgoing struct {
	topic string
	key   string
	event event.Event
}

func newTranslator(source string, rules *ruleSet) *translator {
	t := &translator{source: source, rules: rules, tables: make(map[shapeID]*table), named: make(map[string]bool)}
	for _, name := range rules.tables() {
		t.named[name] = true
	}
	return t
}

// learn compiles the rules against a shape.
func (t *translator) learn(shape change.Shape) error {
	compiled, err := compileTable(t.rules, shape, t.offline)
	if err != nil {
		return err
	}
	t.tables[shapeID{compiled.name, shape.ID}] = compiled
	return nil
}

// knows reports whether the rules are compiled against the shape of a change.
func (t *translator) knows(c *rawChange) bool {
	return t.tables[shapeID{c.table, c.shape}] != nil
}

// concerns reports whether some rule names the table of a change.
func (t *translator) concerns(c *rawChange) bool { return t.named[c.table] }

// translate makes the events of one group: changes of one MySQL transaction and
// one key, in order. The changes come in the reader's order and their events in
// the rules'. It needs every shape to be known of tables that the rules name.
func (t *translator) translate(group []rawChange) ([]outgoing, error) {
	var out []outgoing
	for i := range group {
		c := &group[i]
		if !t.concerns(c) {
			continue
		}
		compiled := t.tables[shapeID{c.table, c.shape}]
		if compiled == nil {
			return nil, fmt.Errorf("translate change %s (%s): the shape %s of %s is not known", c.id, c.place, c.shape, c.table)
		}
		programs := compiled.rules[c.op]
		if len(programs) == 0 {
			continue
		}
		if err := checkImages(c); err != nil {
			return nil, fmt.Errorf("translate change %s (%s): %w", c.id, c.place, err)
		}
		if err := compiled.load(c); err != nil {
			return nil, fmt.Errorf("translate change %s (%s): %w", c.id, c.place, err)
		}
		for _, p := range programs {
			o, ok, err := p.run(t.source, c, &compiled.vars)
			if err != nil {
				return nil, err
			}
			if ok {
				out = append(out, o)
			}
		}
	}
	return out, nil
}

// checkImages makes sure that the images are there that an op promises.
func checkImages(c *rawChange) error {
	if c.before == nil && hasBefore(c.op) {
		return fmt.Errorf("%s without a before image", opWord(c.op))
	}
	if c.after == nil && hasAfter(c.op) {
		return fmt.Errorf("%s without an after image", opWord(c.op))
	}
	return nil
}

// run applies one rule to the rows that are loaded. ok is false where the rule
// says nothing about the change.
func (p *program) run(source string, c *rawChange, vars *rows) (o outgoing, ok bool, err error) {
	if p.when != nil {
		val, err := p.when.eval(vars)
		if err != nil {
			return o, false, p.failure(p.when, c, err)
		}
		if yes, isBool := val.Value().(bool); !isBool {
			return o, false, p.failure(p.when, c, errors.New("want true or false, got null"))
		} else if !yes {
			return o, false, nil
		}
	}
	key, err := p.text(p.key, c, vars)
	if err != nil {
		return o, false, err
	}
	o = outgoing{topic: p.rule.file.topic, key: key, event: event.Event{
		ID:     c.id + "/" + p.name,
		Type:   p.rule.typ,
		Source: "/telltale/" + source, Subject: p.rule.file.aggregate + "/" + key,
		DataSchema: p.schema,
		Cause:      c.gtid, Actor: c.actor, Request: c.request, Traceparent: c.traceparent,
	}}
	if o.event.Time, err = p.eventTime(c, vars); err != nil {
		return o, false, err
	}
	if p.seq != nil {
		if o.event.Sequence, err = p.text(p.seq, c, vars); err != nil {
			return o, false, err
		}
	}
	o.event.Data, err = p.appendData(nil, c, vars)
	return o, err == nil, err
}

// text computes a key or a sequence.
func (p *program) text(o *operand, c *rawChange, vars *rows) (string, error) {
	val, err := o.eval(vars)
	if err != nil {
		return "", p.failure(o, c, err)
	}
	text, err := scalarText(val)
	if err != nil {
		return "", p.failure(o, c, err)
	}
	return text, nil
}

// eventTime is the rule's time, or else the commit's.
func (p *program) eventTime(c *rawChange, vars *rows) (time.Time, error) {
	if p.time == nil {
		return c.at, nil
	}
	val, err := p.time.eval(vars)
	if err != nil {
		return time.Time{}, p.failure(p.time, c, err)
	}
	if s, ok := val.(stored); ok && s.isDate() {
		at, err := s.instant()
		if err != nil {
			return at, p.failure(p.time, c, err)
		}
		return at, nil
	}
	if at, ok := val.Value().(time.Time); ok {
		return at, nil
	}
	return time.Time{}, p.failure(p.time, c, fmt.Errorf("want a date or a timestamp, got %s", val.Type()))
}

// appendData appends the data object, its fields in the file's order.
func (p *program) appendData(dst []byte, c *rawChange, vars *rows) ([]byte, error) {
	for i := range p.data {
		m := &p.data[i]
		if i == 0 {
			dst = append(dst, '{')
		} else {
			dst = append(dst, ',')
		}
		dst = append(dst, m.label...)
		var err error
		if dst, err = m.value.appendTo(dst, vars); err != nil {
			return nil, p.failure(m.value, c, err)
		}
	}
	return append(dst, '}'), nil
}

// appendTo appends the value as JSON: a bare column byte for byte as the reader
// wrote it.
func (o *operand) appendTo(dst []byte, vars *rows) ([]byte, error) {
	if o.slot != nil {
		raw, err := vars.named(o.image).raw(o.slot)
		return append(dst, raw...), err
	}
	val, err := o.eval(vars)
	if err != nil {
		return nil, err
	}
	return appendValue(dst, val)
}

// RuleError is a rule that could not be applied to a change.
type RuleError struct {
	// Problem says which part of which rule failed, and why.
	Problem Problem
	// Change is the id of the change; Place is the topic, partition and offset
	// of its record.
	Change, Place string
	// Err is the cause.
	Err error
}

// Error names the rule, the change and the record.
func (e *RuleError) Error() string {
	return fmt.Sprintf("%s; change %s (%s)", e.Problem.Error(), e.Change, e.Place)
}

// Unwrap returns the cause.
func (e *RuleError) Unwrap() error { return e.Err }

func (p *program) failure(o *operand, c *rawChange, err error) error {
	return &RuleError{
		Problem: *p.rule.problem(o.at, "%s: %v", o.part, err),
		Change:  c.id, Place: c.place.String(), Err: err,
	}
}

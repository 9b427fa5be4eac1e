package translator

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"

	"telltale/internal/nearest"
	"telltale/schemas/change"
)

// table is the rules compiled against one shape of one table. It has room for
// one change and is used by one goroutine.
type table struct {
	name  string
	shape change.Shape
	// only is set where no other shape of the table has columns that this one lacks.
	only    bool
	typ     *cel.Type
	columns map[string]*slot
	// slots are the columns that some rule reads; index finds them by name.
	slots []*slot
	index map[string]int
	rules map[change.Op][]*program
	// before and after are filled with each change; vars are what expressions see.
	before, after *row
	vars          rows
}

// compileTable compiles every rule that names the shape's table. It returns
// Problems, one for each thing that is wrong. A column that the shape lacks is one of
// them, but unless the shape is the only one, has() may ask for it.
func compileTable(set *ruleSet, shape change.Shape, only bool) (*table, error) {
	t := newTable(shape)
	t.only = only
	envs := make(map[change.Op]*cel.Env)
	var problems Problems
	for _, f := range set.files {
		for _, r := range f.rules {
			if r.table != t.name {
				continue
			}
			if envs[r.op] == nil {
				env, err := newEnv(t, r.op)
				if err != nil {
					return nil, err
				}
				envs[r.op] = env
			}
			p, wrong := compileRule(t, envs[r.op], r)
			problems = append(problems, wrong...)
			t.rules[r.op] = append(t.rules[r.op], p)
		}
		problems = append(problems, checkIgnored(t, f)...)
	}
	if len(problems) > 0 {
		return nil, problems.distinct()
	}
	t.before.cells, t.after.cells = make([]cell, len(t.slots)), make([]cell, len(t.slots))
	return t, nil
}

func newTable(shape change.Shape) *table {
	name := shape.DB + "." + shape.Table
	t := &table{
		name: name, shape: shape, typ: cel.ObjectType(name),
		columns: make(map[string]*slot), index: make(map[string]int), rules: make(map[change.Op][]*program),
	}
	for _, c := range shape.Columns {
		t.columns[c.Name] = &slot{column: newColumn(c), index: -1}
	}
	t.before = &row{image: varBefore, table: t}
	t.after = &row{image: varAfter, table: t}
	return t
}

// checkIgnored refuses an ignored column that the table does not have.
func checkIgnored(t *table, f *ruleFile) Problems {
	var problems Problems
	for _, c := range f.ignore {
		if t.only && c.table == t.name && t.slot(c.column) == nil {
			problems = append(problems, f.problem(c.at, "ignore: %s", t.unknownColumn(c.column)))
		}
	}
	return problems
}

// slot is the column of a name, or nil.
func (t *table) slot(name string) *slot { return t.columns[name] }

// use makes a column one that rows keep.
func (t *table) use(s *slot) {
	if s.index < 0 {
		s.index = len(t.slots)
		t.slots = append(t.slots, s)
		t.index[s.name] = s.index
	}
}

// columnNames are the columns in the table's order.
func (t *table) columnNames() []string {
	names := make([]string, 0, len(t.shape.Columns))
	for _, c := range t.shape.Columns {
		names = append(names, c.Name)
	}
	return names
}

func (t *table) unknownColumn(name string) string {
	text := "table " + t.name + " has no column " + name
	if near := nearest.Of(name, t.columnNames()); near != "" {
		text += "; did you mean " + near + "?"
	}
	return text
}

// load fills the rows with a change.
func (t *table) load(c *rawChange) error {
	t.vars = rows{}
	if c.before != nil {
		if err := t.before.load(c.before); err != nil {
			return err
		}
		t.vars.before, t.vars.current = t.before, t.before
	}
	if c.after != nil {
		if err := t.after.load(c.after); err != nil {
			return err
		}
		t.vars.after, t.vars.current = t.after, t.after
	}
	return nil
}

// program is a compiled rule.
type program struct {
	rule *rule
	name string // "<aggregate>.<event name>", the end of event ids.
	// schema names the data's schema, relative to the event catalogue.
	schema string
	when   *operand
	key    *operand
	time   *operand
	seq    *operand
	data   []member
}

// member is one field of the data: `"name":` and the value.
type member struct {
	name  string
	label []byte
	value *operand
}

func compileRule(t *table, env *cel.Env, r *rule) (*program, Problems) {
	c := compiler{table: t, env: env, rule: r}
	if form := t.shape.Encoding; form != "" {
		c.fail(r.keySource().at, "on: the values of table %s are written as %q, and rules read the lossless form: "+
			"set source.types: lossless and no source.type_options, or a source of its own for the rules", t.name, form)
		return nil, c.problems
	}
	if format := t.shape.Format; format != "" {
		c.fail(r.keySource().at, "on: the changes of table %s are written as %q, and rules read plain JSON: "+
			"set source.format: json, or a source of its own for the rules", t.name, format)
		return nil, c.problems
	}
	p := &program{
		rule: r, name: r.file.aggregate + "." + r.eventName(),
		schema: fmt.Sprintf("%s/%s/v%d", r.file.aggregate, r.typ, r.version),
	}
	p.when = c.optional(partWhen, r.when, isBool, "a bool")
	p.key = c.expression("key", r.keySource(), isScalar, "a whole number or a text")
	p.time = c.optional("time", r.time, isTime, "a date or a timestamp")
	p.seq = c.optional("sequence", r.seq, isScalar, "a whole number or a text")
	for _, f := range r.data {
		p.data = append(p.data, member{
			name:  f.name,
			label: append(appendString(nil, f.name), ':'),
			value: c.expression("data."+f.name, f.expr, isData, "a value that JSON can hold"),
		})
	}
	c.checkKey(p.key)
	return p, c.problems
}

// checkKey makes sure that the changes of one aggregate share a partition: the
// raw topic is keyed, and so ordered, by the table's primary key, or where the
// source routes the table, by the column that it routes it by.
func (c *compiler) checkKey(key *operand) {
	if key == nil {
		return
	}
	shape := &c.table.shape
	ordered := shape.OrderedBy()
	line := c.rule.keySource().at
	switch {
	case slices.Equal(slices.Sorted(slices.Values(ordered)), key.columns) && len(ordered) > 0:
	case shape.Aggregate != "":
		c.fail(line, "key: it must be made of the column %s of %s, by which source.aggregates routes the table to %s, and of nothing else: "+
			"the raw changes are ordered by that column; it reads %q", shape.KeyColumn, c.table.name, shape.Aggregate, key.columns)
	case len(ordered) == 0:
		c.fail(line, "key: table %s has no primary key, so its changes have no order by key", c.table.name)
	default:
		c.fail(line, "key: it must be made of the primary key of %s, which is %q, and of nothing else: "+
			"the raw changes are ordered by that key; it reads %q. Where that is another table's key, "+
			"route both to one aggregate in source.aggregates", c.table.name, ordered, key.columns)
	}
}

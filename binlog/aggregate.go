package binlog

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"telltale/internal/nearest"
	"telltale/internal/preflight"
)

// Aggregate routes the changes of several tables into one topic,
// `<source>.<aggregate>`, keyed by the root that they belong to, so that what
// happens to a root keeps its order across its tables (I2).
type Aggregate struct {
	// Name names the topic: letters, digits, hyphen and underscore.
	Name string
	// Tables are the aggregate's. The first is the root's: the name of its key
	// column is the one member of every record key.
	Tables []AggregateTable
}

// AggregateTable is a table of an aggregate.
type AggregateTable struct {
	// Table is `<db>.<table>`, no pattern.
	Table string
	// Key is the column that holds the root's key. It is not null, and written
	// in JSON as the root's is.
	Key string
}

// route is where a table of an aggregate goes.
type route struct {
	aggregate string
	// column is the table's own key column, member its name in the record key,
	// which is the root's.
	column, member string
	// root is the name of the root's table, isRoot says that this is it.
	root   string
	isRoot bool
}

// routes are the routes by `<db>.<table>`.
type routes map[string]*route

var aggregateName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// reservedTopics follow `<source>.` in names that mean something else, the last
// of them to Debezium.
var reservedTopics = []string{"positions", "schemas", "control", "dead-letters", "transaction"}

func newRoutes(aggregates []Aggregate) (routes, error) {
	rs, names := routes{}, map[string]bool{}
	for _, a := range aggregates {
		switch {
		case !aggregateName.MatchString(a.Name):
			return nil, fmt.Errorf("source.aggregates: the name %q does not match %s, of which a topic's name can be made", a.Name, aggregateName)
		case slices.Contains(reservedTopics, a.Name):
			return nil, fmt.Errorf("source.aggregates: the name %q is that of a topic with another purpose", a.Name)
		case names[a.Name]:
			return nil, fmt.Errorf("source.aggregates: %q is there twice", a.Name)
		case len(a.Tables) == 0:
			return nil, fmt.Errorf("source.aggregates: %q has no tables", a.Name)
		}
		names[a.Name] = true
		for i, t := range a.Tables {
			if _, ok := rs[t.Table]; ok {
				return nil, fmt.Errorf("source.aggregates: table %s is there twice; a change goes to one topic", t.Table)
			}
			if db, name, ok := strings.Cut(t.Table, "."); !ok || db == "" || name == "" || strings.Contains(t.Table, "*") || t.Key == "" {
				return nil, fmt.Errorf("source.aggregates: table %q with key %q of %q: want the name of one table, db.table, and of its column", t.Table, t.Key, a.Name)
			}
			rs[t.Table] = &route{aggregate: a.Name, column: t.Key, member: a.Tables[0].Key, root: a.Tables[0].Table, isRoot: i == 0}
		}
	}
	return rs, nil
}

// routeError says why the rows of a table cannot go to its aggregate.
type routeError struct{ what, mend string }

// Error describes what is wrong and the mend.
func (e *routeError) Error() string { return e.what + ": " + e.mend }

// Name is the name in docs/errors.md.
func (e *routeError) Name() string { return "binlog.routeError" }

// setRoute keys the plan by the root of its aggregate.
func (p *plan) setRoute(r *route, e encoding) error {
	named := fmt.Sprintf("table %s.%s, key column %s of aggregate %s,", p.shape.DB, p.shape.Table, r.column, r.aggregate)
	i := slices.IndexFunc(p.columns, func(c column) bool { return c.def.Name == r.column })
	if i < 0 {
		var names []string
		for _, c := range p.columns {
			names = append(names, c.def.Name)
		}
		mend := "correct its key in source.aggregates; the table has " + strings.Join(names, ", ")
		if near := nearest.Of(r.column, names); near != "" {
			mend = "correct its key in source.aggregates; did you mean " + near + "?"
		}
		return &routeError{named + " is not there", mend}
	}
	c := &p.columns[i]
	switch {
	case c.denied:
		return &routeError{named + " is denied by source.columns", "allow it, or take the table out of source.aggregates: a record needs its key"}
	case c.def.Nullable:
		return &routeError{
			named + " can be null", fmt.Sprintf("ALTER TABLE %s.%s MODIFY %s %s NOT NULL, or take the table out of source.aggregates: a row without a root has no place in its order",
				p.shape.DB, p.shape.Table, r.column, c.def.Type),
		}
	}
	member, err := appendString(nil, []byte(r.member))
	if err != nil {
		return fmt.Errorf("%s: its name: %w", named, err)
	}
	for _, k := range p.key {
		p.columns[k.column].key = -1
	}
	c.key = 0
	p.key = []keyColumn{{column: i, name: appendKeyText(nil, append(member, ':'))}}
	p.route, p.form = r, keyForm(c.def.Type)
	if c.def.Type == "bigint unsigned" && e.BigintUnsignedHandlingMode == "precise" {
		p.form = "a whole number in base64"
	}
	p.shape.Aggregate, p.shape.KeyColumn = r.aggregate, r.column
	return nil
}

// keyForm says how values of a type are written in JSON, in words: two columns
// that have the form in common write equal values as equal bytes.
func keyForm(typ string) string {
	name, _, _ := strings.Cut(strings.TrimSuffix(typ, " unsigned"), "(")
	switch name {
	case "tinyint", "smallint", "mediumint", "int", "bigint", "year":
		return "a whole number"
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum":
		return "text"
	case "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return "bytes"
	case "decimal":
		_, scale, _ := strings.Cut(typ, ",")
		return "a decimal with a scale of " + strings.TrimSuffix(strings.TrimSuffix(scale, " unsigned"), ")")
	}
	return typ
}

// agrees checks that a routed table is keyed as its root, whose form is given:
// else the changes of one root would stand in two orders.
func (p *plan) agrees(rootForm string) error {
	if p.form == rootForm {
		return nil
	}
	r := p.route
	return &routeError{
		fmt.Sprintf("table %s.%s, key column %s of aggregate %s, is %s in JSON, and its root %s.%s is %s",
			p.shape.DB, p.shape.Table, r.column, r.aggregate, p.form, r.root, r.member, rootForm),
		"give both one type, or take the table out of source.aggregates",
	}
}

// forms are the forms of the roots' keys, by aggregate, as of the newest table
// map of the root.
type forms map[string]string

// accept judges a table of an aggregate each time a table map names it: either
// side may have been altered since.
func (f forms) accept(p *plan) error {
	if p.route == nil {
		return nil
	}
	if p.route.isRoot {
		f[p.route.aggregate] = p.form
		return nil
	}
	if form, ok := f[p.route.aggregate]; ok {
		return p.agrees(form)
	}
	return nil
}

// checkRoutes finds the tables of aggregates that are not among the captured
// ones, and those that are not keyed as their root.
func (rs routes) checkRoutes(defs []tableDef, routed []*plan) preflight.Findings {
	var found preflight.Findings
	var captured []string
	for _, d := range defs {
		captured = append(captured, d.db+"."+d.table)
	}
	for _, table := range rs.tables() {
		if slices.Contains(captured, table) {
			continue
		}
		mend := "correct its name, create the table, GRANT SELECT on it, or have source.tables match it"
		if near := nearest.Of(table, captured); near != "" {
			mend += "; did you mean " + near + "?"
		}
		found.Add(fmt.Sprintf("table %s of aggregate %s is not among the tables that are captured", table, rs[table].aggregate), "source.aggregates", mend)
	}
	roots := forms{}
	for _, p := range routed { // The roots first: the rest is compared with them.
		if p.route.isRoot {
			roots[p.route.aggregate] = p.form
		}
	}
	for _, p := range routed {
		if e, ok := errors.AsType[*routeError](roots.accept(p)); ok {
			found.Add(e.what, "source.aggregates", e.mend)
		}
	}
	return found
}

// tables are the routed tables in order.
func (rs routes) tables() []string {
	names := make([]string, 0, len(rs))
	for name := range rs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

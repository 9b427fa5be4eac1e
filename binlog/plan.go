package binlog

import (
	"fmt"

	"telltale/schemas/change"
)

// characterSet is that of a collation. maxLen is its longest character in bytes.
type characterSet struct {
	name      string
	collation string
	maxLen    int
}

// collations are the server's, by the id that table maps carry.
type collations map[uint64]characterSet

// newPlan makes the plan of a table. It fails on a column that the reader
// cannot publish as it was stored, naming it, and on one that cannot be the
// root's key of an aggregate, with a routeError.
func newPlan(d tableDef, cs collations, e encoding, f filter) (*plan, error) {
	denied := f.denies(d.db, d.table)
	p := &plan{
		shape:   change.Shape{DB: d.db, Table: d.table, Columns: []change.Column{}, PrimaryKey: []string{}, Encoding: e.name(), Format: e.format()},
		columns: make([]column, len(d.columns)),
	}
	for i, def := range d.columns {
		c := &p.columns[i]
		err := c.set(def, cs, e)
		c.denied = denied(def.name)
		switch {
		case c.denied && c.skip(def):
			err = nil
		case err != nil && c.skip(def):
			err = fmt.Errorf("%w, or deny the column in source.columns", err)
		}
		if err != nil {
			return nil, fmt.Errorf("table %s.%s, column %s: %w", d.db, d.table, def.name, err)
		}
		if !c.denied {
			p.shape.Columns = append(p.shape.Columns, c.def)
		}
	}
	key, err := f.keys.of(d)
	if err != nil {
		return nil, err
	}
	if err := p.setKey(key); err != nil {
		return nil, fmt.Errorf("table %s.%s %w", d.db, d.table, err)
	}
	if r := f.routes[d.db+"."+d.table]; r != nil {
		if err := p.setRoute(r, e); err != nil {
			return nil, err
		}
	}
	p.shape = p.shape.WithID()
	return p, nil
}

// setKey has records keyed by whole columns, even where the server's key is over
// a prefix of one: rows that differ in the prefix differ in the column. Without
// a key records have none.
func (p *plan) setKey(key []keyPart) error {
	for i, k := range key {
		c := &p.columns[k.column]
		if c.denied {
			return fmt.Errorf("has its key column %s %w", c.def.Name, errKeyDenied)
		}
		c.key = i
		p.key = append(p.key, keyColumn{column: k.column, name: appendKeyText(nil, c.name[1:])})
		p.shape.PrimaryKey = append(p.shape.PrimaryKey, c.def.Name)
	}
	return nil
}

package translator

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// slot is a column that some rule reads and where a row keeps it.
type slot struct {
	column
	index int
}

// row holds one image's columns that the rules read. It is filled once a
// change and decodes a column when an expression first asks for it.
type row struct {
	image string // "before" or "after", for errors.
	table *table
	cells []cell
}

type cell struct {
	raw []byte  // The JSON value; nil where the image has no such column.
	val ref.Val // The decoded value; nil until asked for.
}

// load scans an image for the columns that the rules read, and no further than
// the last of them.
func (r *row) load(image []byte) error {
	clear(r.cells)
	s := scanner{b: image}
	if err := s.enter(); err != nil {
		return fmt.Errorf("%s image of %s: %w", r.image, r.table.name, err)
	}
	missing := len(r.cells)
	for first := true; missing > 0; first = false {
		name, ok, err := s.next(first)
		if err != nil {
			return fmt.Errorf("%s image of %s: %w", r.image, r.table.name, err)
		}
		if !ok {
			return nil
		}
		raw, err := s.value()
		if err != nil {
			return fmt.Errorf("%s image of %s, column %s: %w", r.image, r.table.name, name, err)
		}
		if i, used := r.table.index[string(name)]; used && r.cells[i].raw == nil {
			r.cells[i].raw = raw
			missing--
		}
	}
	return nil
}

// raw is a column's JSON as it stands in the image.
func (r *row) raw(s *slot) ([]byte, error) {
	raw := r.cells[s.index].raw
	if raw == nil {
		return nil, r.absent(s)
	}
	return raw, nil
}

// value is a column's CEL value.
func (r *row) value(s *slot) (ref.Val, error) {
	c := &r.cells[s.index]
	if c.val != nil {
		return c.val, nil
	}
	switch {
	case c.raw == nil:
		return nil, r.absent(s)
	case isNull(c.raw):
		c.val = types.NullValue
		return c.val, nil
	}
	val, err := s.decode(c.raw)
	if err != nil {
		return nil, fmt.Errorf("%s.%s (%s): %w", r.image, s.name, s.mysql, err)
	}
	c.val = val
	return val, nil
}

// absent is not null: the value is unknown, and a rule that asks for it cannot
// be answered.
func (r *row) absent(s *slot) error {
	return fmt.Errorf("the %s image of %s has no column %s; with binlog_row_image other than FULL the server leaves columns out",
		r.image, r.table.name, s.name)
}

// rows are the variables of an expression. They implement cel.Activation.
type rows struct{ before, after, current *row }

// ResolveName returns the image that a variable stands for.
func (r *rows) ResolveName(name string) (any, bool) {
	switch name {
	case varBefore:
		return r.before, r.before != nil
	case varAfter:
		return r.after, r.after != nil
	case varRow:
		return r.current, r.current != nil
	}
	return nil, false
}

// Parent is nil: there is no outer scope.
func (r *rows) Parent() cel.Activation { return nil }

// rowProvider tells CEL which fields the row type of a table has and how to
// get them.
type rowProvider struct {
	*types.Registry
	table *table
}

// FindStructType knows the table's row type by the table's name.
func (p rowProvider) FindStructType(name string) (*types.Type, bool) {
	if name == p.table.name {
		return types.NewTypeTypeWithParam(p.table.typ), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames lists the columns that rules can read.
func (p rowProvider) FindStructFieldNames(name string) ([]string, bool) {
	if name != p.table.name {
		return p.Registry.FindStructFieldNames(name)
	}
	return p.table.columnNames(), true
}

// FindStructFieldType gives a column's type and its getters. A column is set,
// in the sense of has(), where the image holds it.
func (p rowProvider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if name != p.table.name {
		return p.Registry.FindStructFieldType(name, field)
	}
	s := p.table.slot(field)
	if s == nil || s.typ == nil {
		return nil, false
	}
	return &types.FieldType{
		Type:    s.typ,
		IsSet:   func(obj any) bool { return obj.(*row).cells[s.index].raw != nil },
		GetFrom: func(obj any) (any, error) { return obj.(*row).value(s) },
	}, true
}

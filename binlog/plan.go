package binlog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"telltale/schemas/change"
)

// charset is the character set of a collation. maxLen is its longest character
// in bytes.
type charset struct {
	name      string
	collation string
	maxLen    int
}

// collations are the server's, by the id that table maps carry.
type collations map[uint64]charset

// utf8Charsets are those whose bytes are UTF-8 as they stand.
var utf8Charsets = []string{"utf8mb4", "utf8mb3", "utf8", "ascii"}

// newPlan makes the plan of a table. It fails on a column that the reader
// cannot publish as it was stored, naming it, and on one that cannot be the
// root's key of an aggregate, with a routeError.
func newPlan(d tableDef, cs collations, f filter) (*plan, error) {
	denied := f.denies(d.db, d.table)
	p := &plan{
		shape:   change.Shape{DB: d.db, Table: d.table, Columns: []change.Column{}, PrimaryKey: []string{}},
		columns: make([]column, len(d.columns)),
	}
	for i, def := range d.columns {
		c := &p.columns[i]
		err := c.set(def, cs)
		c.denied = denied(def.name)
		if err != nil && c.skip(def) {
			err = fmt.Errorf("%w, or deny the column in source.columns", err)
			if c.denied {
				err = nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("table %s.%s, column %s: %w", d.db, d.table, def.name, err)
		}
		if !c.denied {
			p.shape.Columns = append(p.shape.Columns, c.def)
		}
	}
	if err := p.setKey(d.key); err != nil {
		return nil, fmt.Errorf("table %s.%s %w", d.db, d.table, err)
	}
	if r := f.routes[d.db+"."+d.table]; r != nil {
		if err := p.setRoute(r); err != nil {
			return nil, err
		}
	}
	p.shape = p.shape.WithID()
	return p, nil
}

func (p *plan) setKey(key []keyPart) error {
	if len(key) == 0 {
		return errNoPrimaryKey
	}
	for i, k := range key {
		c := &p.columns[k.column]
		switch {
		case c.denied:
			return fmt.Errorf("has its key column %s denied by source.columns, but a record needs its key", c.def.Name)
		case k.prefix != 0:
			return fmt.Errorf("has a primary key over a prefix of column %s, which %w", c.def.Name, errUnsupported)
		}
		c.key = i
		p.key = append(p.key, keyColumn{column: k.column, name: c.name})
		p.shape.PrimaryKey = append(p.shape.PrimaryKey, c.def.Name)
	}
	return nil
}

// numbers are the types whose decoding depends on the sign alone.
var numbers = map[byte]struct {
	name             string
	signed, unsigned appendFunc
}{
	mysql.MYSQL_TYPE_TINY:     {"tinyint", appendInt8, appendUint8},
	mysql.MYSQL_TYPE_SHORT:    {"smallint", appendInt16, appendUint16},
	mysql.MYSQL_TYPE_INT24:    {"mediumint", appendInt24, appendUint24},
	mysql.MYSQL_TYPE_LONG:     {"int", appendInt32, appendUint32},
	mysql.MYSQL_TYPE_LONGLONG: {"bigint", appendInt64, appendUint64},
	mysql.MYSQL_TYPE_FLOAT:    {"float", appendFloat32, appendFloat32},
	mysql.MYSQL_TYPE_DOUBLE:   {"double", appendFloat64, appendFloat64},
}

// times are the types whose decoding depends on the precision alone.
var times = map[byte]struct {
	name   string
	append appendFunc
}{
	mysql.MYSQL_TYPE_TIME2:      {"time", appendTime},
	mysql.MYSQL_TYPE_DATETIME2:  {"datetime", appendDatetime},
	mysql.MYSQL_TYPE_TIMESTAMP2: {"timestamp", appendTimestamp},
}

// set says how a column is decoded and what its type is called.
func (c *column) set(d columnDef, cs collations) error {
	name, err := appendString(nil, []byte(d.name))
	if err != nil {
		return fmt.Errorf("its name: %w", err)
	}
	c.name, c.key, c.meta, c.scale = append(name, ':'), -1, d.length, d.scale
	c.def = change.Column{Name: d.name, Nullable: d.nullable}
	if d.sqlType != "" {
		return fmt.Errorf("type %s %w", d.sqlType, errUnsupported)
	}
	if n, ok := numbers[d.kind]; ok {
		c.def.Type, c.append = n.name, n.signed
		if d.unsigned {
			c.def.Type, c.append = n.name+" unsigned", n.unsigned
		}
		return nil
	}
	if t, ok := times[d.kind]; ok {
		c.def.Type, c.append = t.name, t.append
		if d.length > 0 {
			c.def.Type = fmt.Sprintf("%s(%d)", t.name, d.length)
		}
		return nil
	}
	switch d.kind {
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		c.append, c.def.Type = appendDecimal, fmt.Sprintf("decimal(%d,%d)", d.length, d.scale)
		if d.unsigned {
			c.def.Type += " unsigned"
		}
		return nil
	case mysql.MYSQL_TYPE_YEAR:
		c.def.Type, c.append = "year", appendYear
		return nil
	case mysql.MYSQL_TYPE_DATE:
		c.def.Type, c.append = "date", appendDate
		return nil
	case mysql.MYSQL_TYPE_BIT:
		c.append, c.def.Type = appendBit, fmt.Sprintf("bit(%d)", d.length)
		return nil
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_STRING, mysql.MYSQL_TYPE_BLOB,
		mysql.MYSQL_TYPE_ENUM, mysql.MYSQL_TYPE_SET:
		return c.setCharacter(d, cs)
	}
	return fmt.Errorf("type %s %w", typeName(d.kind), errUnsupported)
}

// setCharacter handles the types that have a character set, which "binary" is
// too.
func (c *column) setCharacter(d columnDef, cs collations) error {
	set, ok := cs[d.collation]
	if !ok {
		return fmt.Errorf("collation %d, which the server does not list, %w", d.collation, errUnsupported)
	}
	binary := set.name == "binary"
	if !binary && !slices.Contains(utf8Charsets, set.name) {
		return fmt.Errorf("character set %s %w", set.name, errUnsupported)
	}
	c.append = appendText
	if binary {
		c.append = appendBinary
	} else {
		c.def.Charset = set.name
	}
	pick := func(text, bytes string) string {
		if binary {
			return bytes
		}
		return text
	}
	switch d.kind {
	case mysql.MYSQL_TYPE_ENUM:
		return c.setMembers("enum", appendEnum, d.labels)
	case mysql.MYSQL_TYPE_SET:
		return c.setMembers("set", appendSet, d.labels)
	case mysql.MYSQL_TYPE_BLOB:
		if d.length < 1 || d.length > 4 {
			return fmt.Errorf("blob with a length of %d bytes %w", d.length, errUnsupported)
		}
		c.def.Type = [5]string{1: "tiny", 3: "medium", 4: "long"}[d.length] + pick("text", "blob")
		return nil
	case mysql.MYSQL_TYPE_VARCHAR:
		c.def.Type = fmt.Sprintf("%s(%d)", pick("varchar", "varbinary"), d.length/set.maxLen)
	default:
		c.def.Type = fmt.Sprintf("%s(%d)", pick("char", "binary"), d.length/set.maxLen)
		if binary {
			c.append, c.scale = appendFixedBinary, d.length
		}
	}
	c.meta = 1 // The width of the length before the value.
	if d.length > 255 {
		c.meta = 2
	}
	return nil
}

// skip has a denied column passed over that could not be published, and
// reports whether that can be done: of a type of MariaDB's own it is not known
// how a row holds its values.
func (c *column) skip(d columnDef) bool {
	if d.sqlType != "" {
		return false
	}
	switch d.kind {
	case mysql.MYSQL_TYPE_JSON, mysql.MYSQL_TYPE_GEOMETRY, mysql.MYSQL_TYPE_VECTOR, mysql.MYSQL_TYPE_BLOB:
		c.append, c.meta = skipSized, d.length
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_STRING:
		c.append, c.meta = skipSized, 1
		if d.length > 255 {
			c.meta = 2
		}
	case mysql.MYSQL_TYPE_ENUM, mysql.MYSQL_TYPE_SET:
		c.append = skipFixed
	default:
		return false
	}
	return true
}

func (c *column) setMembers(name string, f appendFunc, labels []string) error {
	c.append = f
	quoted := make([]string, len(labels))
	for i, l := range labels {
		j, err := appendString(nil, []byte(l))
		if err != nil {
			return fmt.Errorf("%s member %q: %w", name, l, err)
		}
		c.labels = append(c.labels, j)
		quoted[i] = "'" + strings.ReplaceAll(l, "'", "''") + "'"
	}
	c.def.Type = name + "(" + strings.Join(quoted, ",") + ")"
	return nil
}

// typeName is the name of a binlog type that no plan knows.
func typeName(t byte) string {
	switch t {
	case mysql.MYSQL_TYPE_JSON:
		return "json"
	case mysql.MYSQL_TYPE_GEOMETRY:
		return "geometry"
	case mysql.MYSQL_TYPE_VECTOR:
		return "vector"
	case mysql.MYSQL_TYPE_TIMESTAMP, mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIME:
		return "time of a MySQL before 5.6"
	case typeBlobCompressed, typeVarcharCompressed:
		return "of a compressed column"
	}
	return "number " + strconv.Itoa(int(t))
}

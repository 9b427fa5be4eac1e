package binlog

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"telltale/binlog/charset"
	"telltale/schemas/change"
)

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

// binaries are MariaDB's types that a table map shows as a BINARY.
var binaries = map[string]appendFunc{"uuid": appendUUID, "inet4": appendINET4, "inet6": appendINET6}

// set says how a column is decoded, how its values are written, and what its
// type is called.
func (c *column) set(d columnDef, cs collations, e encoding) error {
	name, err := appendString([]byte{','}, []byte(d.name))
	if err != nil {
		return fmt.Errorf("its name: %w", err)
	}
	c.name, c.key, c.meta, c.scale, c.adjust = append(name, ':'), -1, d.length, d.scale, e.EnableTimeAdjuster
	c.def = change.Column{Name: d.name, Nullable: d.nullable}
	if d.kind == mysql.MYSQL_TYPE_JSON {
		c.json = e.json()
	}
	if err := c.setType(d, cs); err != nil {
		return err
	}
	if f := e.instead(d); f != nil {
		c.append = f
	}
	if d.compressed {
		c.compress()
	}
	return nil
}

// setType chooses the lossless form.
func (c *column) setType(d columnDef, cs collations) error {
	if d.unsure {
		return errTypeGone
	}
	if f := binaries[d.sqlType]; f != nil {
		c.def.Type, c.append, c.meta = d.sqlType, f, 1
		return nil
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
	case mysql.MYSQL_TYPE_YEAR:
		c.def.Type, c.append = "year", appendYear
	case mysql.MYSQL_TYPE_DATE:
		c.def.Type, c.append = "date", appendDate
	case mysql.MYSQL_TYPE_BIT:
		c.append, c.def.Type = appendBit, fmt.Sprintf("bit(%d)", d.length)
	case mysql.MYSQL_TYPE_JSON:
		c.append, c.def.Type = appendJSON, "json"
	case mysql.MYSQL_TYPE_GEOMETRY:
		c.append, c.def.Type = appendGeometry, d.geometry
	case mysql.MYSQL_TYPE_VECTOR:
		c.append, c.def.Type = appendVector, "vector"
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_STRING, mysql.MYSQL_TYPE_BLOB,
		mysql.MYSQL_TYPE_ENUM, mysql.MYSQL_TYPE_SET:
		return c.setCharacter(d, cs)
	default:
		return fmt.Errorf("type %s %w", typeName(d.kind), errUnsupported)
	}
	return nil
}

// setCharacter handles the types that have a character set, which "binary" is
// too.
func (c *column) setCharacter(d columnDef, cs collations) error {
	set, ok := cs[d.collation]
	if !ok {
		return fmt.Errorf("collation %d, which the server does not list, %w", d.collation, errUnsupported)
	}
	binary := set.name == "binary"
	switch {
	case binary:
		c.append = appendBinary
	case charset.IsUTF8(set.name):
		c.append, c.def.Charset = appendText, set.name
	default:
		var err error
		if c.charset, err = charset.Find(set.name); err != nil {
			return err
		}
		if c.charset == nil {
			return fmt.Errorf("character set %s %w", set.name, errUnsupported)
		}
		c.append, c.def.Charset = appendCharset, set.name
	}
	pick := func(text, bytes string) string {
		if binary {
			return bytes
		}
		return text
	}
	switch d.kind {
	case mysql.MYSQL_TYPE_ENUM:
		return c.setMembers("enum", appendEnum, d)
	case mysql.MYSQL_TYPE_SET:
		return c.setMembers("set", appendSet, d)
	case mysql.MYSQL_TYPE_BLOB:
		if d.length < 1 || d.length > 4 {
			return fmt.Errorf("blob with a length of %d bytes %w", d.length, errUnsupported)
		}
		c.def.Type = [5]string{1: "tiny", 3: "medium", 4: "long"}[d.length] + pick("text", "blob")
		return nil
	case mysql.MYSQL_TYPE_VARCHAR:
		length := d.length
		if d.compressed { // One byte of it says how.
			length--
		}
		c.def.Type = fmt.Sprintf("%s(%d)", pick("varchar", "varbinary"), length/set.maxLen)
	default:
		c.def.Type = fmt.Sprintf("%s(%d)", pick("char", "binary"), d.length/set.maxLen)
		if binary {
			c.append, c.scale = appendFixedBinary, d.length
		}
	}
	c.meta = lengthWidth(d.length)
	return nil
}

// lengthWidth is the width of the length before a value of at most that many
// bytes.
func lengthWidth(longest int) int {
	if longest > 255 {
		return 2
	}
	return 1
}

// setMembers takes the labels, which a table map has in the column's character
// set and the information schema in UTF-8.
func (c *column) setMembers(name string, f appendFunc, d columnDef) error {
	c.append = f
	quoted := make([]string, len(d.labels))
	for i, l := range d.labels {
		var err error
		if c.charset != nil && !d.labelsUTF8 {
			if l, err = c.charset.Decode([]byte(l)); err != nil {
				return fmt.Errorf("%s member %d: %w", name, i+1, err)
			}
		}
		j, err := appendString(nil, []byte(l))
		if err != nil {
			return fmt.Errorf("%s member %q: %w", name, l, err)
		}
		c.labels, c.members = append(c.labels, j), append(c.members, l)
		quoted[i] = "'" + strings.ReplaceAll(l, "'", "''") + "'"
	}
	c.def.Type = name + "(" + strings.Join(quoted, ",") + ")"
	return nil
}

// skip has a column passed over, whatever its values, and reports whether that
// can be done.
func (c *column) skip(d columnDef) bool {
	switch d.kind {
	case mysql.MYSQL_TYPE_JSON, mysql.MYSQL_TYPE_GEOMETRY, mysql.MYSQL_TYPE_VECTOR, mysql.MYSQL_TYPE_BLOB:
		c.append, c.meta = skipSized, d.length
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_STRING:
		c.append, c.meta = skipSized, lengthWidth(d.length)
	case mysql.MYSQL_TYPE_ENUM, mysql.MYSQL_TYPE_SET:
		c.append = skipFixed
	default:
		return false
	}
	return true
}

// typeName is the name of a binlog type that no plan knows.
func typeName(t byte) string {
	switch t {
	case mysql.MYSQL_TYPE_TIMESTAMP, mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIME:
		return "time in the format of MariaDB 5.3"
	}
	return "number " + strconv.Itoa(int(t))
}

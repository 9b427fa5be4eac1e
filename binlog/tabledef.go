package binlog

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
)

// tableDef is a table as its table maps describe it, or as the server's
// information schema does, in the same terms: both lead to the same plan.
type tableDef struct {
	db, table string
	columns   []columnDef
	key       []keyPart
}

type keyPart struct {
	column int
	prefix int // In characters; 0 is the whole column.
}

// columnDef is one column in the binlog's terms.
type columnDef struct {
	name     string
	nullable bool
	// kind is the binlog's type, MYSQL_TYPE_ENUM and _SET where it says STRING.
	kind byte
	// length is in bytes for text and binary, in bits for BIT, the width of the
	// stored length for TEXT and BLOB and of the value for ENUM and SET, and the
	// precision for decimals and times.
	length    int
	scale     int // DECIMAL alone.
	unsigned  bool
	collation uint64
	labels    []string
	// labelsUTF8 says that the labels are in UTF-8 and not in the column's
	// character set.
	labelsUTF8 bool
	// geometry is a GEOMETRY's type.
	geometry string
	// compressed says that it is one of MariaDB's compressed columns, of the kind
	// of the plain one.
	compressed bool
	// sqlType is the type's name in SQL where the binlog has none of its own for
	// it and shows a BINARY: MariaDB's UUID, INET4 and INET6.
	sqlType string
	// unsure says that it cannot be told whether it has such a type.
	unsure bool
}

// binaryCollation is the one of bytes that are no text.
const binaryCollation = 63

// fixedBinary reports whether the column is a BINARY, which other types look
// like in a table map.
func (c columnDef) fixedBinary() bool {
	return c.kind == mysql.MYSQL_TYPE_STRING && c.collation == binaryCollation
}

// Types of MariaDB's compressed columns.
const (
	typeBlobCompressed    = 140
	typeVarcharCompressed = 141
)

// parseTableMap reads a table map of a server of that flavor, without the checksum
// that it may have come with. rawFDE is the format description event that it
// followed. The types of compressed columns,
// which the library does not know, are those of the plain ones; compressed says
// which they are.
func parseTableMap(flavor string, rawFDE, rawEvent []byte) (tm *replication.TableMapEvent, compressed []bool, err error) {
	p := replication.NewBinlogParser()
	p.SetFlavor(flavor)
	fde := bytes.Clone(rawFDE)
	if at := len(fde) - replication.BinlogChecksumLength - 1; at >= 0 {
		fde[at] = byte(replication.BINLOG_CHECKSUM_ALG_OFF)
	}
	if _, err := p.Parse(fde); err != nil {
		return nil, nil, fmt.Errorf("parse the format description: %w", err)
	}
	raw := bytes.Clone(rawEvent)
	if len(raw) < replication.EventHeaderSize {
		return nil, nil, errEvent
	}
	binary.LittleEndian.PutUint32(raw[9:], uint32(len(raw)))
	if flavor == mysql.MariaDBFlavor {
		compressed = plainTypes(raw)
	}
	e, err := p.Parse(raw)
	if err != nil {
		return nil, nil, fmt.Errorf("parse a table map: %w", err)
	}
	tm, ok := e.Event.(*replication.TableMapEvent)
	if !ok {
		return nil, nil, fmt.Errorf("parse a table map: it is a %T", e.Event)
	}
	return tm, compressed, nil
}

// plainTypes replaces the types of compressed columns in a table map by those of
// plain ones, whose metadata are alike, and says which they were. In front of
// the types stand the table's id, flags, the names of database and table, each
// between its length and a zero, and the number of columns.
func plainTypes(raw []byte) []bool {
	at := replication.EventHeaderSize + 8
	for range 2 {
		if at >= len(raw) {
			return nil
		}
		at += 1 + int(raw[at]) + 1
	}
	if at >= len(raw) {
		return nil
	}
	columns, n := lengthEncoded(raw[at:])
	at += n
	if n == 0 || columns > uint64(len(raw)-at) {
		return nil
	}
	types := raw[at : at+int(columns)]
	compressed := make([]bool, len(types))
	for i, t := range types {
		switch t {
		case typeBlobCompressed:
			types[i], compressed[i] = mysql.MYSQL_TYPE_BLOB, true
		case typeVarcharCompressed:
			types[i], compressed[i] = mysql.MYSQL_TYPE_VARCHAR, true
		}
	}
	return compressed
}

// defOfTableMap describes the table of a table map, which must carry the full
// metadata. compressed says which columns are, and may be nil.
func defOfTableMap(tm *replication.TableMapEvent, compressed []bool) (tableDef, error) {
	d := tableDef{db: string(tm.Schema), table: string(tm.Table)}
	if len(tm.ColumnName) != int(tm.ColumnCount) {
		return d, fmt.Errorf("table %s.%s: %w", d.db, d.table, errNoNames)
	}
	unsigned, text, enum := tm.UnsignedMap(), textCollations(tm), tm.EnumSetCollationMap()
	geometries := tm.GeometryTypeMap()
	enumLabels, setLabels := tm.EnumStrValueMap(), tm.SetStrValueMap()
	for i, kind := range tm.ColumnType {
		if misread[kind] {
			return d, fmt.Errorf("table %s.%s, column %s: type %s %w", d.db, d.table, tm.ColumnName[i], typeName(kind), errUnsupported)
		}
		c := columnDef{name: string(tm.ColumnName[i]), nullable: bitSet(tm.NullBitmap, i), unsigned: unsigned[i], collation: text[i]}
		c.setType(kind, int(tm.ColumnMeta[i]))
		c.compressed = compressed != nil && compressed[i]
		switch c.kind {
		case mysql.MYSQL_TYPE_GEOMETRY:
			if geometries[i] >= uint64(len(geometryTypes)) {
				return d, fmt.Errorf("table %s.%s, column %s: geometry of type %d %w", d.db, d.table, c.name, geometries[i], errUnsupported)
			}
			c.geometry = geometryTypes[geometries[i]]
		case mysql.MYSQL_TYPE_ENUM:
			c.labels, c.collation = enumLabels[i], enum[i]
		case mysql.MYSQL_TYPE_SET:
			c.labels, c.collation = setLabels[i], enum[i]
		}
		d.columns = append(d.columns, c)
	}
	for i, k := range tm.PrimaryKey {
		d.key = append(d.key, keyPart{column: int(k), prefix: int(tm.PrimaryKeyPrefix[i])})
	}
	return d, nil
}

// textCollations are the collations of the columns with text or bytes by their
// index. To the server a VECTOR is one of them, to the library it is not.
func textCollations(tm *replication.TableMapEvent) map[int]uint64 {
	types := tm.ColumnType
	tm.ColumnType = bytes.ReplaceAll(types, []byte{mysql.MYSQL_TYPE_VECTOR}, []byte{mysql.MYSQL_TYPE_BLOB})
	text := tm.CollationMap()
	tm.ColumnType = types
	return text
}

// misread are the types whose metadata the library does not know of, so that it
// misreads that of the columns behind them too. Leaving out the column does not
// help.
var misread = map[byte]bool{
	mysql.MYSQL_TYPE_TIMESTAMP: true,
	mysql.MYSQL_TYPE_DATETIME:  true,
	mysql.MYSQL_TYPE_TIME:      true,
}

// setType reads a type and its metadata as a table map packs them.
func (c *columnDef) setType(kind byte, meta int) {
	c.kind, c.length = kind, meta
	switch kind {
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		c.length, c.scale = meta>>8, meta&0xff
	case mysql.MYSQL_TYPE_BIT:
		c.length = meta>>8*8 + meta&0xff
	case mysql.MYSQL_TYPE_VAR_STRING:
		c.kind = mysql.MYSQL_TYPE_VARCHAR
	case mysql.MYSQL_TYPE_NEWDATE:
		c.kind = mysql.MYSQL_TYPE_DATE
	case mysql.MYSQL_TYPE_STRING:
		// The high byte is the real type, with two bits of the length folded in
		// for a CHAR of more than 255 bytes (Field_string::do_save_field_metadata).
		real, length := meta>>8, meta&0xff
		if real&0x30 != 0x30 {
			c.length = length | (real&0x30^0x30)<<4
			return
		}
		c.kind, c.length = byte(real), length
	}
}

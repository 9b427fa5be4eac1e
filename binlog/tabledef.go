package binlog

import (
	"bytes"
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
}

// parseTableMap reads a table map. rawFDE is the format description event that
// it followed.
func parseTableMap(rawFDE, rawEvent []byte) (*replication.TableMapEvent, error) {
	p := replication.NewBinlogParser()
	if _, err := p.Parse(bytes.Clone(rawFDE)); err != nil {
		return nil, fmt.Errorf("parse the format description: %w", err)
	}
	e, err := p.Parse(bytes.Clone(rawEvent))
	if err != nil {
		return nil, fmt.Errorf("parse a table map: %w", err)
	}
	tm, ok := e.Event.(*replication.TableMapEvent)
	if !ok {
		return nil, fmt.Errorf("parse a table map: it is a %T", e.Event)
	}
	return tm, nil
}

// defOfTableMap describes the table of a table map, which must carry the full
// metadata.
func defOfTableMap(tm *replication.TableMapEvent) (tableDef, error) {
	d := tableDef{db: string(tm.Schema), table: string(tm.Table)}
	if len(tm.ColumnName) != int(tm.ColumnCount) {
		return d, fmt.Errorf("table %s.%s: its rows were logged without column names; run on the server: SET GLOBAL binlog_row_metadata = 'FULL'", d.db, d.table)
	}
	unsigned, text, enum := tm.UnsignedMap(), tm.CollationMap(), tm.EnumSetCollationMap()
	enumLabels, setLabels := tm.EnumStrValueMap(), tm.SetStrValueMap()
	for i := range tm.ColumnType {
		c := columnDef{name: string(tm.ColumnName[i]), nullable: bitSet(tm.NullBitmap, i), unsigned: unsigned[i], collation: text[i]}
		c.setType(tm.ColumnType[i], int(tm.ColumnMeta[i]))
		switch c.kind {
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

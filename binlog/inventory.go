package binlog

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// inventory reads the captured tables from the information schema, in the terms
// of the binlog, so that a table is judged, and its shape known, before its
// first change.
func (s *server) inventory(ctx context.Context, f filter, cs collations) ([]tableDef, error) {
	byName := make(map[string]uint64, len(cs))
	for id, c := range cs {
		byName[c.collation] = id
	}
	tables, err := s.columns(ctx, f, byName)
	if err != nil {
		return nil, err
	}
	if err := s.keys(ctx, tables); err != nil {
		return nil, err
	}
	return tables, nil
}

func (s *server) columns(ctx context.Context, f filter, collation map[string]uint64) ([]tableDef, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, c.IS_NULLABLE = 'YES',
			COALESCE(c.CHARACTER_OCTET_LENGTH, 0), COALESCE(c.NUMERIC_PRECISION, 0), COALESCE(c.NUMERIC_SCALE, 0),
			COALESCE(c.DATETIME_PRECISION, 0), COALESCE(c.COLLATION_NAME, 'binary')
		FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
		WHERE t.TABLE_TYPE = 'BASE TABLE' AND c.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
		ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION`)
	if err != nil {
		return nil, fmt.Errorf("read the columns of the captured tables: %w", err)
	}
	defer rows.Close()
	var tables []tableDef
	for rows.Next() {
		var db, table, columnType, collationName string
		var i schemaColumn
		err := rows.Scan(&db, &table, &i.name, &i.dataType, &columnType, &i.nullable,
			&i.octets, &i.precision, &i.scale, &i.fraction, &collationName)
		if err != nil {
			return nil, fmt.Errorf("read the columns of the captured tables: %w", err)
		}
		if !f.captures(db, table) {
			continue
		}
		if n := len(tables); n == 0 || tables[n-1].db != db || tables[n-1].table != table {
			tables = append(tables, tableDef{db: db, table: table})
		}
		c := i.def(columnType)
		c.collation = collation[collationName]
		t := &tables[len(tables)-1]
		t.columns = append(t.columns, c)
	}
	return tables, rows.Err()
}

// schemaColumn is a row of information_schema.COLUMNS.
type schemaColumn struct {
	name, dataType             string
	nullable                   bool
	octets                     int64
	precision, scale, fraction int
}

// schemaTypes are the binlog's types by their SQL names.
var schemaTypes = map[string]byte{
	"tinyint": mysql.MYSQL_TYPE_TINY, "smallint": mysql.MYSQL_TYPE_SHORT, "mediumint": mysql.MYSQL_TYPE_INT24,
	"int": mysql.MYSQL_TYPE_LONG, "bigint": mysql.MYSQL_TYPE_LONGLONG, "float": mysql.MYSQL_TYPE_FLOAT,
	"double": mysql.MYSQL_TYPE_DOUBLE, "decimal": mysql.MYSQL_TYPE_NEWDECIMAL, "bit": mysql.MYSQL_TYPE_BIT,
	"date": mysql.MYSQL_TYPE_DATE, "time": mysql.MYSQL_TYPE_TIME2, "datetime": mysql.MYSQL_TYPE_DATETIME2,
	"timestamp": mysql.MYSQL_TYPE_TIMESTAMP2, "year": mysql.MYSQL_TYPE_YEAR,
	"char": mysql.MYSQL_TYPE_STRING, "binary": mysql.MYSQL_TYPE_STRING,
	"varchar": mysql.MYSQL_TYPE_VARCHAR, "varbinary": mysql.MYSQL_TYPE_VARCHAR,
	"tinytext": mysql.MYSQL_TYPE_BLOB, "text": mysql.MYSQL_TYPE_BLOB, "mediumtext": mysql.MYSQL_TYPE_BLOB, "longtext": mysql.MYSQL_TYPE_BLOB,
	"tinyblob": mysql.MYSQL_TYPE_BLOB, "blob": mysql.MYSQL_TYPE_BLOB, "mediumblob": mysql.MYSQL_TYPE_BLOB, "longblob": mysql.MYSQL_TYPE_BLOB,
	"enum": mysql.MYSQL_TYPE_ENUM, "set": mysql.MYSQL_TYPE_SET, "json": mysql.MYSQL_TYPE_JSON, "vector": mysql.MYSQL_TYPE_VECTOR,
}

// blobWidths are how many bytes the length of a TEXT or BLOB takes.
var blobWidths = map[string]int{"tiny": 1, "medium": 3, "long": 4}

// def is the column in the binlog's terms. A type that has none there is taken
// for GEOMETRY, which all the others are.
func (i schemaColumn) def(columnType string) columnDef {
	c := columnDef{name: i.name, nullable: i.nullable, unsigned: strings.Contains(columnType, "unsigned")}
	length, binary := binaryTypes[i.dataType]
	kind, ok := schemaTypes[i.dataType]
	switch {
	case binary:
		c.kind, c.length, c.sqlType = mysql.MYSQL_TYPE_STRING, length, i.dataType
		return c
	case !ok:
		kind = mysql.MYSQL_TYPE_GEOMETRY
	}
	if strings.Contains(columnType, "/* mariadb-5.3 */") {
		kind = map[byte]byte{
			mysql.MYSQL_TYPE_TIME2: mysql.MYSQL_TYPE_TIME, mysql.MYSQL_TYPE_DATETIME2: mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIMESTAMP2: mysql.MYSQL_TYPE_TIMESTAMP,
		}[kind]
	}
	c.kind, c.compressed = kind, strings.HasSuffix(columnType, "COMPRESSED*/")
	switch kind {
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		c.length, c.scale = i.precision, i.scale
	case mysql.MYSQL_TYPE_BIT:
		c.length = i.precision
	case mysql.MYSQL_TYPE_TIME2, mysql.MYSQL_TYPE_DATETIME2, mysql.MYSQL_TYPE_TIMESTAMP2:
		c.length = i.fraction
	case mysql.MYSQL_TYPE_STRING, mysql.MYSQL_TYPE_VARCHAR:
		c.length = int(i.octets)
		if c.compressed {
			c.length++
		}
	case mysql.MYSQL_TYPE_JSON, mysql.MYSQL_TYPE_VECTOR:
		c.length = 4
	case mysql.MYSQL_TYPE_GEOMETRY:
		c.length, c.geometry = 4, i.dataType
		if c.geometry == "geomcollection" { // MySQL's name for it since 8.0.
			c.geometry = "geometrycollection"
		}
	case mysql.MYSQL_TYPE_BLOB:
		c.length = 2
		for prefix, width := range blobWidths {
			if strings.HasPrefix(i.dataType, prefix) {
				c.length = width
			}
		}
	case mysql.MYSQL_TYPE_ENUM:
		c.labels, c.labelsUTF8 = members(columnType), true
		c.length = 1
		if len(c.labels) > 255 {
			c.length = 2
		}
	case mysql.MYSQL_TYPE_SET:
		c.labels, c.labelsUTF8 = members(columnType), true
		c.length = []int{1, 1, 2, 3, 4, 8, 8, 8, 8}[bitmapLen(len(c.labels))]
	}
	return c
}

// members reads the labels of `enum('a','b”c')`.
func members(columnType string) []string {
	var labels []string
	s := scanner{query: []byte(columnType), mode: sqlMode{noBackslashEscapes: true}}
	for t := s.next(); t.kind != endToken; t = s.next() {
		if t.kind == stringToken {
			labels = append(labels, string(t.text))
		}
	}
	return labels
}

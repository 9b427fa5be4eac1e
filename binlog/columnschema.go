package binlog

import (
	"strconv"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// numberSchemas are Connect's types of the types whose decoding depends on the
// sign alone. BIGINT UNSIGNED stands in no integer of Connect's.
var numberSchemas = map[byte]struct{ signed, unsigned string }{
	mysql.MYSQL_TYPE_TINY:     {"int16", "int16"},
	mysql.MYSQL_TYPE_SHORT:    {"int16", "int32"},
	mysql.MYSQL_TYPE_INT24:    {"int32", "int32"},
	mysql.MYSQL_TYPE_LONG:     {"int32", "int64"},
	mysql.MYSQL_TYPE_LONGLONG: {"int64", ""},
	mysql.MYSQL_TYPE_FLOAT:    {"float", "float"},
	mysql.MYSQL_TYPE_DOUBLE:   {"double", "double"},
}

// schema is that of a column's values in this encoding. Defaults are left out:
// Connect's converters put them in the place of nulls.
func (e encoding) schema(d columnDef, c *column) connectSchema {
	s := e.valueSchema(d, c)
	s.nullable = d.nullable
	return s.field(d.name)
}

func (e encoding) valueSchema(d columnDef, c *column) connectSchema {
	if d.sqlType != "" {
		return plainOf("string")
	}
	if d.kind == mysql.MYSQL_TYPE_LONGLONG && d.unsigned {
		return e.unsignedSchema()
	}
	if n, ok := numberSchemas[d.kind]; ok {
		if d.unsigned {
			return plainOf(n.unsigned)
		}
		return plainOf(n.signed)
	}
	switch d.kind {
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		return e.decimalSchema(d)
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_TIME2, mysql.MYSQL_TYPE_DATETIME2:
		return e.timeSchema(d)
	case mysql.MYSQL_TYPE_TIMESTAMP2:
		if e.debezium { // The lossless text of a zero date is none.
			return semantic("string", "io.debezium.time.ZonedTimestamp")
		}
	case mysql.MYSQL_TYPE_YEAR:
		return semantic("int32", "io.debezium.time.Year")
	case mysql.MYSQL_TYPE_BIT:
		return e.bitSchema(d)
	case mysql.MYSQL_TYPE_JSON:
		return semantic("string", "io.debezium.data.Json")
	case mysql.MYSQL_TYPE_GEOMETRY:
		return e.geometrySchema(d)
	case mysql.MYSQL_TYPE_VECTOR:
		return namedArray("io.debezium.data.FloatVector", plainOf("float"))
	case mysql.MYSQL_TYPE_ENUM:
		return memberSchema("io.debezium.data.Enum", c)
	case mysql.MYSQL_TYPE_SET:
		if e.debezium {
			return memberSchema("io.debezium.data.EnumSet", c)
		}
		return arrayOf(plainOf("string"))
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_STRING, mysql.MYSQL_TYPE_BLOB:
		if d.collation == binaryCollation && (e.BinaryHandlingMode == "" || e.BinaryHandlingMode == "bytes") {
			return plainOf("bytes")
		}
	}
	return plainOf("string")
}

// maxDigits is how many the largest number of 64 bits has.
const maxDigits = 20

// unsignedSchema is that of BIGINT UNSIGNED: the lossless number, of which an
// int64 would wrap, is a decimal to Connect.
func (e encoding) unsignedSchema() connectSchema {
	if e.BigintUnsignedHandlingMode == "long" {
		return plainOf("int64")
	}
	return decimalOf(maxDigits, 0)
}

func (e encoding) decimalSchema(d columnDef) connectSchema {
	switch e.DecimalHandlingMode {
	case "precise":
		return decimalOf(d.length, d.scale)
	case "double":
		return plainOf("double")
	}
	return plainOf("string")
}

// microTimes are Debezium's names of DATE, TIME and DATETIME in microseconds.
var microTimes = map[byte]connectSchema{
	mysql.MYSQL_TYPE_DATE:      semantic("int32", "io.debezium.time.Date"),
	mysql.MYSQL_TYPE_TIME2:     semantic("int64", "io.debezium.time.MicroTime"),
	mysql.MYSQL_TYPE_DATETIME2: semantic("int64", "io.debezium.time.MicroTimestamp"),
}

// timeSchemas are the names of DATE, TIME and DATETIME by the option's value.
var timeSchemas = map[string]map[byte]connectSchema{
	"adaptive_time_microseconds": microTimes,
	"microseconds":               microTimes,
	"connect": {
		mysql.MYSQL_TYPE_DATE:      semantic("int32", "org.apache.kafka.connect.data.Date"),
		mysql.MYSQL_TYPE_TIME2:     semantic("int32", "org.apache.kafka.connect.data.Time"),
		mysql.MYSQL_TYPE_DATETIME2: semantic("int64", "org.apache.kafka.connect.data.Timestamp"),
	},
	"nanoseconds": {
		mysql.MYSQL_TYPE_DATE:      semantic("int32", "io.debezium.time.Date"),
		mysql.MYSQL_TYPE_TIME2:     semantic("int64", "io.debezium.time.NanoTime"),
		mysql.MYSQL_TYPE_DATETIME2: semantic("int64", "io.debezium.time.NanoTimestamp"),
	},
	"isostring": {
		mysql.MYSQL_TYPE_DATE:      semantic("string", "io.debezium.time.IsoDate"),
		mysql.MYSQL_TYPE_TIME2:     semantic("string", "io.debezium.time.IsoTime"),
		mysql.MYSQL_TYPE_DATETIME2: semantic("string", "io.debezium.time.IsoTimestamp"),
	},
}

func (e encoding) timeSchema(d columnDef) connectSchema {
	if e.TimePrecisionMode == "" {
		return plainOf("string")
	}
	if e.TimePrecisionMode == "adaptive_time_microseconds" && d.kind == mysql.MYSQL_TYPE_DATETIME2 && d.length <= 3 {
		return semantic("int64", "io.debezium.time.Timestamp")
	}
	return timeSchemas[e.TimePrecisionMode][d.kind]
}

func (e encoding) bitSchema(d columnDef) connectSchema {
	switch {
	case d.length == 1:
		return plainOf("boolean")
	case e.debezium:
		s := semantic("bytes", "io.debezium.data.Bits")
		s.parameters = []parameter{{"length", strconv.Itoa(d.length)}}
		return s
	case d.length == 64: // As a BIGINT UNSIGNED.
		return decimalOf(maxDigits, 0)
	}
	return plainOf("int64")
}

// geometrySchema leaves the lossless form without Debezium's name: its number of
// the reference system has a bit more than Debezium's.
func (e encoding) geometrySchema(d columnDef) connectSchema {
	wkb, srid := plainOf("bytes").field("wkb"), plainOf("int32").optional().field("srid")
	switch {
	case !e.debezium:
		return structOf("", 0, plainOf("int64").field("srid"), wkb)
	case d.geometry == "point":
		s := structOf("io.debezium.data.geometry.Point", 1, plainOf("double").field("x"), plainOf("double").field("y"), wkb.optional(), srid)
		s.doc = "Geometry (POINT)"
		return s
	}
	s := structOf("io.debezium.data.geometry.Geometry", 1, wkb, srid)
	s.doc = "Geometry"
	return s
}

// memberSchema is that of text which is one or some of a list.
func memberSchema(name string, c *column) connectSchema {
	members := make([]string, len(c.members))
	for i, m := range c.members {
		members[i] = strings.ReplaceAll(m, ",", `\,`)
	}
	s := semantic("string", name)
	s.parameters = []parameter{{"allowed", strings.Join(members, ",")}}
	return s
}

func namedArray(name string, items connectSchema) connectSchema {
	s := arrayOf(items)
	s.name, s.version = name, 1
	return s
}

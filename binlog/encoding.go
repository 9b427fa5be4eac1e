package binlog

import (
	"encoding/base64"
	"encoding/hex"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// instead returns the function for a column whose values the encoding writes
// in another form than the lossless one, or nil.
func (e encoding) instead(d columnDef) appendFunc {
	if d.sqlType != "" {
		return nil
	}
	switch d.kind {
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		return map[string]appendFunc{"precise": appendDecimalPrecise, "double": appendDecimalDouble}[e.DecimalHandlingMode]
	case mysql.MYSQL_TYPE_LONGLONG:
		if !d.unsigned {
			return nil
		}
		return map[string]appendFunc{"long": appendInt64, "precise": appendUint64Precise}[e.BigintUnsignedHandlingMode]
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_TIME2, mysql.MYSQL_TYPE_DATETIME2:
		return e.time(d)
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_STRING, mysql.MYSQL_TYPE_BLOB:
		return e.binary(d)
	}
	if !e.debezium {
		return nil
	}
	switch d.kind {
	case mysql.MYSQL_TYPE_TIMESTAMP2:
		return appendTimestampEpoch
	case mysql.MYSQL_TYPE_YEAR:
		return appendYearAdjusted
	case mysql.MYSQL_TYPE_BIT:
		if d.length > 1 {
			return appendBits
		}
	case mysql.MYSQL_TYPE_SET:
		return appendSetText
	case mysql.MYSQL_TYPE_GEOMETRY:
		if d.geometry == "point" {
			return appendPoint
		}
		return appendGeometryOptional
	}
	return nil
}

// json is how documents are printed.
func (e encoding) json() *jsonStyle {
	if e.debezium {
		return &jsonCompact
	}
	return &jsonAsMySQL
}

// binary is for text too, which it leaves as it is.
func (e encoding) binary(d columnDef) appendFunc {
	var encode func(dst, v []byte) []byte
	switch e.BinaryHandlingMode {
	case "base64-url-safe":
		encode = base64.URLEncoding.AppendEncode
	case "hex":
		encode = hex.AppendEncode
	}
	if encode == nil || d.collation != binaryCollation {
		return nil
	}
	return func(dst, data []byte, c *column) ([]byte, int, error) {
		var padded [255]byte
		var v []byte
		var n int
		var err error
		if d.kind == mysql.MYSQL_TYPE_STRING {
			v = padded[:c.scale]
			n, err = fixedBinary(data, c, v)
		} else {
			v, n, err = sized(data, c.meta)
		}
		if err != nil {
			return dst, 0, err
		}
		dst = encode(append(dst, '"'), v)
		return append(dst, '"'), n, nil
	}
}

// time is for the times without a zone.
func (e encoding) time(d columnDef) appendFunc {
	if e.TimePrecisionMode == "" {
		return nil
	}
	if e.TimePrecisionMode == "isostring" {
		return map[byte]appendFunc{
			mysql.MYSQL_TYPE_DATE: appendDateISO, mysql.MYSQL_TYPE_TIME2: appendTimeISO, mysql.MYSQL_TYPE_DATETIME2: appendDatetimeISO,
		}[d.kind]
	}
	switch d.kind {
	case mysql.MYSQL_TYPE_DATE:
		return appendDays
	case mysql.MYSQL_TYPE_TIME2:
		return map[string]appendFunc{
			"adaptive_time_microseconds": timeIn(micros), "microseconds": timeIn(micros),
			"nanoseconds": timeIn(nanos), "connect": timeOfDay,
		}[e.TimePrecisionMode]
	}
	unit := int64(micros)
	switch {
	case e.TimePrecisionMode == "nanoseconds":
		unit = nanos
	case e.TimePrecisionMode == "connect", e.TimePrecisionMode == "adaptive_time_microseconds" && d.length <= 3:
		unit = millis
	}
	return datetimeIn(unit)
}

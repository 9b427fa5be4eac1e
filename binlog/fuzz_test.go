package binlog

import (
	"encoding/json"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// fuzzedColumns are columns of every kind, each in every form.
func fuzzedColumns(f *testing.F) [][]column {
	f.Helper()
	colls := collations{63: {name: "binary", maxLen: 1}, 45: {name: "utf8mb4", maxLen: 4}, 8: {name: "latin1", maxLen: 1}, 54: {name: "utf16", maxLen: 4}, 248: {name: "gb18030", maxLen: 4}, 12: {name: "ujis", maxLen: 3}}
	var defs []columnDef
	for kind := range numbers {
		defs = append(defs, columnDef{kind: kind}, columnDef{kind: kind, unsigned: true})
	}
	for kind := range times {
		for places := range 7 {
			defs = append(defs, columnDef{kind: kind, length: places})
		}
	}
	for _, width := range []int{1, 2, 3, 4} {
		for id := range colls {
			defs = append(defs, columnDef{kind: mysql.MYSQL_TYPE_BLOB, length: width, collation: id}, columnDef{kind: mysql.MYSQL_TYPE_BLOB, length: width, collation: id, compressed: true})
		}
	}
	for name := range binaries {
		defs = append(defs, columnDef{kind: mysql.MYSQL_TYPE_STRING, length: binaryTypes[name], collation: 63, sqlType: name})
	}
	defs = append(defs,
		columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 65, scale: 30}, columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 1}, columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 9, scale: 9},
		columnDef{kind: mysql.MYSQL_TYPE_YEAR}, columnDef{kind: mysql.MYSQL_TYPE_DATE}, columnDef{kind: mysql.MYSQL_TYPE_DATE, nullable: true},
		columnDef{kind: mysql.MYSQL_TYPE_BIT, length: 1}, columnDef{kind: mysql.MYSQL_TYPE_BIT, length: 64},
		columnDef{kind: mysql.MYSQL_TYPE_STRING, length: 255, collation: 63}, columnDef{kind: mysql.MYSQL_TYPE_STRING, length: 1020, collation: 45},
		columnDef{kind: mysql.MYSQL_TYPE_ENUM, length: 2, labels: []string{"a", "b"}, collation: 45}, columnDef{kind: mysql.MYSQL_TYPE_SET, length: 8, labels: []string{"a", "b"}, collation: 45},
		columnDef{kind: mysql.MYSQL_TYPE_JSON, length: 4}, columnDef{kind: mysql.MYSQL_TYPE_VECTOR, length: 4},
		columnDef{kind: mysql.MYSQL_TYPE_GEOMETRY, length: 4, geometry: "point"}, columnDef{kind: mysql.MYSQL_TYPE_GEOMETRY, length: 4, geometry: "polygon"})
	encodings := []encoding{{}}
	for _, o := range []TypeOptions{
		{EnableTimeAdjuster: true},
		{DecimalHandlingMode: "double", TimePrecisionMode: "connect", BigintUnsignedHandlingMode: "precise", BinaryHandlingMode: "hex"},
		{DecimalHandlingMode: "string", TimePrecisionMode: "isostring", BinaryHandlingMode: "base64-url-safe"},
		{TimePrecisionMode: "nanoseconds"},
		{TimePrecisionMode: "microseconds"},
	} {
		e, err := newEncoding(typesDebezium, o)
		if err != nil {
			f.Fatal(err)
		}
		encodings = append(encodings, e)
	}
	columns := make([][]column, len(defs))
	for i, d := range defs {
		d.name = "c"
		for _, e := range encodings {
			var c column
			if err := c.set(d, colls, e); err != nil {
				f.Fatalf("%+v: %v", d, err)
			}
			columns[i] = append(columns[i], c)
		}
	}
	return columns
}

// FuzzDecoders gives any bytes to each decoder: it may refuse them, and else
// says what JSON value they are and how many of them. All forms of a column share an
// input, since a run of the fuzzer costs a hundred times what a decoder does.
func FuzzDecoders(f *testing.F) {
	columns := fuzzedColumns(f)
	for i := range columns {
		f.Add(i, []byte("\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
		f.Add(i, []byte("\x05\x00\x00\x00\x8a\x00\x01ab"))
	}
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		forms := columns[int(uint(which)%uint(len(columns)))]
		for i := range forms {
			c := &forms[i]
			got, n, err := c.append([]byte("[0,"), data, c)
			if err != nil {
				continue
			}
			if got = append(got, ']'); !json.Valid(got) || n > len(data) || n == 0 {
				t.Errorf("%s: %x became %s of %d bytes", c.def.Type, data, got, n)
			}
		}
	})
}

// FuzzJSON gives any bytes to the decoder of documents.
func FuzzJSON(f *testing.F) {
	for _, document := range jsonDocuments {
		f.Add([]byte(document.binary))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		for _, style := range []jsonStyle{jsonAsMySQL, jsonCompact} {
			got, err := appendJSONText(nil, document, style)
			if err != nil {
				continue
			}
			var text string
			if err := json.Unmarshal(got, &text); err != nil || !json.Valid([]byte(text)) {
				t.Errorf("%x became %s: %v", document, got, err)
			}
		}
	})
}

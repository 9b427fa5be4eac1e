package binlog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// typeColumn is a column of the types table: every row of it takes one of the
// values, in turn.
type typeColumn struct {
	name, ddl string
	values    []string
	// on is the only server that has the type; empty for both. since is the first of
	// its versions that does, where that is not the oldest that is supported.
	on    mysqlserver.Flavor
	since [3]int
}

// typesTable has a column of every type.
var typesTable = append([]typeColumn{
	{name: "ti", ddl: "tinyint", values: []string{"-128", "127", "0"}},
	{name: "tu", ddl: "tinyint unsigned", values: []string{"255", "0"}},
	{name: "b1", ddl: "tinyint(1)", values: []string{"1", "0", "-5"}},
	{name: "si", ddl: "smallint", values: []string{"-32768", "32767"}},
	{name: "su", ddl: "smallint unsigned", values: []string{"65535"}},
	{name: "mi", ddl: "mediumint", values: []string{"-8388608", "8388607", "-1"}},
	{name: "mu", ddl: "mediumint unsigned", values: []string{"16777215"}},
	{name: "i", ddl: "int", values: []string{"-2147483648", "2147483647"}},
	{name: "iu", ddl: "int unsigned", values: []string{"4294967295"}},
	{name: "bi", ddl: "bigint", values: []string{"-9223372036854775808", "9223372036854775807"}},
	{name: "bu", ddl: "bigint unsigned", values: []string{"18446744073709551615", "0"}},
	{name: "f", ddl: "float", values: []string{"0.1", "-3.4e38", "1e-38", "16777217"}},
	{name: "d", ddl: "double", values: []string{"0.1", "-1.7976931348623157e308", "5e-324", "1e21"}},
	{name: "d65", ddl: "decimal(65,30)", values: []string{"-99999999999999999999999999999999999.999999999999999999999999999999", "0.000000000000000000000000000001", "-1"}},
	{name: "d1", ddl: "decimal(1,0)", values: []string{"9", "-9", "0"}},
	{name: "d9", ddl: "decimal(9,9)", values: []string{"0.123456789", "-0.000000001"}},
	{name: "d18", ddl: "decimal(18,9) unsigned", values: []string{"999999999.999999999", "0.5"}},
	{name: "yr", ddl: "year", values: []string{"1901", "2155", "0"}},
	{name: "dt", ddl: "date", values: []string{"'9999-12-31'", "'1000-01-01'", "'0000-00-00'", "'2024-00-00'", "'0001-01-01'", "'2024-05-00'"}},
	{name: "t0", ddl: "time", values: []string{"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"}},
	{name: "t1", ddl: "time(1)", values: []string{"'-00:00:00.1'", "'12:34:56.7'"}},
	{name: "t3", ddl: "time(3)", values: []string{"'-838:59:58.999'", "'-00:00:00.001'"}},
	{name: "t6", ddl: "time(6)", values: []string{"'-00:00:00.000001'", "'838:59:58.999999'", "'-12:00:00'"}},
	{name: "dt0", ddl: "datetime", values: []string{"'9999-12-31 23:59:59'", "'0000-00-00 00:00:00'", "'2024-02-00 01:02:03'"}},
	{name: "dt2", ddl: "datetime(2)", values: []string{"'1999-12-31 23:59:59.99'"}},
	{name: "dt6", ddl: "datetime(6)", values: []string{"'2024-03-31 02:30:00.000001'", "'0000-00-00 00:00:00.000000'"}},
	{name: "ts0", ddl: "timestamp", values: []string{"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00 00:00:00'"}},
	{name: "ts4", ddl: "timestamp(4)", values: []string{"'2001-09-09 01:46:40.1234'"}},
	{name: "bit1", ddl: "bit(1)", values: []string{"b'1'", "b'0'"}},
	{name: "bit9", ddl: "bit(9)", values: []string{"b'101010101'"}},
	{name: "bit64", ddl: "bit(64)", values: []string{"18446744073709551615", "1"}},
	{name: "c", ddl: "char(10)", values: []string{"'abc'", "''", "'zoë 🌍'"}},
	{name: "c255", ddl: "char(255)", values: once("REPEAT('é', 255)", "'x  '")},
	{name: "vc", ddl: "varchar(60)", values: []string{`'“q", \\ \t\n\r\0'`, "'x '", "''"}},
	{name: "vc300", ddl: "varchar(300)", values: once("REPEAT('🌍', 300)", "REPEAT('🌍', 64)")},
	{name: "vbin", ddl: "varchar(10) character set utf8mb4 collate utf8mb4_bin", values: []string{"'Bin'"}},
	{name: "bin", ddl: "binary(4)", values: []string{"x'ff000000'", "x'00000000'", "''"}},
	{name: "vb", ddl: "varbinary(300)", values: []string{"x'00ff'", "''"}},
	{name: "tt", ddl: "tinytext", values: []string{"'tiny'"}},
	{name: "tx", ddl: "text", values: []string{"'text'"}},
	{name: "mt", ddl: "mediumtext", values: []string{"REPEAT('m', 300)"}},
	{name: "lt", ddl: "longtext", values: []string{"'long'"}},
	{name: "tb", ddl: "tinyblob", values: []string{"x'01'"}},
	{name: "bl", ddl: "blob", values: []string{"x'0203'"}},
	{name: "mb", ddl: "mediumblob", values: once("REPEAT(x'04', 65537)", "x'04'")},
	{name: "lb", ddl: "longblob", values: []string{"x'05'"}},
	{name: "en", ddl: "enum('a','b''c','ü,')", values: []string{"'a'", "'b''c'", "3", "0"}},
	{name: "st", ddl: "set('x','y','z')", values: []string{"'x,z'", "''", "'y'"}},
	{name: "st9", ddl: "set('1','2','3','4','5','6','7','8','9')", values: []string{"'9,1'"}},
	{name: "stored", ddl: "int generated always as (i - i + 7) stored"},
	{name: "virt", ddl: "varchar(30) generated always as (concat('<', vbin, '>')) virtual"},
	{name: "g", ddl: "geometry", values: []string{"ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))')", "ST_GeomFromText('POINT(1.5 -2)', 4326)"}},
	{name: "pt", ddl: "point", values: []string{"POINT(1.5, -2)"}},
	{name: "ls", ddl: "linestring", values: []string{"ST_GeomFromText('LINESTRING(0 0,1 1)')"}},
	{name: "pg", ddl: "polygon", values: []string{"ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))')"}},
	{name: "mp", ddl: "multipoint", values: []string{"ST_GeomFromText('MULTIPOINT(0 0,1 1)')"}},
	{name: "ml", ddl: "multilinestring", values: []string{"ST_GeomFromText('MULTILINESTRING((0 0,1 1))')"}},
	{name: "my", ddl: "multipolygon", values: []string{"ST_GeomFromText('MULTIPOLYGON(((0 0,0 1,1 1,0 0)))')"}},
	{name: "gc", ddl: "geometrycollection", values: []string{"ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1))')"}},
	{name: "order", ddl: "int", values: []string{"1"}},
	{name: "a \"b\" 'c'.ü€", ddl: "int", values: []string{"2"}},

	{name: "j", ddl: "json", on: mysqlserver.MySQL, values: jsonValues},
	{name: "vec", ddl: "vector(3)", on: mysqlserver.MySQL, since: [3]int{9, 0, 0}, values: []string{"TO_VECTOR('[1,2.5,-3.0e-7]')", "TO_VECTOR('[0.1,3.4e38]')"}},
	{name: "hidden", ddl: "int default 3 invisible", on: mysqlserver.MySQL, since: [3]int{8, 0, 23}, values: []string{"4"}},
	{name: "jtext", ddl: "longtext check (json_valid(jtext))", on: mysqlserver.MariaDB, values: []string{`'{"a": [1,  2]}'`, `'1'`}},
	{name: "hidden", ddl: "int invisible default 3", on: mysqlserver.MariaDB, values: []string{"4"}},
	{name: "u", ddl: "uuid", on: mysqlserver.MariaDB, values: []string{"'123e4567-e89b-12d3-a456-426655440000'", "'00000000-0000-0000-0000-000000000000'", "'01888888-e89b-72d3-a456-4266554400ff'"}},
	{name: "i4", ddl: "inet4", on: mysqlserver.MariaDB, values: []string{"'192.0.2.255'", "'10.0.0.0'"}},
	{name: "i6", ddl: "inet6", on: mysqlserver.MariaDB, values: []string{
		"'2001:db8::ff00:42:8329'", "'::'", "'::1'", "'::1.2.3.4'", "'::ffff:1.2.3.4'", "'1:0:0:2:0:0:0:3'", "'1:0:2:3:4:5:6:7'", "'1:2:3:4:5:6:7:0'", "'::5'", "'1:2:3:4:5:6:7:8'", "'0:1::1:0:0:1'",
	}},
	{name: "cv", ddl: "varchar(300) compressed", on: mysqlserver.MariaDB, values: once("REPEAT('é', 300)", "'short'", "''")},
	{name: "cl", ddl: "varchar(200) compressed character set latin1", on: mysqlserver.MariaDB, values: once("REPEAT('é', 200)", "'£'")},
	{name: "ct", ddl: "text compressed", on: mysqlserver.MariaDB, values: once("REPEAT('text ', 1000)", "'x'")},
	{name: "cb", ddl: "longblob compressed", on: mysqlserver.MariaDB, values: once("REPEAT(x'00ff', 40000)", "x'00'", "''")},
	{name: "cvb", ddl: "varbinary(500) compressed", on: mysqlserver.MariaDB, values: once("REPEAT(x'01', 500)", "x'02'")},
}, charsetColumns()...)

// once are values of which the first, a long one, is in few rows.
func once(long string, short ...string) []string {
	values := []string{long}
	for len(values) < len(jsonValues) {
		values = append(values, short...)
	}
	return values
}

// jsonValues are a document of each kind of value, scalars first.
var jsonValues = []string{
	"'null'", "'true'", "'0'", "'-1'", "'32767'", "'-32769'", "'2147483648'", "'-9223372036854775808'", "'18446744073709551615'",
	"'1.5'", "'-0.0'", "'1e15'", "'1e14'", "'1e-15'", "'1e-16'", "'123456789012345678e0'", "'1.7976931348623157e308'", "'5e-324'",
	`'"a\\"b\\\\ \\n\\u0001 é🌍 /"'`, "'[]'", "'{}'",
	`'{"b": 1, "aa": [null, true, false], "a": {"x": {"y": -5}}, "": "", "zoë": 70000}'`,
	"CAST(1.10 AS JSON)", "CAST(-99999999999999999999999999999999999.999999999999999999999999999999 AS JSON)",
	"CAST(CAST('2024-02-29' AS DATE) AS JSON)", "CAST(CAST('-838:59:59' AS TIME) AS JSON)", "CAST(CAST('01:02:03.000400' AS TIME(6)) AS JSON)",
	"CAST(CAST('2024-02-29 01:02:03.5' AS DATETIME(1)) AS JSON)", "CAST(TIMESTAMP'2001-09-09 01:46:40' AS JSON)",
	"CAST(x'00ff' AS JSON)", "CAST(CAST(REPEAT('x', 57) AS BINARY) AS JSON)", "CAST(CAST(REPEAT('x', 200) AS BINARY) AS JSON)", "CAST(b'101' AS JSON)",
	"JSON_ARRAY(1.10, CAST('2024-02-29' AS DATE), x'00ff', 4294967295, -2147483648)",
	"JSON_OBJECT('large', REPEAT('y', 65536), 'n', 100000, 'm', 7, 'deep', JSON_ARRAY(JSON_OBJECT('k', 1.5)))",
	"CAST(ST_GeomFromText('POINT(1 2)') AS JSON)", "CAST(CAST('2024' AS YEAR) AS JSON)",
}

// charsetColumns has a column and an enumeration in each character set.
func charsetColumns() []typeColumn {
	var columns []typeColumn
	for _, set := range []struct{ name, sample string }{
		{"armscii8", "Հայ"},
		{"ascii", "plain"},
		{"big5", "中文"},
		{"cp1250", "Žluť"},
		{"cp1251", "Привет"},
		{"cp1256", "سلام"},
		{"cp1257", "Ąžuo"},
		{"cp850", "Ñandú"},
		{"cp852", "Źrób"},
		{"cp866", "Привет"},
		{"cp932", "日本ｱ～①"},
		{"dec8", "Ÿéß"},
		{"eucjpms", "日本①"},
		{"euckr", "한국어"},
		{"gb18030", "中文€🌍ǹ"},
		{"gb2312", "中文"},
		{"gbk", "中文镕"},
		{"geostd8", "გამ"},
		{"greek", "Ελλά"},
		{"hebrew", "שלום"},
		{"hp8", "éß£"},
		{"keybcs2", "Žluť"},
		{"koi8r", "Привет"},
		{"koi8u", "Їжак"},
		{"latin1", "café €"},
		{"latin2", "Łódź"},
		{"latin5", "İşğ"},
		{"latin7", "Ąžuo"},
		{"macce", "Žluť"},
		{"macroman", "café†"},
		{"sjis", "日本ｱ"},
		{"swe7", "ÅÄÖ"},
		{"tis620", "ไทย"},
		{"ucs2", "日本€"},
		{"ujis", "日本丂"},
		{"utf16", "日本🌍"},
		{"utf16le", "日本🌍"},
		{"utf32", "日本🌍"},
		{"utf8mb3", "é€"},
	} {
		on := mysqlserver.Flavor("")
		if set.name == "gb18030" {
			on = mysqlserver.MySQL
		}
		columns = append(columns,
			typeColumn{name: "t_" + set.name, ddl: "varchar(40) character set " + set.name, on: on, values: []string{"'" + set.sample + "'", "'a b'", "''"}},
			typeColumn{name: "e_" + set.name, ddl: fmt.Sprintf("enum('x','%s') character set %s", strings.ReplaceAll(set.sample, "🌍", ""), set.name), on: on, values: []string{"2", "1"}})
	}
	return columns
}

// typesOn are those of the types table's columns that the tests' server has.
func typesOn(t testing.TB, servers mysqltest.Servers) []typeColumn {
	t.Helper()
	columns := slices.DeleteFunc(typesOf(servers.Flavor), func(c typeColumn) bool {
		return c.since[0] > 0 && !servers.Since(t, c.since[0], c.since[1], c.since[2])
	})
	if servers.Flavor != mysqlserver.MariaDB && !servers.Since(t, 8, 0, 22) { // It has no CAST to YEAR.
		for i, c := range columns {
			columns[i].values = slices.DeleteFunc(slices.Clone(c.values), func(v string) bool { return strings.Contains(v, "AS YEAR") })
		}
	}
	return columns
}

// typesOf are the columns of the types table on the newest server of a flavor.
func typesOf(flavor mysqlserver.Flavor) []typeColumn {
	if flavor == "" {
		flavor = mysqlserver.MySQL
	}
	return slices.DeleteFunc(slices.Clone(typesTable), func(c typeColumn) bool { return c.on != "" && c.on != flavor })
}

// typesStatements create the types table, and insert, update and delete rows
// that hold every value.
func typesStatements(columns []typeColumn) (create string, changes []string, rows int) {
	defs, names := []string{"id int PRIMARY KEY", "n int NOT NULL DEFAULT 0"}, []string{"id"}
	for _, c := range columns {
		quoted := "`" + c.name + "`"
		defs = append(defs, quoted+" "+c.ddl)
		rows = max(rows, len(c.values))
		if len(c.values) > 0 {
			names = append(names, quoted)
		}
	}
	changes = []string{"SET SESSION sql_mode = '', time_zone = '+00:00'"}
	for row := range rows {
		values := []string{strconv.Itoa(row)}
		for _, c := range columns {
			if len(c.values) > 0 {
				values = append(values, c.values[row%len(c.values)])
			}
		}
		changes = append(changes, "INSERT INTO types ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(values, ", ")+")")
	}
	changes = append(changes, "INSERT INTO types (id) VALUES (-1)", "UPDATE types SET n = n + 1")
	return "CREATE TABLE types (" + strings.Join(defs, ", ") + ") CHARACTER SET utf8mb4", changes, rows + 1
}

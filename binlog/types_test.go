package binlog

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"telltale/internal/mysqlserver/mysqltest"
)

// typesTable has a column of every type that is supported. Each column's
// values follow: every row of the test takes one of each.
var typesTable = []struct {
	column, ddl string
	values      []string
}{
	{"ti", "tinyint", []string{"-128", "127", "0"}},
	{"tu", "tinyint unsigned", []string{"255", "0"}},
	{"b1", "tinyint(1)", []string{"1", "0"}},
	{"si", "smallint", []string{"-32768", "32767"}},
	{"su", "smallint unsigned", []string{"65535"}},
	{"mi", "mediumint", []string{"-8388608", "8388607", "-1"}},
	{"mu", "mediumint unsigned", []string{"16777215"}},
	{"i", "int", []string{"-2147483648", "2147483647"}},
	{"iu", "int unsigned", []string{"4294967295"}},
	{"bi", "bigint", []string{"-9223372036854775808", "9223372036854775807"}},
	{"bu", "bigint unsigned", []string{"18446744073709551615", "0"}},
	{"f", "float", []string{"0.1", "-3.4e38", "1e-38"}},
	{"d", "double", []string{"0.1", "-1.7976931348623157e308", "5e-324", "1e21"}},
	{"d65", "decimal(65,30)", []string{"-99999999999999999999999999999999999.999999999999999999999999999999", "0.000000000000000000000000000001", "-1"}},
	{"d1", "decimal(1,0)", []string{"9", "-9", "0"}},
	{"d9", "decimal(9,9)", []string{"0.123456789", "-0.000000001"}},
	{"d18", "decimal(18,9) unsigned", []string{"999999999.999999999", "0.5"}},
	{"yr", "year", []string{"1901", "2155", "0"}},
	{"dt", "date", []string{"'9999-12-31'", "'1000-01-01'", "'0000-00-00'", "'2024-00-00'", "'0001-01-01'"}},
	{"t0", "time", []string{"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'"}},
	{"t1", "time(1)", []string{"'-00:00:00.1'", "'12:34:56.7'"}},
	{"t3", "time(3)", []string{"'-838:59:58.999'", "'-00:00:00.001'"}},
	{"t6", "time(6)", []string{"'-00:00:00.000001'", "'838:59:58.999999'", "'-12:00:00'"}},
	{"dt0", "datetime", []string{"'9999-12-31 23:59:59'", "'0000-00-00 00:00:00'", "'2024-02-00 01:02:03'"}},
	{"dt2", "datetime(2)", []string{"'1999-12-31 23:59:59.99'"}},
	{"dt6", "datetime(6)", []string{"'2024-03-31 02:30:00.000001'", "'0000-00-00 00:00:00.000000'"}},
	{"ts0", "timestamp", []string{"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00 00:00:00'"}},
	{"ts4", "timestamp(4)", []string{"'2001-09-09 01:46:40.1234'"}},
	{"bit1", "bit(1)", []string{"b'1'", "b'0'"}},
	{"bit9", "bit(9)", []string{"b'101010101'"}},
	{"bit64", "bit(64)", []string{"18446744073709551615", "1"}},
	{"c", "char(10)", []string{"'abc'", "''", "'zoë 🌍'"}},
	{"c255", "char(255)", []string{"REPEAT('é', 255)", "'x  '"}},
	{"vc", "varchar(60)", []string{`'“q", \\ \t\n\r\0'`, "'x '", "''"}},
	{"vc300", "varchar(300)", []string{"REPEAT('🌍', 300)"}},
	{"vasc", "varchar(10) character set ascii", []string{"'plain'"}},
	{"vu3", "varchar(10) character set utf8mb3", []string{"'é€'"}},
	{"vbin", "varchar(10) character set utf8mb4 collate utf8mb4_bin", []string{"'Bin'"}},
	{"bin", "binary(4)", []string{"x'ff000000'", "x'00000000'", "''"}},
	{"vb", "varbinary(300)", []string{"x'00ff'", "''"}},
	{"tt", "tinytext", []string{"'tiny'"}},
	{"tx", "text", []string{"'text'"}},
	{"mt", "mediumtext", []string{"REPEAT('m', 70000)"}},
	{"lt", "longtext", []string{"'long'"}},
	{"tb", "tinyblob", []string{"x'01'"}},
	{"bl", "blob", []string{"x'0203'"}},
	{"mb", "mediumblob", []string{"REPEAT(x'04', 70000)"}},
	{"lb", "longblob", []string{"x'05'"}},
	{"en", "enum('a','b''c','ü,')", []string{"'a'", "'b''c'", "3", "0"}},
	{"st", "set('x','y','z')", []string{"'x,z'", "''", "'y'"}},
	{"st9", "set('1','2','3','4','5','6','7','8','9')", []string{"'9,1'"}},
}

// What the raw record says of every type is what SELECT says, and the shape
// that the information schema gives is the one that the binlog gives.
func TestTypesAreAsStored(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testTypesAreAsStored)
}

func testTypesAreAsStored(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	create, rows := []string{"id int PRIMARY KEY"}, 0
	for _, c := range typesTable {
		create = append(create, c.column+" "+c.ddl)
		rows = max(rows, len(c.values))
	}
	h.exec(t, "CREATE TABLE types ("+strings.Join(create, ", ")+") CHARACTER SET utf8mb4")
	h.start(t)
	inserts := []string{"SET SESSION sql_mode = '', time_zone = '+00:00'"}
	for row := range rows {
		values := []string{strconv.Itoa(row)}
		for _, c := range typesTable {
			values = append(values, c.values[row%len(c.values)])
		}
		inserts = append(inserts, "INSERT INTO types VALUES ("+strings.Join(values, ", ")+")")
	}
	h.exec(t, append(inserts, "INSERT INTO types (id) VALUES (-1)")...)
	h.published(t)
	shapes := map[string]bool{}
	for _, r := range h.records(t, "types", rows+1) {
		shapes[r.Source.Shape] = true
		var image map[string]json.RawMessage
		if err := json.Unmarshal(r.After, &image); err != nil {
			t.Fatal(err)
		}
		h.compareRow(t, image)
	}
	if len(shapes) != 1 {
		t.Errorf("the rows have the shapes %v", shapes)
	}
	known := h.shapes(t)
	if len(known) != 1 || !shapes[known[0].ID] {
		t.Errorf("the information schema gave %+v, the binlog %v", known, shapes)
	}
	for i, c := range typesTable {
		if got, want := known[0].Columns[i+1].Type, strings.Replace(strings.Split(c.ddl, " character set")[0], "(1)", map[bool]string{true: "", false: "(1)"}[c.column == "b1"], 1); got != want {
			t.Errorf("column %s: got type %s, want %s", c.column, got, want)
		}
	}
	h.mustStop(t)
}

func (h *harness) compareRow(t *testing.T, image map[string]json.RawMessage) {
	t.Helper()
	selected := []string{}
	for _, c := range typesTable {
		switch {
		case strings.HasPrefix(c.ddl, "bit"):
			selected = append(selected, c.column+"+0")
		case strings.HasPrefix(c.ddl, "dat"), strings.HasPrefix(c.ddl, "time"): // As text, whatever the driver makes of times.
			selected = append(selected, "CAST("+c.column+" AS CHAR)")
		default:
			selected = append(selected, c.column)
		}
	}
	values := make([]sql.RawBytes, len(selected))
	targets := make([]any, len(selected))
	for i := range values {
		targets[i] = &values[i]
	}
	conn, err := h.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "SET SESSION sql_mode = '', time_zone = '+00:00'"); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.QueryContext(t.Context(), "SELECT "+strings.Join(selected, ", ")+" FROM types WHERE id = "+string(image["id"]))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() {
		t.Fatalf("no row %s", image["id"])
	}
	if err := rows.Scan(targets...); err != nil {
		t.Fatal(err)
	}
	for i, c := range typesTable {
		if got, want := normal(t, c.ddl, image[c.column]), expected(c.ddl, values[i]); got != want {
			t.Errorf("row %s, column %s %s: got %s (%s), want %s", image["id"], c.column, c.ddl, got, image[c.column], want)
		}
	}
}

// normal is a JSON value as text; floats by their value.
func normal(t *testing.T, ddl string, j json.RawMessage) string {
	t.Helper()
	if bytes.Equal(j, []byte("null")) {
		return "NULL"
	}
	switch {
	case strings.HasPrefix(ddl, "set"):
		var members []string
		if err := json.Unmarshal(j, &members); err != nil {
			t.Fatalf("%s: %v", j, err)
		}
		return strings.Join(members, ",")
	case j[0] == '"':
		var s string
		if err := json.Unmarshal(j, &s); err != nil {
			t.Fatalf("%s: %v", j, err)
		}
		return s
	case ddl == "float", ddl == "double":
		return float(string(j), ddl)
	}
	return string(j)
}

// expected is what a lossless record must say for what SELECT said.
func expected(ddl string, v sql.RawBytes) string {
	if v == nil {
		return "NULL"
	}
	s := string(v)
	switch {
	case ddl == "float", ddl == "double":
		return float(s, ddl)
	case ddl == "bit(1)":
		return strconv.FormatBool(s == "1")
	case ddl == "year":
		year, _ := strconv.Atoi(s)
		return strconv.Itoa(year)
	case strings.Contains(ddl, "binary") || strings.Contains(ddl, "blob"):
		return base64.StdEncoding.EncodeToString(v)
	case strings.HasPrefix(ddl, "datetime"), strings.HasPrefix(ddl, "timestamp"):
		if strings.Contains(s[:10], "-00") {
			return s
		}
		s = strings.Replace(s, " ", "T", 1)
		if strings.HasPrefix(ddl, "timestamp") {
			s += "Z"
		}
	}
	return s
}

func float(s, ddl string) string {
	if ddl == "float" { // SELECT prints six digits of a FLOAT.
		v, _ := strconv.ParseFloat(s, 32)
		return fmt.Sprintf("%.5e", v)
	}
	v, _ := strconv.ParseFloat(s, 64)
	return strconv.FormatFloat(v, 'e', -1, 64)
}

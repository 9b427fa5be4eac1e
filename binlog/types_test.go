package binlog

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// What the raw record says of every type is what SELECT says, in both images,
// and the shape that the information schema gives is the one that the binlog
// gives.
func TestTypesAreAsStored(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testTypesAreAsStored)
}

func testTypesAreAsStored(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	columns := typesOn(t, servers)
	create, changes, rows := typesStatements(columns)
	h.exec(t, create)
	h.start(t)
	h.exec(t, changes...)
	h.published(t)
	want := selectTypes(t, h.mysql, columns)
	shapes := map[string]bool{}
	for _, r := range h.records(t, "types", 2*rows) {
		shapes[r.Source.Shape] = true
		compareTypes(t, columns, r.Before, want)
		compareTypes(t, columns, r.After, want)
	}
	if len(shapes) != 1 {
		t.Errorf("the rows have the shapes %v", shapes)
	}
	known := h.shapes(t)
	if len(known) != 1 || !shapes[known[0].ID] {
		t.Fatalf("the information schema gave %+v, the binlog %v", known, shapes)
	}
	for i, c := range columns {
		if got, want := known[0].Columns[i+2].Type, typeInShape(c.ddl); got != want {
			t.Errorf("column %s: got type %s, want %s", c.name, got, want)
		}
	}
	h.mustStop(t)
}

// typeInShape is what a shape calls the type of a column.
func typeInShape(ddl string) string {
	switch ddl {
	case "tinyint(1)":
		return "tinyint"
	case "vector(3)":
		return "vector"
	}
	for _, end := range []string{" character set", " generated", " default", " invisible", " compressed", " check"} {
		ddl, _, _ = strings.Cut(ddl, end)
	}
	return ddl
}

// selected are the values of the types table by id and column, as text that
// tells them apart.
type selected map[string]map[string]string

// selectTypes reads the table over the binary protocol, which a prepared
// statement uses.
func selectTypes(t *testing.T, server *mysqlserver.Server, columns []typeColumn) selected {
	t.Helper()
	dsn, err := driver.ParseDSN(server.DSN("shop"))
	if err != nil {
		t.Fatal(err)
	}
	dsn.ParseTime = false // A zero date is no time.
	db, err := sql.Open("mysql", dsn.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "SET SESSION sql_mode = '', time_zone = '+00:00'"); err != nil {
		t.Fatal(err)
	}
	names := []string{"id"}
	for _, c := range columns {
		names = append(names, "`"+c.name+"`")
	}
	statement, err := conn.PrepareContext(t.Context(), "SELECT "+strings.Join(names, ", ")+" FROM types")
	if err != nil {
		t.Fatal(err)
	}
	defer statement.Close()
	rows, err := statement.QueryContext(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := selected{}
	for rows.Next() {
		values, targets := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		row := map[string]string{}
		for i, c := range columns {
			row[c.name] = expected(c.ddl, values[i+1])
		}
		all[fmt.Sprint(values[0])] = row
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// compareTypes compares one image, which may be null, with what was selected.
func compareTypes(t *testing.T, columns []typeColumn, image json.RawMessage, want selected) {
	t.Helper()
	if string(image) == "null" {
		return
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(image, &got); err != nil {
		t.Fatal(err)
	}
	row, ok := want[string(got["id"])]
	if !ok {
		t.Fatalf("there is no row %s", got["id"])
	}
	for _, c := range columns {
		if got := normal(t, c.ddl, got[c.name]); got != row[c.name] {
			t.Errorf("column %s %s: got %.200s, want %.200s", c.name, c.ddl, got, row[c.name])
		}
	}
}

// isGeometry reports whether a type is a geometry.
func isGeometry(ddl string) bool {
	for _, name := range geometryTypes {
		if ddl == name {
			return true
		}
	}
	return false
}

// normal is a JSON value as text; floats by their value.
func normal(t *testing.T, ddl string, j json.RawMessage) string {
	t.Helper()
	parse := func(v any) {
		if err := json.Unmarshal(j, v); err != nil {
			t.Fatalf("%s: %v", j, err)
		}
	}
	switch {
	case string(j) == "null":
		return "NULL"
	case ddl == "float":
		var f float32
		parse(&f)
		return strconv.FormatFloat(float64(f), 'g', -1, 32)
	case ddl == "double":
		var f float64
		parse(&f)
		return strconv.FormatFloat(f, 'g', -1, 64)
	case strings.HasPrefix(ddl, "set"):
		var members []string
		parse(&members)
		return strings.Join(members, ",")
	case strings.HasPrefix(ddl, "vector"):
		var v []float32
		parse(&v)
		return fmt.Sprint(v)
	case isGeometry(ddl):
		var g struct {
			SRID uint32 `json:"srid"`
			WKB  []byte `json:"wkb"`
		}
		parse(&g)
		return fmt.Sprintf("%d %x", g.SRID, g.WKB)
	case j[0] == '"':
		var s string
		parse(&s)
		return s
	}
	return string(j)
}

// expected is what a lossless record must say for what SELECT said.
func expected(ddl string, v any) string {
	b, ok := v.([]byte)
	switch {
	case v == nil:
		return "NULL"
	case ddl == "float":
		return strconv.FormatFloat(float64(v.(float32)), 'g', -1, 32)
	case ddl == "double":
		return strconv.FormatFloat(v.(float64), 'g', -1, 64)
	case !ok:
		return fmt.Sprint(v)
	case strings.HasPrefix(ddl, "bit"):
		n := binary.BigEndian.Uint64(append(make([]byte, 8-len(b)), b...))
		if ddl == "bit(1)" {
			return strconv.FormatBool(n == 1)
		}
		return strconv.FormatUint(n, 10)
	case strings.HasPrefix(ddl, "vector"):
		var floats []float32
		for i := 0; i < len(b); i += 4 {
			floats = append(floats, math.Float32frombits(binary.LittleEndian.Uint32(b[i:])))
		}
		return fmt.Sprint(floats)
	case isGeometry(ddl):
		return fmt.Sprintf("%d %x", binary.LittleEndian.Uint32(b), b[4:])
	case strings.Contains(ddl, "binary") || strings.Contains(ddl, "blob"):
		return base64.StdEncoding.EncodeToString(b)
	case strings.HasPrefix(ddl, "datetime"), strings.HasPrefix(ddl, "timestamp"):
		s := string(b)
		if strings.Contains(s[:10], "-00") {
			return s
		}
		s = strings.Replace(s, " ", "T", 1)
		if strings.HasPrefix(ddl, "timestamp") {
			s += "Z"
		}
		return s
	}
	return string(b)
}

package charset

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

var record = flag.Bool("record", false, "read the tables from a server again")

// numbers are the numbers from 0 to below %d, as a table n.
const numbers = `WITH RECURSIVE n AS (SELECT 0 i UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1) `

// codes are, for each plane, the bytes of its i-th code in SQL.
var codes = []string{
	"UNHEX(LPAD(HEX(i), 2, '0'))",
	"UNHEX(LPAD(HEX(i), 4, '0'))",
	"UNHEX(CONCAT('8F', LPAD(HEX(i), 4, '0')))",
	"UNHEX(CONCAT(HEX(129 + i DIV 12600), HEX(48 + i DIV 1260 % 10), HEX(129 + i DIV 10 % 126), HEX(48 + i % 10)))",
}

// Every code means what it means to the server.
func TestTablesAreTheServers(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testTablesAreTheServers)
}

func testTablesAreTheServers(t *testing.T, servers mysqltest.Servers) {
	conn, err := mysqltest.DB(t, servers.Start(t), "charsets").Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	variable := "cte_max_recursion_depth"
	if servers.Flavor == mysqlserver.MariaDB {
		variable = "max_recursive_iterations"
	}
	if _, err := conn.ExecContext(t.Context(), "SET SESSION "+variable+" = 100000"); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if servers.Flavor == mysqlserver.MariaDB && name == "gb18030" {
			continue // It has none.
		}
		depth := map[string]int{"big5": 2, "cp932": 2, "euckr": 2, "gb2312": 2, "gbk": 2, "sjis": 2, "ujis": 3, "eucjpms": 3, "gb18030": 4}[name]
		var want [4][]uint16
		for plane := range max(depth, 1) {
			want[plane] = ask(t, conn, name, plane)
		}
		if *record && servers.Flavor != mysqlserver.MariaDB {
			write(t, name, want[:])
			continue
		}
		c, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for plane, got := range [][]uint16{c.one, c.two, c.three, c.four} {
			compare(t, fmt.Sprintf("%s, plane %d", name, plane), got, want[plane])
		}
	}
}

func compare(t *testing.T, what string, got, want []uint16) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d codes, want %d", what, len(got), len(want))
		return
	}
	differ := 0
	for code := range want {
		if got[code] == want[code] {
			continue
		}
		if differ++; differ < 5 {
			t.Errorf("%s: code %x is %x, the server says %x", what, code, got[code], want[code])
		}
	}
	if differ > 0 {
		t.Errorf("%s: %d codes differ", what, differ)
	}
}

// ask reads a plane from the server, which puts a question mark where a code
// has no character.
func ask(t *testing.T, conn *sql.Conn, name string, plane int) []uint16 {
	t.Helper()
	all := make([]uint16, planes[plane])
	for code := range all {
		all[code] = none
	}
	query := fmt.Sprintf(numbers, planes[plane]) + fmt.Sprintf(
		"SELECT i, CONVERT(CONVERT(b USING %[1]s) USING utf8mb4) FROM (SELECT i, CAST(%[2]s AS BINARY) b FROM n) codes WHERE CHAR_LENGTH(CONVERT(b USING %[1]s)) = 1",
		name, codes[plane])
	rows, err := conn.QueryContext(context.WithoutCancel(t.Context()), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var code int
		var text sql.NullString // Null where the bytes are damage to the server.
		if err := rows.Scan(&code, &text); err != nil {
			t.Fatal(err)
		}
		if !text.Valid {
			continue
		}
		r, n := utf8.DecodeRuneInString(text.String)
		if n != len(text.String) || r > 0xffff {
			t.Fatalf("%s: code %x is %q", name, code, text.String)
		}
		// MySQL takes half a character of eucjpms for a replacement character.
		unknown := r == '?' && !(plane == 0 && code == '?') || r == utf8.RuneError && plane == 0
		if !unknown {
			all[code] = uint16(r)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func write(t *testing.T, name string, table [][]uint16) {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for _, plane := range table {
		if err := binary.Write(z, binary.BigEndian, plane); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("tables/"+name+".gz", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ charset, bytes, want string }{
		{"latin1", "caf\xe9 \x80\x81", "café €\u0081"},
		{"swe7", "[a]", "ÄaÅ"},
		{"sjis", "\x82\xa0\xb1", "あｱ"},
		{"cp932", "\x81\x60\xfa\x40", "～ⅰ"},
		{"ujis", "\xa4\xa2\x8f\xb0\xa1", "あ丂"},
		{"big5", "a\xa4\xa4", "a中"},
		{"gbk", "\xd6\xd0\x80", "中"},
		{"gb18030", "\xd6\xd0\x81\x30\x84\x36\x90\x30\x81\x30\xe3\x32\x9a\x35", "中¥\U00010000\U0010ffff"},
		{"ucs2", "\x20\xac\xd8\x00", "€"},
		{"utf16", "\xd8\x3c\xdf\x0d\x00a\xd8\x00", "🌍a"},
		{"utf16le", "\x3c\xd8\x0d\xdfa\x00\x00\xdc\x00\xdc", "🌍a"},
		{"utf32", "\x00\x01\xf3\x0d\x00\x00\xd8\x00", "🌍"},
		{"ascii", "a\xe9", "a"},
	} {
		c, err := Find(tt.charset)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for s := []byte(tt.bytes); ; {
			r, n := c.Next(s)
			if n == 0 {
				break
			}
			got.WriteRune(r)
			s = s[n:]
		}
		if got.String() != tt.want {
			t.Errorf("%s: got %q, want %q", tt.charset, got.String(), tt.want)
		}
	}
	if c, err := Find("klingon"); c != nil || err != nil {
		t.Errorf("an unknown set is %v, %v", c, err)
	}
}

func FuzzNext(f *testing.F) {
	f.Add(0, []byte("a\x81\x30\x84\x36"))
	all := append([]string{"ucs2", "utf16", "utf16le", "utf32"}, names...)
	sets := make([]*Charset, len(all))
	for i, name := range all {
		var err error
		if sets[i], err = Find(name); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, which int, s []byte) {
		c := sets[int(uint(which)%uint(len(sets)))]
		for len(s) > 0 {
			r, n := c.Next(s)
			if n == 0 {
				return
			}
			if n > len(s) || !utf8.ValidRune(r) {
				t.Fatalf("%s: %x became %x of %d bytes", c.Name(), s, r, n)
			}
			s = s[n:]
		}
	})
}

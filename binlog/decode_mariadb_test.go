package binlog

import (
	"encoding/hex"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// The bytes are what MariaDB 10.11 writes for the value beside them.
func TestMariaDBValues(t *testing.T) {
	t.Parallel()
	colls := collations{63: {name: "binary", maxLen: 1}, 45: {name: "utf8mb4", maxLen: 4}}
	fixed := func(sqlType string) columnDef {
		return columnDef{name: "c", kind: mysql.MYSQL_TYPE_STRING, length: binaryTypes[sqlType], collation: 63, sqlType: sqlType}
	}
	packed := columnDef{name: "c", kind: mysql.MYSQL_TYPE_VARCHAR, length: 1201, collation: 45, compressed: true}
	for _, tt := range []struct {
		name, data, want string // No want is an error.
		def              columnDef
	}{
		{"uuid", "0e123e4567e89b12d3a45642665544", `"123e4567-e89b-12d3-a456-426655440000"`, fixed("uuid")},
		{"uuid too long", "11123e4567e89b12d3a456426655440000ff", "", fixed("uuid")},
		{"inet4", "010a", `"10.0.0.0"`, fixed("inet4")},
		{"inet6", "1020010db8000000000000ff0000428329", `"2001:db8::ff00:42:8329"`, fixed("inet6")},
		{"inet6 of zeros", "00", `"::"`, fixed("inet6")},
		{"inet6 mapped", "1000000000000000000000ffff01020304", `"::ffff:1.2.3.4"`, fixed("inet6")},
		{"inet6 with one zero", "1000010000000200030004000500060007", `"1::2:3:4:5:6:7"`, fixed("inet6")},
		{"compressed", "07008a01902b49ad28", "", packed},
		{"compressed and cut off", "0a008a01902b49ad282919c5", "", packed},
		{"not compressed", "02000061", `"a"`, packed},
		{"empty", "0000", `""`, packed},
		{"compressed by an unknown method", "03009a0161", "", packed},
		{"compressed, and longer than it can be", "0700" + "8c7fffffff2b49", "", packed},
	} {
		var c column
		if err := c.set(tt.def, colls, encoding{}); err != nil {
			t.Fatal(err)
		}
		data, err := hex.DecodeString(tt.data)
		if err != nil {
			t.Fatal(err)
		}
		got, n, err := c.append(nil, data, &c)
		if tt.want == "" && err == nil || tt.want != "" && (err != nil || string(got) != tt.want || n != len(data)) {
			t.Errorf("%s: got %s of %d bytes, %v, want %s of %d", tt.name, got, n, err, tt.want, len(data))
		}
	}
}

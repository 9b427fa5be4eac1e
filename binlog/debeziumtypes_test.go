package binlog

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
)

func encodingOf(t *testing.T, profile string, o TypeOptions) encoding {
	t.Helper()
	e, err := newEncoding(profile, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// debeziumForms are values in the forms that Debezium's connector gives them;
// the bytes are what MySQL 9.7 writes.
var debeziumForms = []struct {
	name, data, want string
	def              columnDef
	options          TypeOptions
}{
	{"decimal", "810dfb38d204d2", `"Czpzzi/y"`, columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 14, scale: 4}, TypeOptions{}},
	{"decimal negative", "72b3", `"+qA="`, columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 4, scale: 2}, TypeOptions{}},
	{"decimal zero", "8000", `"AA=="`, columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 4, scale: 2}, TypeOptions{}},
	{"decimal 1.28", "811c", `"AIA="`, columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 4, scale: 2}, TypeOptions{}},
	{"decimal -1.28", "7ee3", `"gA=="`, columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 4, scale: 2}, TypeOptions{}},
	{"decimal double", "72b3", "-13.76", columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 4, scale: 2}, TypeOptions{DecimalHandlingMode: "double"}},
	{"decimal string", "72b3", `"-13.76"`, columnDef{kind: mysql.MYSQL_TYPE_NEWDECIMAL, length: 4, scale: 2}, TypeOptions{DecimalHandlingMode: "string"}},
	{"bigint unsigned", "ffffffffffffffff", "-1", columnDef{kind: mysql.MYSQL_TYPE_LONGLONG, unsigned: true}, TypeOptions{}},
	{"bigint unsigned precise", "ffffffffffffffff", `"AP//////////"`, columnDef{kind: mysql.MYSQL_TYPE_LONGLONG, unsigned: true}, TypeOptions{BigintUnsignedHandlingMode: "precise"}},
	{"bigint", "0000000000000080", "-9223372036854775808", columnDef{kind: mysql.MYSQL_TYPE_LONGLONG}, TypeOptions{BigintUnsignedHandlingMode: "precise"}},
	{"date", "21a90f", "12662", columnDef{kind: mysql.MYSQL_TYPE_DATE}, TypeOptions{}},
	{"date before 1970", "5e630f", "-63", columnDef{kind: mysql.MYSQL_TYPE_DATE}, TypeOptions{}},
	{"date of year 1", "210200", "11323", columnDef{kind: mysql.MYSQL_TYPE_DATE}, TypeOptions{EnableTimeAdjuster: true}},
	{"date of year 1 as it is", "210200", "-719162", columnDef{kind: mysql.MYSQL_TYPE_DATE}, TypeOptions{}},
	{"zero date, nullable", "000000", "null", columnDef{kind: mysql.MYSQL_TYPE_DATE, nullable: true}, TypeOptions{}},
	{"zero date", "000000", "0", columnDef{kind: mysql.MYSQL_TYPE_DATE}, TypeOptions{}},
	{"date iso", "21a90f", `"2004-09-01Z"`, columnDef{kind: mysql.MYSQL_TYPE_DATE}, TypeOptions{TimePrecisionMode: "isostring"}},
	{"datetime(6)", "99b2d420000003e8", "1710036000001000", columnDef{kind: mysql.MYSQL_TYPE_DATETIME2, length: 6}, TypeOptions{}},
	{"datetime(3)", "99b2d420001388", "1710036000500", columnDef{kind: mysql.MYSQL_TYPE_DATETIME2, length: 3}, TypeOptions{}},
	{"datetime connect", "99b2d420000003e8", "1710036000001", columnDef{kind: mysql.MYSQL_TYPE_DATETIME2, length: 6}, TypeOptions{TimePrecisionMode: "connect"}},
	{"datetime microseconds", "99b2d42000", "1710036000000000", columnDef{kind: mysql.MYSQL_TYPE_DATETIME2}, TypeOptions{TimePrecisionMode: "microseconds"}},
	{"datetime nanoseconds", "99b2d420000003e8", "1710036000001000000", columnDef{kind: mysql.MYSQL_TYPE_DATETIME2, length: 6}, TypeOptions{TimePrecisionMode: "nanoseconds"}},
	{"datetime iso", "99b2d420000003e8", `"2024-03-10T02:00:00.001Z"`, columnDef{kind: mysql.MYSQL_TYPE_DATETIME2, length: 6}, TypeOptions{TimePrecisionMode: "isostring"}},
	{"time min", "4b9105", "-3020399000000", columnDef{kind: mysql.MYSQL_TYPE_TIME2}, TypeOptions{}},
	{"time nanoseconds", "7fffffff", "-10000000", columnDef{kind: mysql.MYSQL_TYPE_TIME2, length: 2}, TypeOptions{TimePrecisionMode: "nanoseconds"}},
	{"time connect", "80c8b803e8", "45296100", columnDef{kind: mysql.MYSQL_TYPE_TIME2, length: 4}, TypeOptions{TimePrecisionMode: "connect"}},
	{"time iso", "80c8b803e8", `"12:34:56.1Z"`, columnDef{kind: mysql.MYSQL_TYPE_TIME2, length: 4}, TypeOptions{TimePrecisionMode: "isostring"}},
	{"timestamp(3)", "3b9aca0104d2", `"2001-09-09T01:46:41.123Z"`, columnDef{kind: mysql.MYSQL_TYPE_TIMESTAMP2, length: 3}, TypeOptions{}},
	{"zero timestamp", "000000000000", `"1970-01-01T00:00:00.000Z"`, columnDef{kind: mysql.MYSQL_TYPE_TIMESTAMP2, length: 3}, TypeOptions{}},
	{"year 0", "00", "1900", columnDef{kind: mysql.MYSQL_TYPE_YEAR}, TypeOptions{}},
	{"bit(1)", "01", "true", columnDef{kind: mysql.MYSQL_TYPE_BIT, length: 1}, TypeOptions{}},
	{"bit(9)", "0155", `"VQE="`, columnDef{kind: mysql.MYSQL_TYPE_BIT, length: 9}, TypeOptions{}},
	{"set", "05", `"a,c"`, columnDef{kind: mysql.MYSQL_TYPE_SET, length: 1, labels: []string{"a", "b", "c"}, collation: 45}, TypeOptions{}},
	{"set empty", "00", `""`, columnDef{kind: mysql.MYSQL_TYPE_SET, length: 1, labels: []string{"a"}, collation: 45}, TypeOptions{}},
	{"enum", "02", `"b"`, columnDef{kind: mysql.MYSQL_TYPE_ENUM, length: 1, labels: []string{"a", "b"}, collation: 45}, TypeOptions{}},
	{"binary", "02fbf0", `"+/AAAA=="`, columnDef{kind: mysql.MYSQL_TYPE_STRING, length: 4, collation: 63}, TypeOptions{}},
	{"binary url-safe", "02fbf0", `"-_AAAA=="`, columnDef{kind: mysql.MYSQL_TYPE_STRING, length: 4, collation: 63}, TypeOptions{BinaryHandlingMode: "base64-url-safe"}},
	{"binary hex", "02fbf0", `"fbf00000"`, columnDef{kind: mysql.MYSQL_TYPE_STRING, length: 4, collation: 63}, TypeOptions{BinaryHandlingMode: "hex"}},
	{"blob hex", "0200fbf0", `"fbf0"`, columnDef{kind: mysql.MYSQL_TYPE_BLOB, length: 2, collation: 63}, TypeOptions{BinaryHandlingMode: "hex"}},
	{"text beside hex", "020061c3", "", columnDef{kind: mysql.MYSQL_TYPE_BLOB, length: 2, collation: 45}, TypeOptions{BinaryHandlingMode: "hex"}},
	{"point", "19000000" + "00000000" + "0101000000000000000000f83f00000000000000c0", `{"x":1.5,"y":-2,"wkb":"AQEAAAAAAAAAAAD4PwAAAAAAAADA","srid":null}`, columnDef{kind: mysql.MYSQL_TYPE_GEOMETRY, length: 4, geometry: "point"}, TypeOptions{}},
	{"geometry", "0d000000" + "e6100000" + "010700000000000000", `{"wkb":"AQcAAAAAAAAA","srid":4326}`, columnDef{kind: mysql.MYSQL_TYPE_GEOMETRY, length: 4, geometry: "geometry"}, TypeOptions{}},
	{"json", "10000000" + "0001000f000b000100056100" + "61" + "000000", `"{\"a\":97}"`, columnDef{kind: mysql.MYSQL_TYPE_JSON, length: 4}, TypeOptions{}},
}

func TestDebeziumForms(t *testing.T) {
	t.Parallel()
	colls := collations{63: {name: "binary", maxLen: 1}, 45: {name: "utf8mb4", maxLen: 4}}
	for _, tt := range debeziumForms {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c column
			tt.def.name = "c"
			if err := c.set(tt.def, colls, encodingOf(t, typesDebezium, tt.options)); err != nil {
				t.Fatal(err)
			}
			data, err := hex.DecodeString(tt.data)
			if err != nil {
				t.Fatal(err)
			}
			got, n, err := c.append([]byte("x"), data, &c)
			if tt.want == "" {
				if err == nil {
					t.Errorf("got %s, want an error", got)
				}
				return
			}
			if err != nil || string(got) != "x"+tt.want || n != len(data) && tt.def.kind != mysql.MYSQL_TYPE_JSON {
				t.Errorf("got %s of %d bytes, %v, want %s of %d", got, n, err, tt.want, len(data))
			}
			for cut := range n {
				if _, _, err := c.append(nil, data[:cut], &c); err == nil {
					t.Errorf("%d of %d bytes were taken for a value", cut, n)
				}
			}
		})
	}
}

func TestDebeziumFormsRefuse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, data string
		def        columnDef
		mode       string
	}{
		{"a day that is not in the calendar", "5fd00f", columnDef{kind: mysql.MYSQL_TYPE_DATE}, ""},
		{"a year that nanoseconds cannot count to", "fef3ff7efb", columnDef{kind: mysql.MYSQL_TYPE_DATETIME2}, "nanoseconds"},
		{"838 hours as a time of day", "4b9105", columnDef{kind: mysql.MYSQL_TYPE_TIME2}, "connect"},
		{"838 hours as an ISO time", "4b9105", columnDef{kind: mysql.MYSQL_TYPE_TIME2}, "isostring"},
	} {
		var c column
		if err := c.set(tt.def, nil, encodingOf(t, typesDebezium, TypeOptions{TimePrecisionMode: tt.mode})); err != nil {
			t.Fatal(err)
		}
		data, err := hex.DecodeString(tt.data)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := c.append(nil, data, &c); err == nil {
			t.Errorf("%s: got %s, want an error", tt.name, got)
		}
	}
}

func TestNewEncoding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		profile string
		options TypeOptions
		want    string // Of the error, or else the encoding's name.
	}{
		{"lossless", TypeOptions{}, ""},
		{"lossless", TypeOptions{EnableTimeAdjuster: true}, ""},
		{"lossless", TypeOptions{DecimalHandlingMode: "double"}, "mixed"},
		{"debezium", TypeOptions{}, "debezium"},
		{"lossles", TypeOptions{}, `source.types: "lossles" is neither lossless nor debezium`},
		{"debezium", TypeOptions{BinaryHandlingMode: "base46"}, `source.type_options.binary_handling_mode: "base46" is none of bytes, base64, base64-url-safe, hex; did you mean base64?`},
	} {
		e, err := newEncoding(tt.profile, tt.options)
		got := e.name()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s with %+v: got %q, want %q", tt.profile, tt.options, got, tt.want)
		}
	}
}

// Every value of the recorded tables has a form of Debezium's, and in none of
// them is the record anything but JSON.
func TestRecordedTypesAsDebezium(t *testing.T) {
	t.Parallel()
	eachTypesRecording(t, func(t *testing.T, r recording) {
		for _, mode := range []string{"", "microseconds"} {
			s := r.typesStream(t, encodingOf(t, typesDebezium, TypeOptions{TimePrecisionMode: mode, EnableTimeAdjuster: true}))
			if err := r.replay(t, s); err != nil {
				t.Fatal(err)
			}
			all := envelopes(t, s)
			if len(all) < 20 {
				t.Errorf("got %d changes", len(all))
			}
			if after := string(all[0].After); !strings.Contains(after, `"st":"x,z"`) || !strings.Contains(after, `"bit9":"VQE="`) {
				t.Errorf("got %.300s", after)
			}
		}
	})
}

package binlog

import (
	"encoding/json"
	"strings"
	"testing"
)

// jsonDocuments are documents in binary, as MySQL prints them and as Debezium
// does.
var jsonDocuments = []struct{ name, binary, want, compact string }{
	{"empty", "", "null", "null"},
	{"literals", "\x02\x03\x00\x0d\x00\x04\x00\x00\x04\x01\x00\x04\x02\x00", "[null, true, false]", "[null,true,false]"},
	{"small integers", "\x02\x02\x00\x0a\x00\x05\xff\xff\x06\xff\xff", "[-1, 65535]", "[-1,65535]"},
	{"int32", "\x07\x00\x00\x00\x80", "-2147483648", "-2147483648"},
	{"uint32", "\x08\xff\xff\xff\xff", "4294967295", "4294967295"},
	{"int64", "\x09\x00\x00\x00\x00\x00\x00\x00\x80", "-9223372036854775808", "-9223372036854775808"},
	{"uint64", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615", "18446744073709551615"},
	{"double", "\x0b\x00\x00\x00\x00\x00\x00\xf8\x3f", "1.5", "1.5"},
	{"whole double", "\x0b\x00\x00\x00\x00\x00\x00\xf0\x3f", "1.0", "1.0"},
	{"large double", "\x0b\x00\x80\xe0\x37\x79\xc3\x11\x43", "1.25e15", "1250000000000000"},
	{"string", "\x0c\x04a\"\n\x1f", `"a\"\n\u001f"`, `"a\"\n\u001F"`},
	{"object", "\x00\x01\x00\x0c\x00\x0b\x00\x01\x00\x05\x07\x00a", `{"a": 7}`, `{"a":7}`},
	{"large array", "\x03\x01\x00\x00\x00\x0d\x00\x00\x00\x07\xfe\xff\xff\xff", "[-2]", "[-2]"},
	{"decimal", "\x0f\xf6\x04\x03\x02\x81\x0a", "1.10", "1.10"},
	{"date", "\x0f\x0a\x08\x00\x00\x00\x00\x00\xba\xb2\x19", `"2024-02-29"`, `"2024-02-29"`},
	{"time", "\x0f\x0b\x08\x20\xa1\x07\x83\x10\x00\x00\x00", `"01:02:03.500000"`, `"01:02:03.5"`},
	{"negative time", "\x0f\x0b\x08\x00\x00\x00\x7d\xef\xff\xff\xff", `"-01:02:03.000000"`, `"-01:02:03"`},
	{"opaque", "\x0f\x0f\x02\x00\xff", `"base64:type15:AP8="`, `"AP8="`},
	{"long opaque", "\x0f\x0f\x3a" + strings.Repeat("x", 58), `"base64:type15:` + strings.Repeat("eHh4", 19) + `\neA=="`, `"` + strings.Repeat("eHh4", 19) + `eA=="`},
}

func TestAppendJSONText(t *testing.T) {
	t.Parallel()
	for _, tt := range jsonDocuments {
		for style, want := range map[*jsonStyle]string{&jsonAsMySQL: tt.want, &jsonCompact: tt.compact} {
			got, err := appendJSONText([]byte(`{"j":`), []byte(tt.binary), *style)
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			var image struct{ J string }
			if err := json.Unmarshal(append(got, '}'), &image); err != nil || image.J != want {
				t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, want)
			}
		}
		for cut := 1; cut < len(tt.binary); cut++ {
			if got, err := appendJSONText(nil, []byte(tt.binary[:cut]), jsonAsMySQL); err == nil {
				t.Errorf("%s: %d of %d bytes became %s", tt.name, cut, len(tt.binary), got)
			}
		}
	}
}

func TestAppendJSONTextRefuses(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"an unknown kind":        "\x0d\x00",
		"an unknown literal":     "\x04\x03",
		"text that is not UTF-8": "\x0c\x01\xff",
		"infinity":               "\x0b\x00\x00\x00\x00\x00\x00\xf0\x7f",
		"an array in itself":     "\x02\x01\x00\x08\x00\x02\x00\x00",
		"arrays that share one":  "\x02\x02\x00\x0c\x00\x02\x0a\x00\x02\x0a\x00\x02\x00\x0a\x00\x02\x0a\x00\x02\x0a\x00",
		"more members than fit":  "\x02\xff\xff\x08\x00\x04\x00\x00",
		"a key beyond the end":   "\x00\x01\x00\x0c\x00\xff\x00\x01\x00\x05\x07\x00a",
		"a decimal without form": "\x0f\xf6\x01\x04",
		"a time of three bytes":  "\x0f\x0b\x03\x00\x00\x00",
	} {
		if got, err := appendJSONText([]byte("x"), []byte(document), jsonAsMySQL); err == nil || string(got) != "x" {
			t.Errorf("%s: got %s, %v, want an error", name, got, err)
		}
	}
}

func TestAppendJSONAllocatesNothing(t *testing.T) {
	document := []byte("\x1c\x00\x00\x00" + "\x00\x02\x00\x1b\x00\x12\x00\x01\x00\x13\x00\x02\x00\x0c\x15\x00\x05\x07\x00aab\x04text\x00")
	c, dst := &column{meta: 4, json: &jsonAsMySQL}, make([]byte, 0, 1024)
	allocs := testing.AllocsPerRun(100, func() {
		if _, _, err := appendJSON(dst, document, c); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("a document takes %v allocations, want none", allocs)
	}
}

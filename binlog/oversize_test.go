package binlog

import (
	"cmp"
	"testing"

	"telltale/schemas/change"
)

func TestAppendStub(t *testing.T) {
	t.Parallel()
	const rest = `,"source":{"db":"shop"},"op":"u","id":"x:1"`
	where := change.Oversize{Bytes: 7, SHA256: "ab", URL: "file:///c/ab.json"}
	const oversize = `,"oversize":{"bytes":7,"sha256":"ab","url":"file:///c/ab.json"}}`
	tests := []struct{ name, value, want string }{
		{"update", `{"before":{"a":"}\"{"},"after":{"b":{"c":[1]}}` + rest + `}`, `{"before":{},"after":{}` + rest + oversize},
		{"create", `{"before":null,"after":{"b":"\\"}` + rest + `}`, `{"before":null,"after":{}` + rest + oversize},
		{"delete", `{"before":{"b":1},"after":null` + rest + `}`, `{"before":{},"after":null` + rest + oversize},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := stubOf(tt.value, where)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s and %v, want %s", got, err, tt.want)
			}
		})
	}
	for _, value := range []string{``, `{`, `{"schema":{},"payload":{}}`, `{"before":{"a":1`, `{"before":null,"after":{}`} {
		if got, err := stubOf(value, where); err == nil {
			t.Errorf("%s became %s, want an error", value, got)
		}
	}
}

func stubOf(value string, where change.Oversize) ([]byte, error) {
	middle, end, err := images([]byte(value))
	if err != nil {
		return nil, err
	}
	return appendStub(nil, []byte(value), middle, end, where)
}

// The time at which a record was made becomes that of the commit, and nothing else
// changes, whatever a table is called.
func TestCommittedAt(t *testing.T) {
	t.Parallel()
	const source = `,"source":{"ts_ms":1700000000123,"db":"a","ts_us":1700000000123456,"ts_ns":1700000000123456000,"table":",\"ts_us\":1,"},"op":"c",`
	const behind = `,"id":"u:1:\"ts_ms\":9:0","context":{"actor":"\"ts_ms\":5","ts_ms":"5"}}`
	tests := []struct{ name, text, want string }{
		{
			"times", source + `"ts_ms":1800000000999,"ts_us":1800000000999888,"ts_ns":1800000000999888777` + behind,
			source + `"ts_ms":1700000000123,"ts_us":1700000000123456,"ts_ns":1700000000123456000` + behind,
		},
		{"another length", source + `"ts_ms":1,"ts_us":2,"ts_ns":3` + behind, ""},
		{"no source", `"ts_ms":1,"ts_us":2,"ts_ns":3` + behind, ""},
		{"nothing", ``, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := []byte(tt.text)
			committedAt(got)
			if want := cmp.Or(tt.want, tt.text); string(got) != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestLargestRecord(t *testing.T) {
	t.Parallel()
	var l largest
	l.note("shop.a", []byte(`{"after":{"x":",\"id\":\"no\""},"ts_ns":1,"id":"u:1:shop.a:0","context":{"actor":"b"}}`))
	l.note("shop.b", []byte(`{"id":"y"}`))
	if got, want := l.String(), "the largest one, change u:1:shop.a:0 in topic shop.a, has 86 bytes"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

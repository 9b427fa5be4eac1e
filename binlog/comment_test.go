package binlog

import "testing"

func TestAppendContext(t *testing.T) {
	t.Parallel()
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, tt := range []struct {
		name, query, want string
		noBackslash       bool
	}{
		{name: "none", query: "UPDATE t SET a=1"},
		{
			name: "all, at the end", query: "UPDATE t SET a=1 /*actor='customer%3A7',request_id='r-1',traceparent='" + trace + "'*/",
			want: `,"context":{"actor":"customer:7","request_id":"r-1","traceparent":"` + trace + `"}`,
		},
		{name: "at the start", query: "/*actor='staff'*/ UPDATE t SET a=1", want: `,"context":{"actor":"staff"}`},
		{name: "spaces and unknown keys", query: "UPDATE t SET a=1 /* route='/x' , actor = 'a b' */", want: `,"context":{"actor":"a b"}`},
		{name: "typed into a form", query: `UPDATE t SET a='/*actor=\'admin\'*/'`},
		{name: "typed into a form, quote escaped", query: `UPDATE t SET a='x\'/*actor=%27admin%27*/'`},
		{name: "typed into a form, quote doubled", query: `UPDATE t SET a='x''/*request_id=1*/' /*actor='me'*/`, want: `,"context":{"actor":"me"}`},
		{name: "a backslash that escapes nothing", query: `UPDATE t SET a='\' /*actor='me'*/`, noBackslash: true, want: `,"context":{"actor":"me"}`},
		{name: "in a quoted name", query: "UPDATE `/*actor='x'*/` SET a=1"},
		{name: "in a line comment", query: "UPDATE t SET a=1 -- /*actor='x'*/"},
		{name: "not quoted", query: "UPDATE t SET a=1 /*actor=admin*/"},
		{name: "not encoded well", query: "UPDATE t SET a=1 /*actor='%zz'*/"},
		{name: "not text", query: "UPDATE t SET a=1 /*actor='%ff'*/"},
		{name: "never closed", query: "UPDATE t SET a=1 /*actor='x'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := appendContext(nil, []byte(tt.query), sqlMode{noBackslashEscapes: tt.noBackslash})
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func FuzzLastComment(f *testing.F) {
	f.Add([]byte(`UPDATE t SET a='x\'' /*actor='y'*/`), false)
	f.Fuzz(func(t *testing.T, query []byte, noBackslash bool) {
		if _, err := appendContext(nil, query, sqlMode{noBackslashEscapes: noBackslash}); err != nil {
			t.Errorf("a comment must never fail: %v", err)
		}
	})
}

package binlog

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"
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
			got, err := appendStub(nil, []byte(tt.value), where)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s and %v, want %s", got, err, tt.want)
			}
		})
	}
	for _, value := range []string{``, `{`, `{"schema":{},"payload":{}}`, `{"before":{"a":1`, `{"before":null,"after":{}`} {
		if got, err := appendStub(nil, []byte(value), where); err == nil {
			t.Errorf("%s became %s, want an error", value, got)
		}
	}
}

// A claim check can be written again, as after an aborted transaction, and is
// found by its URL and hash.
func TestClaimCheck(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "claims of today")
	f, err := newOverflow(Options{Oversize: oversizeClaimCheck, ClaimChecks: dir})
	if err != nil {
		t.Fatal(err)
	}
	value := []byte(strings.Repeat("x", 100_000))
	sum := sha256.Sum256(value)
	name := hex.EncodeToString(sum[:])
	for range 2 {
		at, err := f.check(name, value)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(at)
		if err != nil || u.Scheme != "file" {
			t.Fatalf("URL %q: %v", at, err)
		}
		got, err := os.ReadFile(u.Path)
		if err != nil || string(got) != string(value) {
			t.Fatalf("read %d bytes and %v, want the value", len(got), err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("the directory holds %d files (%v), want 1", len(files), err)
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

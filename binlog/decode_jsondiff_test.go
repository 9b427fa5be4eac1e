package binlog

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"testing"
)

// diff packs one diff; a removal has no value.
func diff(does byte, path, value string) string {
	d := string([]byte{does, byte(len(path))}) + path
	if does != diffRemove {
		d += string([]byte{byte(len(value))}) + value
	}
	return d
}

// Documents in binary: {"a": 7}, [-1, 65535] and a string.
const (
	jsonObjectA = "\x00\x01\x00\x0c\x00\x0b\x00\x01\x00\x05\x07\x00a"
	jsonPair    = "\x02\x02\x00\x0a\x00\x05\xff\xff\x06\xff\xff"
	jsonText    = "\x0c\x04text"
	jsonOne     = "\x05\x01\x00"
)

// patched is the text of a document after diffs.
func patched(document, diffs string) (string, error) {
	stored := append(binary.LittleEndian.AppendUint32(nil, uint32(len(diffs))), diffs...)
	got, n, err := appendDiffs([]byte(`{"j":`), stored, []byte(document), &column{meta: 4, json: &jsonAsMySQL})
	if err != nil {
		return string(got), err
	}
	if n != len(stored) {
		return "", errors.New("the diffs were not read to their end")
	}
	var image struct{ J string }
	err = json.Unmarshal(append(got, '}'), &image)
	return image.J, err
}

func TestDiffs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, document, diffs, want string }{
		{"none", jsonObjectA, "", `{"a": 7}`},
		{"replace a member", jsonObjectA, diff(diffReplace, "$.a", jsonText), `{"a": "text"}`},
		{"replace all", jsonObjectA, diff(diffReplace, "$", jsonPair), `[-1, 65535]`},
		{"a value is its own first element", jsonObjectA, diff(diffReplace, "$.a[0]", jsonOne), `{"a": 1}`},
		{"insert members, shorter names first", jsonObjectA, diff(diffInsert, "$.bb", jsonOne) + diff(diffInsert, "$.b", jsonText), `{"a": 7, "b": "text", "bb": 1}`},
		{"insert before an element", jsonPair, diff(diffInsert, "$[1]", jsonOne), `[-1, 1, 65535]`},
		{"insert behind the last", jsonPair, diff(diffInsert, "$[9]", jsonOne), `[-1, 65535, 1]`},
		{"remove a member", jsonObjectA, diff(diffRemove, "$.a", ""), `{}`},
		{"remove the last element", jsonPair, diff(diffRemove, "$[last]", ""), `[-1]`},
		{"remove the last but one", jsonPair, diff(diffRemove, "$[last-1]", ""), `[65535]`},
		{"reach into what was put", jsonObjectA, diff(diffReplace, "$.a", jsonPair) + diff(diffInsert, "$.a[0]", jsonObjectA) + diff(diffRemove, "$.a[1]", ""), `{"a": [{"a": 7}, 65535]}`},
		{"a name in quotes", jsonObjectA, diff(diffInsert, `$."a\"b.c[0]"`, jsonOne) + diff(diffReplace, `$."a\"b.c[0]"`, jsonText), `{"a": 7, "a\"b.c[0]": "text"}`},
	} {
		if got, err := patched(tt.document, tt.diffs); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestDiffsThatDoNotFit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, document, diffs string
		want                  error
	}{
		{"replace a member that is not there", jsonObjectA, diff(diffReplace, "$.b", jsonOne), errJSONDiff},
		{"insert a member that is there", jsonObjectA, diff(diffInsert, "$.a", jsonOne), errJSONDiff},
		{"insert an element into an object", jsonObjectA, diff(diffInsert, "$[0]", jsonOne), errJSONDiff},
		{"insert the whole", jsonObjectA, diff(diffInsert, "$", jsonOne), errJSONDiff},
		{"remove the whole", jsonObjectA, diff(diffRemove, "$", ""), errJSONDiff},
		{"remove an element beyond the end", jsonPair, diff(diffRemove, "$[2]", ""), errJSONDiff},
		{"go through a text", jsonText, diff(diffReplace, "$.a", jsonOne), errJSONDiff},
		{"an operation that is unknown", jsonPair, diff(3, "$[0]", jsonOne), errJSONDiff},
		{"a path with a wildcard", jsonPair, diff(diffReplace, "$**.a", jsonOne), errJSONDiff},
		{"a path that is cut off", jsonPair, diff(diffReplace, "$[0", jsonOne), errJSONShort},
		{"a name that is cut off", jsonPair, diff(diffReplace, `$."a`, jsonOne), errJSONShort},
		{"a value that is cut off", jsonPair, diff(diffReplace, "$[0]", jsonOne)[:7], errJSONShort},
		{"an operation alone", jsonPair, "\x00", errJSONShort},
		{"a document in itself", "\x02\x01\x00\x08\x00\x02\x00\x00", diff(diffReplace, "$[0][0][0]", jsonOne) + diff(diffRemove, "$[0][0][1]", ""), errJSONDiff},
	} {
		if got, err := patched(tt.document, tt.diffs); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %s, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

// FuzzDiffs changes documents and diffs: what comes out is an error or JSON.
func FuzzDiffs(f *testing.F) {
	f.Add([]byte(jsonObjectA), []byte(diff(diffInsert, "$.bb", jsonOne)+diff(diffRemove, "$.a", "")))
	f.Add([]byte(jsonPair), []byte(diff(diffInsert, "$[last-1]", jsonText)))
	f.Add([]byte("\x02\x01\x00\x08\x00\x02\x00\x00"), []byte(diff(diffReplace, "$[0][0]", jsonOne)))
	f.Fuzz(func(t *testing.T, document, diffs []byte) {
		text, err := patched(string(document), string(diffs))
		if err == nil && !json.Valid([]byte(text)) {
			t.Errorf("got %s", text)
		}
	})
}

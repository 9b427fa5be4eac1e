package binlog

import "testing"

// What Debezium's connector had in a key for the texts.
func TestKeyText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"🌍\x00'\"", `"\uD83C\uDF0D\u0000'\""`},
		{"a\x1f\n\\u00ab é€", `"a\u001F\n\\u00ab é€"`},
		{"x🌍🌍\\", `"x\uD83C\uDF0D\uD83C\uDF0D\\"`},
		{"", `""`},
	} {
		j, err := appendString([]byte("before"), []byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(appendKeyText(j, j[len("before"):])[len(j):]); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.text, got, tt.want)
		}
	}
}

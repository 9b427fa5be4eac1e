package mail

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", "Zoë O'Neill 李", "Zoë O'Neill 李"},
		{"line ends", "a\r\nb\nc\u2028d\u0085e", "a b c d e"},
		{"terminal and direction controls", "a\x1b[31mb\u202ec\x00", "a [31mb c"},
		{"not UTF-8", "a\xffb", "a b"},
		{"blank", " \t\r\n", ""},
		{"as long as allowed", strings.Repeat("é", maxLine), strings.Repeat("é", maxLine)},
		{"too long", strings.Repeat("é", maxLine+1), strings.Repeat("é", maxLine-1) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := Line(test.in); got != test.want {
				t.Errorf("Line(%q): got %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "…", "12345": "…", "123456": "…", "1234567": "…567", "+1\r\n2345678": "…678"} {
		if got := tail(in); got != want {
			t.Errorf("tail(%q): got %q, want %q", in, got, want)
		}
	}
}

package mailer

import (
	"strings"
	"testing"
)

func TestLetters(t *testing.T) {
	t.Parallel()
	phone := func(s string) *string { return &s }
	l := newLetters("Corner Shop")
	const signature = "\nIf this was not you, please write to us at once.\n\nCorner Shop\n"
	tests := []struct {
		name    string
		write   func() (letter, error)
		subject string
		body    string
	}{
		{
			"welcome", func() (letter, error) { return l.welcome("Bob") },
			"Welcome to Corner Shop, Bob", "Hello Bob,\n\nwelcome to Corner Shop. Your account is ready.\n" + signature,
		},
		{
			"welcome without a name", func() (letter, error) { return l.welcome("") },
			"Welcome to Corner Shop", "Hello,\n\nwelcome to Corner Shop. Your account is ready.\n" + signature,
		},
		{
			"name", func() (letter, error) { return l.nameChanged("Bob", "Alice") },
			"Your name was changed to Alice", "Hello Alice,\n\nthe name of your account was changed from \"Bob\" to \"Alice\".\n" + signature,
		},
		{
			"names that break lines", func() (letter, error) { return l.nameChanged("Bob", "Al\r\nBcc: x@example.com\r\n\r\nBuy") },
			"Your name was changed to Al Bcc: x@example.com Buy",
			"Hello Al Bcc: x@example.com Buy,\n\nthe name of your account was changed from \"Bob\" to \"Al Bcc: x@example.com Buy\".\n" + signature,
		},
		{
			"old address", func() (letter, error) { return l.addressLeft("Bob") },
			"Your e-mail address was changed", "Hello Bob,\n\nyour account now has another e-mail address. We will not write to this one again.\n" + signature,
		},
		{
			"new address", func() (letter, error) { return l.addressTaken("Bob") },
			"Your new e-mail address", "Hello Bob,\n\nthis is now the e-mail address of your account.\n" + signature,
		},
		{
			"phone", func() (letter, error) {
				return l.phoneChanged("Bob", phone("+43 660 1234567"), phone("+43 660 7654321"))
			},
			"Your phone number was changed", "Hello Bob,\n\nthe phone number of your account was changed from …567 to …321.\n" + signature,
		},
		{
			"phone added", func() (letter, error) { return l.phoneChanged("Bob", nil, phone("+43 660 7654321")) },
			"Your phone number was changed", "Hello Bob,\n\nthe phone number …321 was added to your account.\n" + signature,
		},
		{
			"phone removed", func() (letter, error) { return l.phoneChanged("Bob", phone("+43 660 7654321"), nil) },
			"Your phone number was changed", "Hello Bob,\n\nthe phone number …321 was removed from your account.\n" + signature,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.write()
			if err != nil {
				t.Fatal(err)
			}
			if got.subject != test.subject {
				t.Errorf("subject: got %q, want %q", got.subject, test.subject)
			}
			if got.body != test.body {
				t.Errorf("body: got\n%q, want\n%q", got.body, test.body)
			}
		})
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", "Zoë O'Neill 李", "Zoë O'Neill 李"},
		{"line ends", "a\r\nb\nc\u2028d\u0085e", "a b c d e"},
		{"terminal and direction controls", "a\x1b[31mb\u202ec\x00", "a [31mb c"},
		{"not UTF-8", "a\xffb", "a b"},
		{"blank", " \t\r\n", ""},
		{"as long as allowed", strings.Repeat("é", maxName), strings.Repeat("é", maxName)},
		{"too long", strings.Repeat("é", maxName+1), strings.Repeat("é", maxName-1) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := line(test.in); got != test.want {
				t.Errorf("line(%q): got %q, want %q", test.in, got, test.want)
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

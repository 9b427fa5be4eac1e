package mailer

import (
	"testing"

	"telltale/consumers/mail"
)

func TestLetters(t *testing.T) {
	t.Parallel()
	phone := func(s string) *string { return &s }
	l := newLetters("Corner Shop")
	const signature = "\nIf this was not you, please write to us at once.\n\nCorner Shop\n"
	tests := []struct {
		name    string
		write   func() (mail.Text, error)
		subject string
		body    string
	}{
		{
			"welcome", func() (mail.Text, error) { return l.welcome("Bob") },
			"Welcome to Corner Shop, Bob", "Hello Bob,\n\nwelcome to Corner Shop. Your account is ready.\n" + signature,
		},
		{
			"welcome without a name", func() (mail.Text, error) { return l.welcome("") },
			"Welcome to Corner Shop", "Hello,\n\nwelcome to Corner Shop. Your account is ready.\n" + signature,
		},
		{
			"name", func() (mail.Text, error) { return l.nameChanged("Bob", "Alice") },
			"Your name was changed to Alice", "Hello Alice,\n\nthe name of your account was changed from \"Bob\" to \"Alice\".\n" + signature,
		},
		{
			"names that break lines", func() (mail.Text, error) { return l.nameChanged("Bob", "Al\r\nBcc: x@example.com\r\n\r\nBuy") },
			"Your name was changed to Al Bcc: x@example.com Buy",
			"Hello Al Bcc: x@example.com Buy,\n\nthe name of your account was changed from \"Bob\" to \"Al Bcc: x@example.com Buy\".\n" + signature,
		},
		{
			"old address", func() (mail.Text, error) { return l.addressLeft("Bob") },
			"Your e-mail address was changed", "Hello Bob,\n\nyour account now has another e-mail address. We will not write to this one again.\n" + signature,
		},
		{
			"new address", func() (mail.Text, error) { return l.addressTaken("Bob") },
			"Your new e-mail address", "Hello Bob,\n\nthis is now the e-mail address of your account.\n" + signature,
		},
		{
			"phone", func() (mail.Text, error) {
				return l.phoneChanged("Bob", phone("+43 660 1234567"), phone("+43 660 7654321"))
			},
			"Your phone number was changed", "Hello Bob,\n\nthe phone number of your account was changed from …567 to …321.\n" + signature,
		},
		{
			"phone added", func() (mail.Text, error) { return l.phoneChanged("Bob", nil, phone("+43 660 7654321")) },
			"Your phone number was changed", "Hello Bob,\n\nthe phone number …321 was added to your account.\n" + signature,
		},
		{
			"phone removed", func() (mail.Text, error) { return l.phoneChanged("Bob", phone("+43 660 7654321"), nil) },
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
			if got.Subject != test.subject {
				t.Errorf("subject: got %q, want %q", got.Subject, test.subject)
			}
			if got.Body != test.body {
				t.Errorf("body: got\n%q, want\n%q", got.Body, test.body)
			}
		})
	}
}

package crudapp

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The names of the fields that an Error speaks about. They are also the names
// of form inputs and JSON members.
const (
	FieldEmail    = "email"
	FieldName     = "name"
	FieldPhone    = "phone"
	FieldCountry  = "country"
	FieldPassword = "password"
	FieldVersion  = "version"
)

const (
	// maxEmailBytes is the longest address that SMTP can deliver to (RFC 5321,
	// 4.5.3.1.3, without the angle brackets).
	maxEmailBytes = 254
	maxNameRunes  = 100
	maxPhoneBytes = 32
	minPhoneDigit = 5
)

// problems returns what is wrong with normalized details, by field.
func (d Details) problems() map[string]string {
	found := map[string]string{}
	note(found, FieldEmail, emailProblem(d.Email))
	note(found, FieldName, nameProblem(d.Name))
	note(found, FieldPhone, phoneProblem(d.Phone))
	note(found, FieldCountry, countryProblem(d.Country))
	return found
}

func note(found map[string]string, field, problem string) {
	if problem != "" {
		found[field] = problem
	}
}

func emailProblem(email string) string {
	switch {
	case email == "":
		return "Enter your e-mail address."
	case len(email) > maxEmailBytes:
		return "This e-mail address is too long."
	case !isEmail(email):
		return "This is not an e-mail address. It should look like name@example.com."
	}
	return ""
}

// isEmail reports whether email is a bare address that any mail server can
// deliver to: ASCII, no display name, no quoting, no comment, no address
// literal.
func isEmail(email string) bool {
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email {
		return false
	}
	local, domain, _ := strings.Cut(email, "@")
	return isASCII(local) && isDomain(domain) && !isNobodys(domain)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// isNobodys reports whether no mail can ever reach the domain (RFC 2606). The
// addresses of closed accounts are of such a one: who took theirs first would keep
// an account from being closed.
func isNobodys(domain string) bool {
	return domain == "invalid" || strings.HasSuffix(domain, ".invalid")
}

func isDomain(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

func nameProblem(name string) string {
	switch {
	case name == "":
		return "Enter your name."
	case !Printable(name):
		return "A name cannot contain control characters."
	case utf8.RuneCountInString(name) > maxNameRunes:
		return "A name can have at most 100 characters."
	}
	return ""
}

// Printable reports whether text is valid and has nothing in it that could break
// a line, reorder text or hide.
func Printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, isUnprintable)
}

// isUnprintable reports whether r could break a line, reorder text or hide in
// it. The zero-width joiners stay: names in Persian and several Indian scripts
// need them.
func isUnprintable(r rune) bool {
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
	if r == zeroWidthNonJoiner || r == zeroWidthJoiner {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func phoneProblem(phone string) string {
	if phone == "" {
		return ""
	}
	digits := 0
	for i, r := range phone {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" ()-./", r):
		default:
			return "A telephone number has digits, spaces and + ( ) - . / only."
		}
	}
	switch {
	case len(phone) > maxPhoneBytes:
		return "A telephone number can have at most 32 characters."
	case digits < minPhoneDigit:
		return "A telephone number has at least 5 digits."
	}
	return ""
}

func countryProblem(country string) string {
	if country == "" || KnownCountry(country) {
		return ""
	}
	return "The shop does not know this country."
}

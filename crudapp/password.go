package crudapp

import (
	_ "embed"
	"strings"
	"unicode/utf8"
)

const (
	minPasswordRunes = 8
	maxPasswordRunes = 1000
)

// commonPasswords lists, one a line in lower case, what is tried first against
// any account and is long enough to pass the length rule.
//
//go:embed common_passwords.txt
var commonPasswords string

// passwordProblem returns what is wrong with a new password for the person
// described by d. There are no rules of composition: length and not being
// guessable are what helps.
func passwordProblem(password string, d Details) string {
	switch length := utf8.RuneCountInString(password); {
	case password == "":
		return "Choose a password."
	case !utf8.ValidString(password):
		return "The password is not valid text."
	case length < minPasswordRunes:
		return "A password has at least 8 characters."
	case length > maxPasswordRunes:
		return "A password can have at most 1000 characters."
	}
	lower := strings.ToLower(password)
	if lower == d.Email || lower == strings.ToLower(d.Name) || isCommon(lower) {
		return "This password is too easy to guess."
	}
	return ""
}

// isCommon reports whether a lower-case password is on the list or one character
// again and again.
func isCommon(lower string) bool {
	for line := range strings.Lines(commonPasswords) {
		if strings.TrimSuffix(line, "\n") == lower {
			return true
		}
	}
	first, _ := utf8.DecodeRuneInString(lower)
	return strings.Trim(lower, string(first)) == ""
}

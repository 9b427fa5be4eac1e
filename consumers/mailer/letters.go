package mailer

import (
	"fmt"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"
)

// letter is what a mail says. The subject is one line.
type letter struct{ subject, body string }

// letters writes what the shop has to say. Names come from customers: line
// writes them so that none can end a line, in the header or in the text.
type letters struct {
	shop      string
	templates *template.Template
}

// maxName bounds, in characters, what of a name is quoted.
const maxName = 100

const letterTemplates = `
{{define "greeting"}}Hello{{with line .}} {{.}}{{end}},
{{end}}

{{define "signature"}}
If this was not you, please write to us at once.

{{line .}}
{{end}}

{{define "welcome"}}{{template "greeting" .Name}}
welcome to {{line .Shop}}. Your account is ready.
{{template "signature" .Shop}}{{end}}

{{define "name-changed"}}{{template "greeting" .New}}
the name of your account was changed from "{{line .Old}}" to "{{line .New}}".
{{template "signature" .Shop}}{{end}}

{{define "address-left"}}{{template "greeting" .Name}}
your account now has another e-mail address. We will not write to this one again.
{{template "signature" .Shop}}{{end}}

{{define "address-taken"}}{{template "greeting" .Name}}
this is now the e-mail address of your account.
{{template "signature" .Shop}}{{end}}

{{define "phone-changed"}}{{template "greeting" .Name}}
{{if not .New}}the phone number {{tail .Old}} was removed from your account.
{{else if not .Old}}the phone number {{tail .New}} was added to your account.
{{else}}the phone number of your account was changed from {{tail .Old}} to {{tail .New}}.
{{end}}{{template "signature" .Shop}}{{end}}
`

func newLetters(shop string) *letters {
	functions := template.FuncMap{"line": line, "tail": tail}
	return &letters{shop: shop, templates: template.Must(template.New("letters").Funcs(functions).Parse(letterTemplates))}
}

func (l *letters) welcome(name string) (letter, error) {
	subject := "Welcome to " + l.shop
	if n := line(name); n != "" {
		subject += ", " + n
	}
	return l.write("welcome", subject, map[string]string{"Name": name})
}

func (l *letters) nameChanged(old, new string) (letter, error) {
	return l.write("name-changed", "Your name was changed to "+line(new), map[string]string{"Old": old, "New": new})
}

func (l *letters) addressLeft(name string) (letter, error) {
	return l.write("address-left", "Your e-mail address was changed", map[string]string{"Name": name})
}

func (l *letters) addressTaken(name string) (letter, error) {
	return l.write("address-taken", "Your new e-mail address", map[string]string{"Name": name})
}

func (l *letters) phoneChanged(name string, old, new *string) (letter, error) {
	data := map[string]string{"Name": name}
	if old != nil {
		data["Old"] = *old
	}
	if new != nil {
		data["New"] = *new
	}
	return l.write("phone-changed", "Your phone number was changed", data)
}

func (l *letters) write(name, subject string, data map[string]string) (letter, error) {
	data["Shop"] = l.shop
	var body strings.Builder
	if err := l.templates.ExecuteTemplate(&body, name, data); err != nil {
		return letter{}, fmt.Errorf("write the letter %s: %w", name, err)
	}
	return letter{subject: line(subject), body: body.String()}, nil
}

// line makes text fit to stand in one line: what ends lines, steers terminals
// or hides text becomes a space, and what is too long is cut.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > maxName {
		runes = append(runes[:maxName-1], '…')
	}
	return string(runes)
}

// tail is enough of a phone number to know it by, for a mail that others may
// read.
func tail(phone string) string {
	const shown = 3
	runes := []rune(line(phone))
	if len(runes) <= 2*shown {
		return "…"
	}
	return "…" + string(runes[len(runes)-shown:])
}

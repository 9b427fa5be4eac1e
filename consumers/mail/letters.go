package mail

import (
	"fmt"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"
)

// Text is what a mail says. The subject is one line.
type Text struct{ Subject, Body string }

// Letters writes what a shop has to say.
type Letters struct {
	shop      string
	templates *template.Template
}

// maxLine bounds, in characters, what is quoted in a line.
const maxLine = 100

// frame is what all letters have: {{template "greeting" .Name}} begins one, and
// {{template "signature" .Shop}} ends it.
const frame = `
{{define "greeting"}}Hello{{with line .}} {{.}}{{end}},
{{end}}

{{define "signature"}}
If this was not you, please write to us at once.

{{line .}}
{{end}}
`

// NewLetters reads templates, which are the program's own: what is wrong with
// them is a panic. They write what comes from others with line, which keeps it
// in its line, or with tail, which gives the end of a phone number.
func NewLetters(shop, templates string) *Letters {
	functions := template.FuncMap{"line": Line, "tail": tail}
	return &Letters{shop: shop, templates: template.Must(template.New("letters").Funcs(functions).Parse(frame + templates))}
}

// Shop is the name that the letters are signed with.
func (l *Letters) Shop() string { return l.shop }

// Write fills a template in with data, to which it adds Shop.
func (l *Letters) Write(name, subject string, data map[string]string) (Text, error) {
	data["Shop"] = l.shop
	var body strings.Builder
	if err := l.templates.ExecuteTemplate(&body, name, data); err != nil {
		return Text{}, fmt.Errorf("write the letter %s: %w", name, err)
	}
	return Text{Subject: Line(subject), Body: body.String()}, nil
}

// Line makes text fit to stand in one line, of a header or of the text: what
// ends lines, steers terminals or hides text becomes a space, and what goes
// beyond 100 characters is cut.
func Line(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) > maxLine {
		runes = append(runes[:maxLine-1], '…')
	}
	return string(runes)
}

// tail is enough of a phone number to know it by, for a mail that others may
// read.
func tail(phone string) string {
	const shown = 3
	runes := []rune(Line(phone))
	if len(runes) <= 2*shown {
		return "…"
	}
	return "…" + string(runes[len(runes)-shown:])
}

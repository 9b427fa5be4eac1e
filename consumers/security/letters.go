package security

import (
	"cmp"
	"time"

	"telltale/consumers/mail"
)

// letters writes what there is to say of a sign-in.
type letters struct{ *mail.Letters }

const letterTemplates = `
{{define "new-sign-in"}}{{template "greeting" .Name}}
somebody signed in to your account from an address that we have not seen with
you before.

When:    {{.When}}
Address: {{line .Address}}
Browser: {{line .Browser}}

If it was you, there is nothing to do.
{{template "signature" .Shop}}{{end}}
`

func newLetters(shop string) letters {
	return letters{mail.NewLetters(shop, letterTemplates)}
}

// signIn is one as a letter tells of it. Address and browser are what the client
// said, or whoever pretended to be one; empty: nothing.
type signIn struct {
	name, address, browser string
	at                     time.Time
}

func (l letters) newSignIn(s signIn) (mail.Text, error) {
	const unknown = "not known"
	return l.Write("new-sign-in", "New sign-in to your account", map[string]string{
		"Name": s.name, "When": s.at.UTC().Format("2 January 2006, 15:04:05 UTC"),
		"Address": cmp.Or(s.address, unknown), "Browser": cmp.Or(mail.Line(s.browser), unknown),
	})
}

package mailer

import "telltale/consumers/mail"

// letters writes what the shop has to say.
type letters struct{ *mail.Letters }

const letterTemplates = `
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

func newLetters(shop string) letters {
	return letters{mail.NewLetters(shop, letterTemplates)}
}

func (l letters) welcome(name string) (mail.Text, error) {
	subject := "Welcome to " + l.Shop()
	if n := mail.Line(name); n != "" {
		subject += ", " + n
	}
	return l.Write("welcome", subject, map[string]string{"Name": name})
}

func (l letters) nameChanged(old, new string) (mail.Text, error) {
	return l.Write("name-changed", "Your name was changed to "+mail.Line(new), map[string]string{"Old": old, "New": new})
}

func (l letters) addressLeft(name string) (mail.Text, error) {
	return l.Write("address-left", "Your e-mail address was changed", map[string]string{"Name": name})
}

func (l letters) addressTaken(name string) (mail.Text, error) {
	return l.Write("address-taken", "Your new e-mail address", map[string]string{"Name": name})
}

func (l letters) phoneChanged(name string, old, new *string) (mail.Text, error) {
	data := map[string]string{"Name": name}
	if old != nil {
		data["Old"] = *old
	}
	if new != nil {
		data["New"] = *new
	}
	return l.Write("phone-changed", "Your phone number was changed", data)
}

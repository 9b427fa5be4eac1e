package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"telltale/crudapp"
)

// field is one input of a form with what belongs to it.
type field struct {
	// Type is that of an HTML input, or textarea or select.
	Name, Label, Type, Autocomplete string
	Value                           string
	Hint                            string
	// Error says what is wrong with the value, or is empty.
	Error    string
	Required bool
	// Choices are what there is to choose from, for an input of type select.
	Choices []choice
	// Was is the value that the form was opened with, where the form carries it.
	Was string
	// Focus is set for the input that the person should go to.
	Focus bool
}

// choice is one of the values of a select.
type choice struct{ Value, Label string }

// same are choices that are called what they are.
func same[T ~string](values []T) []choice {
	all := make([]choice, len(values))
	for i, v := range values {
		all[i] = choice{Value: string(v), Label: string(v)}
	}
	return all
}

// countries are all that there is to choose from.
func countries() []choice {
	var all []choice
	for _, c := range crudapp.Countries() {
		all = append(all, choice{Value: c.Code, Label: c.Name})
	}
	return all
}

// country is the name of a country, or its code where the shop does not know it.
func country(code string) string {
	for _, c := range crudapp.Countries() {
		if c.Code == code {
			return c.Name
		}
	}
	return code
}

// Describedby returns the ids of the texts that describe the input, for
// assistive technology: what is wrong first.
func (f field) Describedby() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.Name+"-error")
	}
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	return strings.Join(ids, " ")
}

// detailFields are the inputs of a customer's details.
func detailFields(d crudapp.Details) []field {
	return []field{
		{Name: crudapp.FieldName, Label: "Name", Type: "text", Autocomplete: "name", Value: d.Name, Required: true},
		emailField(d.Email),
		{
			Name: crudapp.FieldPhone, Label: "Telephone", Type: "tel", Autocomplete: "tel", Value: d.Phone,
			Hint: "Optional. For the courier only.",
		},
		countryField(d.Country),
	}
}

// countryField is the input of where a customer lives.
func countryField(value string) field {
	f := field{
		Name: crudapp.FieldCountry, Label: "Country", Type: "select", Autocomplete: "country",
		Value: value, Choices: countries(),
	}
	if value == "" {
		f.Choices = append([]choice{{Label: "Not said"}}, f.Choices...)
	}
	return f
}

// detailsOf returns the details that a form says; value returns that of a field.
func detailsOf(value func(name string) string) crudapp.Details {
	return crudapp.Details{
		Email: value(crudapp.FieldEmail), Name: value(crudapp.FieldName), Phone: value(crudapp.FieldPhone),
		Country: value(crudapp.FieldCountry),
	}
}

// registerFields are the inputs of somebody who opens an account. A password is
// never sent back.
func registerFields(d crudapp.Details, problems map[string]string) []field {
	return withProblems(append(detailFields(d), field{
		Name: crudapp.FieldPassword, Label: "Password", Type: "password", Autocomplete: "new-password",
		Hint: "8 characters or more. A few unusual words do well.", Required: true,
	}), problems)
}

// signInFields are the inputs of somebody who has an account.
func signInFields(email string) []field {
	return []field{
		emailField(email),
		{
			Name: crudapp.FieldPassword, Label: "Password", Type: "password",
			Autocomplete: "current-password", Required: true,
		},
	}
}

func emailField(value string) field {
	return field{
		Name: crudapp.FieldEmail, Label: "E-mail address", Type: "email", Autocomplete: "email",
		Value: value, Required: true,
	}
}

// withProblems notes the problems beside their fields and leads to the first.
func withProblems(fields []field, problems map[string]string) []field {
	focused := false
	for i := range fields {
		fields[i].Error = problems[fields[i].Name]
		fields[i].Focus = fields[i].Error != "" && !focused
		focused = focused || fields[i].Focus
	}
	return fields
}

// parseForm reads a posted form, which net/http limits and decodes.
func parseForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return bodyError(err)
	}
	return nil
}

// bodyError returns the failure behind an error of reading a body.
func bodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	return malformed(err)
}

// postedVersion returns the version that a form was made from. The person
// cannot mistype it, so a bad one is a malformed request.
func postedVersion(r *http.Request) (uint32, error) {
	version, err := strconv.ParseUint(r.PostForm.Get(crudapp.FieldVersion), 10, 32)
	if err != nil {
		return 0, malformed(errors.New("the version is not a number"))
	}
	return uint32(version), nil
}

// problemsOf returns the bad fields that err names, and whether it names any.
func problemsOf(err error) (map[string]string, bool) {
	e, ok := errors.AsType[*crudapp.Error](err)
	if !ok || e.Code != crudapp.CodeInvalid {
		return nil, false
	}
	return e.Fields, true
}

package web

import (
	"net/http"
	"slices"
	"strings"
)

// The names of the inputs that a versioned form has beside its fields.
const (
	// wasPrefix stands before the name of a field, for the value that the form was
	// opened with: the common ancestor of both sides of a conflict. It travels with
	// the form, so that no history has to be kept, and unsigned, since it decides
	// nothing: whoever changes it misleads only themselves about what they saw. What
	// decides is the version.
	wasPrefix = "was."
	// pickPrefix stands before the name of a field, for which side of a conflict the
	// person chose: pickStored, or their own.
	pickPrefix = "pick."
	pickYours  = "yours"
	pickStored = "stored"
)

// versioned is a form that changes something which others may change meanwhile.
type versioned struct {
	// Action is where the form is posted to, Page where it is shown.
	Action, Page string
	// Version is the stored version that the form is made from.
	Version uint32
	Fields  []field
	// Conflict compares the sides field by field, after somebody else was first.
	Conflict []threeWay
	// Saved is set right after a change.
	Saved bool
}

// opened returns a form that is made from what is stored.
func opened(page, action string, version uint32, fields []field) versioned {
	for i := range fields {
		fields[i].Was = fields[i].Value
	}
	return versioned{Action: action, Page: page, Version: version, Fields: fields}
}

// posted returns the form as r posts it: from its version, each field with what the
// person chose or typed, and with what the form was opened with.
func (v versioned) posted(r *http.Request) (versioned, error) {
	if err := parseForm(r); err != nil {
		return versioned{}, err
	}
	version, err := postedVersion(r)
	if err != nil {
		return versioned{}, err
	}
	v.Version, v.Fields = version, slices.Clone(v.Fields)
	for i, f := range v.Fields {
		v.Fields[i].Was = postedText(r, wasPrefix+f.Name)
		v.Fields[i].Value = postedText(r, f.Name)
		// A form that shows a conflict was opened with what is stored.
		if r.PostForm.Get(pickPrefix+f.Name) == pickStored {
			v.Fields[i].Value = v.Fields[i].Was
		}
	}
	return v, nil
}

// postedText returns a value with the line breaks that it was stored with, since
// browsers send others.
func postedText(r *http.Request, name string) string {
	return strings.ReplaceAll(r.PostForm.Get(name), "\r\n", "\n")
}

// against returns the form that shows the conflict of what the person wants with
// what is stored, from which it is made anew: to save it is to decide with all sides
// in view. The fields are in the form's order.
func (v versioned) against(version uint32, yours, stored []field) versioned {
	v.Version = version
	v.Conflict = make([]threeWay, len(v.Fields))
	for i, f := range v.Fields {
		v.Conflict[i] = threeWay{Name: f.Name, Label: f.Label, Choices: f.Choices, Was: f.Was, Yours: yours[i].Value, Stored: stored[i].Value}
	}
	return v
}

// value returns what a field of the form says.
func (v versioned) value(name string) string { return valueOf(v.Fields, name) }

// refused returns the form with what is wrong with its values.
func (v versioned) refused(problems map[string]string) versioned {
	v.Fields = withProblems(v.Fields, problems)
	return v
}

// threeWay is one field on both sides of a conflict, with what both began from.
type threeWay struct {
	Name, Label        string
	Was, Yours, Stored string
	// Choices are what the values are called, for a field with choices.
	Choices []choice
}

// Text is how a value is shown.
func (t threeWay) Text(value string) string {
	for _, c := range t.Choices {
		if c.Value == value {
			return c.Label
		}
	}
	if value == "" {
		return "–"
	}
	return value
}

// Differs reports whether there is something to choose.
func (t threeWay) Differs() bool { return t.Yours != t.Stored }

// Pick is the side that only one of the two changed, or empty where both did and
// nobody but the person can tell.
func (t threeWay) Pick() string {
	switch {
	case t.Stored == t.Was:
		return pickYours
	case t.Yours == t.Was:
		return pickStored
	}
	return ""
}

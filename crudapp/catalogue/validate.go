package catalogue

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"telltale/crudapp"
)

// The names of the fields that an error speaks about. They are also the names of
// form inputs and JSON members.
const (
	FieldSKU          = "sku"
	FieldName         = "name"
	FieldDescription  = "description"
	FieldPrice        = "price"
	FieldCurrency     = "currency"
	FieldAttributes   = "attributes"
	FieldCategories   = "categories"
	FieldStatus       = "status"
	FieldOnHand       = "on_hand"
	FieldReorderLevel = "reorder_level"
)

// A form that carries a listing twice, as its values and as what they were, must stay
// within the 64 KiB of a request, whatever the characters: one of four bytes takes
// twelve in a form.
const (
	maxNameRunes        = 120
	maxDescriptionRunes = 1500
	maxAttributes       = 10
	maxAttributeRunes   = 100
	// maxCategories keeps the slugs of a product, joined, within the kilobyte that
	// a server's GROUP_CONCAT returns by default.
	maxCategories = 10
	// maxLevel is far above any stock and far below what the column holds.
	maxLevel = 1_000_000
)

// Currencies are those that prices can be in, all of which have hundredths. The
// first is the shop's own.
func Currencies() []string { return []string{"GBP", "EUR", "USD"} }

// Statuses are all statuses, in the order of a product's life.
func Statuses() []Status { return []Status{StatusDraft, StatusActive, StatusRetired} }

var skuForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,32}$`)

// Entry is a listing as somebody typed it.
type Entry struct {
	Name        string
	Description string
	// Price is text such as "3.20".
	Price    string
	Currency string
	// Attributes are facts by name.
	Attributes map[string]string
	// Categories are slugs in any order.
	Categories []string
	Status     string
}

// listing returns what e says, in the form that is stored, and what is wrong with
// it by field.
func (e Entry) listing(known []Category) (Listing, map[string]string) {
	price, priceErr := ParseAmount(strings.TrimSpace(e.Price))
	l := Listing{
		Name: strings.TrimSpace(e.Name), Description: paragraphs(e.Description),
		Price: price, Currency: strings.TrimSpace(e.Currency), Status: Status(e.Status),
		Attributes: trimmed(e.Attributes), Categories: slices.Compact(slices.Sorted(slices.Values(e.Categories))),
	}
	problems := map[string]string{
		FieldName:        nameProblem(l.Name),
		FieldDescription: descriptionProblem(l.Description),
		FieldAttributes:  attributesProblem(l.Attributes),
		FieldCategories:  categoriesProblem(l.Categories, known),
	}
	if priceErr != nil {
		problems[FieldPrice] = "Enter a price such as 3.20."
	}
	if !slices.Contains(Currencies(), l.Currency) {
		problems[FieldCurrency] = "The shop takes " + strings.Join(Currencies(), ", ") + "."
	}
	if !slices.Contains(Statuses(), l.Status) {
		problems[FieldStatus] = "A product is draft, active or retired."
	}
	maps.DeleteFunc(problems, func(_, problem string) bool { return problem == "" })
	return l, problems
}

// paragraphs returns a text with one kind of line break, since browsers send
// another than programs do.
func paragraphs(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}

func trimmed(attributes map[string]string) map[string]string {
	all := make(map[string]string, len(attributes))
	for name, value := range attributes {
		all[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return all
}

func nameProblem(name string) string {
	switch {
	case name == "":
		return "Enter a name."
	case !crudapp.Printable(name):
		return "A name cannot contain control characters."
	case utf8.RuneCountInString(name) > maxNameRunes:
		return fmt.Sprintf("A name can have at most %d characters.", maxNameRunes)
	}
	return ""
}

func descriptionProblem(text string) string {
	switch {
	case !crudapp.Printable(strings.ReplaceAll(text, "\n", "")):
		return "A description cannot contain control characters other than line breaks."
	case utf8.RuneCountInString(text) > maxDescriptionRunes:
		return fmt.Sprintf("A description can have at most %d characters.", maxDescriptionRunes)
	}
	return ""
}

func attributesProblem(attributes map[string]string) string {
	if len(attributes) > maxAttributes {
		return fmt.Sprintf("A product can have at most %d facts.", maxAttributes)
	}
	for name, value := range attributes {
		switch {
		case name == "" || value == "":
			return "Each fact is a line such as origin: Kent."
		case strings.Contains(name, ":"):
			return "The name of a fact cannot contain a colon."
		case !crudapp.Printable(name+value) || utf8.RuneCountInString(name+value) > maxAttributeRunes:
			return fmt.Sprintf("A fact can have at most %d characters and no control characters.", maxAttributeRunes)
		}
	}
	return ""
}

func categoriesProblem(slugs []string, known []Category) string {
	if len(slugs) > maxCategories {
		return fmt.Sprintf("A product can stand in at most %d categories.", maxCategories)
	}
	for _, slug := range slugs {
		if !slices.ContainsFunc(known, func(c Category) bool { return c.Slug == slug }) {
			return fmt.Sprintf("There is no category %q.", slug)
		}
	}
	return ""
}

// problems returns what is wrong with a level, by field.
func (l Level) problems() map[string]string {
	found := map[string]string{}
	for field, n := range map[string]uint32{FieldOnHand: l.OnHand, FieldReorderLevel: l.ReorderLevel} {
		if n > maxLevel {
			found[field] = fmt.Sprintf("A number can be at most %d.", maxLevel)
		}
	}
	return found
}

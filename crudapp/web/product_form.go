package web

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
)

// listingFields are the inputs of what staff may change about a product.
func listingFields(l catalogue.Listing, known []catalogue.Category) []field {
	slugs := make([]string, len(known))
	for i, c := range known {
		slugs[i] = c.Slug
	}
	return []field{
		{Name: catalogue.FieldName, Label: "Name", Type: "text", Autocomplete: "off", Value: l.Name, Required: true},
		{Name: catalogue.FieldDescription, Label: "Description", Type: "textarea", Autocomplete: "off", Value: l.Description},
		{Name: catalogue.FieldPrice, Label: "Price", Type: "text", Autocomplete: "off", Value: l.Price.String(), Required: true},
		{
			Name: catalogue.FieldCurrency, Label: "Currency", Type: "select", Autocomplete: "off",
			Value: l.Currency, Choices: same(catalogue.Currencies()),
		},
		{
			Name: catalogue.FieldAttributes, Label: "Facts", Type: "textarea", Autocomplete: "off", Value: attributesText(l.Attributes),
			Hint: "One a line, such as origin: Kent.",
		},
		{
			Name: catalogue.FieldCategories, Label: "Categories", Type: "text", Autocomplete: "off", Value: strings.Join(l.Categories, ", "),
			Hint: "Of " + strings.Join(slugs, ", ") + ".",
		},
		{
			Name: catalogue.FieldStatus, Label: "Status", Type: "select", Autocomplete: "off",
			Value: string(l.Status), Choices: same(catalogue.Statuses()), Hint: "Customers buy what is active, and do not see a draft.",
		},
	}
}

// levelFields are the inputs of a product's stock.
func levelFields(l catalogue.Level) []field {
	return []field{
		{
			Name: catalogue.FieldOnHand, Label: "On hand", Type: "number", Autocomplete: "off",
			Value: strconv.FormatUint(uint64(l.OnHand), 10), Required: true,
		},
		{
			Name: catalogue.FieldReorderLevel, Label: "Reorder at", Type: "number", Autocomplete: "off",
			Value: strconv.FormatUint(uint64(l.ReorderLevel), 10), Required: true,
		},
	}
}

// newProductFields are the inputs of a product that is not there yet.
func newProductFields(known []catalogue.Category) []field {
	blank := listingFields(catalogue.Listing{Currency: catalogue.Currencies()[0], Status: catalogue.StatusDraft}, known)
	blank[slices.IndexFunc(blank, func(f field) bool { return f.Name == catalogue.FieldPrice })].Value = ""
	sku := field{
		Name: catalogue.FieldSKU, Label: "SKU", Type: "text", Autocomplete: "off", Required: true,
		Hint: "Letters, digits and hyphens. It is for ever.",
	}
	return slices.Concat([]field{sku}, blank, levelFields(catalogue.Level{}))
}

// valueOf returns the value of a form's field.
func valueOf(fields []field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// entryOf returns the listing that a form's fields say.
func entryOf(fields []field) catalogue.Entry {
	return catalogue.Entry{
		Name:        valueOf(fields, catalogue.FieldName),
		Description: valueOf(fields, catalogue.FieldDescription),
		Price:       valueOf(fields, catalogue.FieldPrice),
		Currency:    valueOf(fields, catalogue.FieldCurrency),
		Attributes:  attributesOf(valueOf(fields, catalogue.FieldAttributes)),
		Categories:  strings.FieldsFunc(valueOf(fields, catalogue.FieldCategories), func(r rune) bool { return r == ',' || r == ' ' }),
		Status:      valueOf(fields, catalogue.FieldStatus),
	}
}

// levelOf returns the stock that a form's fields say, or what is wrong with them.
func levelOf(fields []field) (catalogue.Level, error) {
	problems := map[string]string{}
	number := func(name string) uint32 {
		n, err := strconv.ParseUint(strings.TrimSpace(valueOf(fields, name)), 10, 32)
		if err != nil {
			problems[name] = "Enter a number, 0 or more."
		}
		return uint32(n)
	}
	l := catalogue.Level{OnHand: number(catalogue.FieldOnHand), ReorderLevel: number(catalogue.FieldReorderLevel)}
	if len(problems) > 0 {
		return catalogue.Level{}, crudapp.Invalid(problems)
	}
	return l, nil
}

// attributesText writes facts one a line, by name.
func attributesText(attributes map[string]string) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		lines = append(lines, name+": "+attributes[name])
	}
	return strings.Join(lines, "\n")
}

// attributesOf reads facts one a line. One that is named twice has both values. A
// line without a colon is a fact without a value, which the catalogue refuses.
func attributesOf(text string) map[string]string {
	attributes := map[string]string{}
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if before := attributes[name]; before != "" {
			value = before + ", " + value
		}
		attributes[name] = value
	}
	return attributes
}

package crudapp

import "slices"

// Country is a country that the shop delivers to.
type Country struct {
	// Code is that of ISO 3166-1, for example GB.
	Code string
	// Name is for people.
	Name string
}

// DefaultCountry is the code of the shop's own country, unless it is told another.
const DefaultCountry = "GB"

// Countries are all that the shop delivers to.
func Countries() []Country {
	return []Country{
		{"GB", "United Kingdom"},
		{"AT", "Austria"},
		{"BE", "Belgium"},
		{"CH", "Switzerland"},
		{"DE", "Germany"},
		{"DK", "Denmark"},
		{"ES", "Spain"},
		{"FR", "France"},
		{"IE", "Ireland"},
		{"IT", "Italy"},
		{"NL", "Netherlands"},
		{"NO", "Norway"},
		{"SE", "Sweden"},
	}
}

// KnownCountry reports whether code is that of one of Countries.
func KnownCountry(code string) bool {
	return slices.ContainsFunc(Countries(), func(c Country) bool { return c.Code == code })
}

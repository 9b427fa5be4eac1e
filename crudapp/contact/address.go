package contact

import (
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"telltale/crudapp"
)

// The names of the fields that an error speaks about. They are also the names of
// form inputs and JSON members.
const (
	FieldRecipient = "recipient"
	FieldStreet    = "street"
	FieldPostcode  = "postcode"
	FieldCity      = "city"
	FieldCountry   = "country"
)

// What the store has room for, in characters.
const (
	maxRecipient = 100
	maxStreet    = 200
	maxPostcode  = 20
	maxCity      = 100
)

// Postal is what customers may change about an address.
type Postal struct {
	// Recipient is whose name is at the door: 1 to 100 characters.
	Recipient string
	// Street is street and number, on as many lines ("\n") as it takes: 1 to 200
	// characters.
	Street string
	// Postcode may be empty, since not every place has one; up to 20 characters.
	Postcode string
	// City is 1 to 100 characters.
	City string
	// Country is the code of one of crudapp.Countries.
	Country string
}

// Normalized returns p as it is stored: without surrounding space and with one kind
// of line break, the code of the country in capitals.
func (p Postal) Normalized() Postal {
	return Postal{
		Recipient: strings.TrimSpace(p.Recipient),
		Street:    strings.TrimSpace(strings.ReplaceAll(p.Street, "\r\n", "\n")),
		Postcode:  strings.TrimSpace(p.Postcode),
		City:      strings.TrimSpace(p.City),
		Country:   strings.ToUpper(strings.TrimSpace(p.Country)),
	}
}

// problems returns what is wrong with a normalized address, by field.
func (p Postal) problems() map[string]string {
	found := map[string]string{
		FieldRecipient: textProblem(p.Recipient, maxRecipient, "Enter who it is for."),
		FieldStreet:    textProblem(strings.ReplaceAll(p.Street, "\n", " "), maxStreet, "Enter street and number."),
		FieldPostcode:  textProblem(p.Postcode, maxPostcode, ""),
		FieldCity:      textProblem(p.City, maxCity, "Enter a town or city."),
	}
	if !crudapp.KnownCountry(p.Country) {
		found[FieldCountry] = "The shop does not deliver to this country."
	}
	maps.DeleteFunc(found, func(_, problem string) bool { return problem == "" })
	return found
}

// textProblem returns what is wrong with a text, or missing where it is empty.
func textProblem(text string, limit int, missing string) string {
	switch {
	case text == "":
		return missing
	case !crudapp.Printable(text):
		return "This cannot contain control characters."
	case utf8.RuneCountInString(text) > limit:
		return fmt.Sprintf("This can have at most %d characters.", limit)
	}
	return ""
}

// Address is a place that the shop delivers to.
type Address struct {
	// ID is assigned by the store, never changes and is never used again.
	ID         uint64
	CustomerID uint64
	Postal
	// Default is set for the one address of a customer's that is offered first.
	Default bool
	// Version counts the changes of Postal, from 1.
	Version uint32
	// CreatedAt and UpdatedAt are in UTC with microseconds.
	CreatedAt, UpdatedAt time.Time
}

// AddressConflict is returned for a change of an address that was made from a
// version that is no longer the stored one.
type AddressConflict struct {
	// Yours is what the change asked for; nil where it was to remove the address.
	Yours *Postal
	// Stored is the address as stored now.
	Stored Address
}

// Error implements error without the personal values that it carries.
func (c *AddressConflict) Error() string {
	return fmt.Sprintf("change address %d: somebody else changed it first, to version %d", c.Stored.ID, c.Stored.Version)
}

// Unwrap returns what people are told.
func (c *AddressConflict) Unwrap() error {
	return &crudapp.Error{Code: crudapp.CodeConflict, Message: "This address was changed elsewhere first."}
}

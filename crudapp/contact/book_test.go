package contact_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"telltale/crudapp"
	"telltale/crudapp/contact"
)

// drawer is a store with one address, which somebody else may change before an
// update reaches it.
type drawer struct {
	contact.Store
	address contact.Address
	first   func(*contact.Address)
	full    bool
}

func (d *drawer) CreateAddress(_ context.Context, a contact.Address, _ int) (contact.Address, error) {
	if d.full {
		return contact.Address{}, contact.ErrTooMany
	}
	a.ID = 7
	d.address = a
	return a, nil
}

func (d *drawer) Address(context.Context, uint64, uint64) (contact.Address, error) {
	return d.address, nil
}

func (d *drawer) UpdateAddress(_ context.Context, u contact.AddressUpdate) (bool, error) {
	if d.first != nil {
		d.first(&d.address)
	}
	if d.address.Version != u.Version {
		return false, nil
	}
	d.address.Postal, d.address.Version = u.Postal, u.Version+1
	return true, nil
}

func postal() contact.Postal {
	return contact.Postal{Recipient: " Bob ", Street: "1 High Street\r\nFlat 2\n", Postcode: " SW1 ", City: "London", Country: "gb"}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	store := &drawer{}
	book := contact.New(contact.Options{Store: store})
	a, err := book.Add(t.Context(), 42, postal())
	want := contact.Postal{Recipient: "Bob", Street: "1 High Street\nFlat 2", Postcode: "SW1", City: "London", Country: "GB"}
	if err != nil || a.Postal != want || a.CustomerID != 42 || a.Version != 1 {
		t.Errorf("Add = %+v, %v, want %+v of customer 42 at version 1", a, err, want)
	}
	for name, test := range map[string]struct {
		p      contact.Postal
		fields []string
	}{
		"nothing":   {contact.Postal{}, []string{"city", "country", "recipient", "street"}},
		"too long":  {contact.Postal{strings.Repeat("é", 101), strings.Repeat("é", 201), strings.Repeat("1", 21), strings.Repeat("é", 101), "GB"}, []string{"city", "postcode", "recipient", "street"}},
		"controls":  {contact.Postal{"B\nb", "a\ab", "\x00", "\u202e", "GB"}, []string{"city", "postcode", "recipient", "street"}},
		"elsewhere": {contact.Postal{"Bob", "1", "", "Atlantis", "AQ"}, []string{"country"}},
	} {
		_, err := book.Add(t.Context(), 42, test.p)
		problem, ok := errors.AsType[*crudapp.Error](err)
		if !ok {
			t.Errorf("%s: got %v, want an error about values", name, err)
			continue
		}
		if got := slices.Sorted(maps.Keys(problem.Fields)); !slices.Equal(got, test.fields) {
			t.Errorf("%s: got problems with %q, want %q", name, got, test.fields)
		}
	}
	store.full = true
	if _, err := book.Add(t.Context(), 42, postal()); crudapp.ErrorCode(err) != crudapp.CodeInvalid {
		t.Errorf("one too many: %v, want an error about values", err)
	}
}

func TestChangeOvertaken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		theirs   string
		conflict bool
	}{"by another value": {"Leeds", true}, "by the same value": {"York", false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &drawer{}
			book := contact.New(contact.Options{Store: store})
			a, err := book.Add(t.Context(), 42, postal())
			if err != nil {
				t.Fatal(err)
			}
			store.first = func(a *contact.Address) { a.City, a.Version = test.theirs, 2 }
			p := postal()
			p.City = "York"
			got, err := book.Change(t.Context(), 42, a.ID, 1, p)
			conflict, ok := errors.AsType[*contact.AddressConflict](err)
			if ok != test.conflict {
				t.Fatalf("got %+v, %v, want a conflict: %v", got, err, test.conflict)
			}
			if ok && (conflict.Yours.City != "York" || conflict.Stored.City != "Leeds" || crudapp.ErrorCode(err) != crudapp.CodeConflict) {
				t.Errorf("got %+v, want a conflict of York with Leeds", conflict)
			}
			if !ok && got.Version != 2 {
				t.Errorf("got %+v, want version 2", got)
			}
		})
	}
}

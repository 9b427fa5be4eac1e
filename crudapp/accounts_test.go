package crudapp_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"telltale/crudapp"
)

// world is Accounts over fakes, at a time that the test sets.
type world struct {
	*crudapp.Accounts
	store     *memory
	passwords *plain
	now       time.Time
}

func newWorld() *world {
	w := &world{store: newMemory(), passwords: &plain{prefix: "1"}, now: time.Date(2024, 3, 10, 2, 30, 0, 123456789, time.UTC)}
	w.Accounts = crudapp.NewAccounts(crudapp.AccountsOptions{
		Store: w.store, Passwords: w.passwords, Now: func() time.Time { return w.now },
	})
	return w
}

// password is good enough for every rule.
const password = "a few unusual words"

func bob() crudapp.Registration {
	return crudapp.Registration{
		Details:  crudapp.Details{Email: "bob@example.com", Name: "Bob", Phone: "+49 30 1234", Country: "NO"},
		Password: password,
	}
}

func (w *world) mustRegister(t *testing.T, r crudapp.Registration) crudapp.Customer {
	t.Helper()
	c, err := w.Register(t.Context(), r)
	if err != nil {
		t.Fatalf("Register: %v", err)
	}
	return c
}

func TestRegister(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := bob()
	r.Details = crudapp.Details{Email: " Bob@Example.COM ", Name: "\tBob ", Phone: " "}
	got := w.mustRegister(t, r)
	at := time.Date(2024, 3, 10, 2, 30, 0, 123456000, time.UTC)
	want := crudapp.Customer{
		ID: 1, Details: crudapp.Details{Email: "bob@example.com", Name: "Bob", Country: crudapp.DefaultCountry},
		Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	if got != want {
		t.Errorf("Register = %+v, want %+v", got, want)
	}
	if stored := w.store.customers[1]; stored != (func() crudapp.Customer { c := want; c.ID = stored.ID; return c })() {
		t.Errorf("stored %+v, want %+v", stored, want)
	}
}

func TestRegisterChecksValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		edit  func(*crudapp.Registration)
		field string // The only field with a problem; empty for none.
	}{
		{"all good", func(*crudapp.Registration) {}, ""},
		{"no e-mail", func(r *crudapp.Registration) { r.Email = " " }, "email"},
		{"no @", func(r *crudapp.Registration) { r.Email = "bob.example.com" }, "email"},
		{"two @", func(r *crudapp.Registration) { r.Email = "a@b@example.com" }, "email"},
		{"display name", func(r *crudapp.Registration) { r.Email = "Bob <bob@example.com>" }, "email"},
		{"second recipient", func(r *crudapp.Registration) { r.Email = "bob@example.com,eve@example.com" }, "email"},
		{"header injection", func(r *crudapp.Registration) { r.Email = "bob@example.com\r\nBcc: eve@example.com" }, "email"},
		{"quoted local part", func(r *crudapp.Registration) { r.Email = `"bob"@example.com` }, "email"},
		{"address literal", func(r *crudapp.Registration) { r.Email = "bob@[127.0.0.1]" }, "email"},
		{"domain with a hole", func(r *crudapp.Registration) { r.Email = "bob@example..com" }, "email"},
		{"domain with a hyphen at the end", func(r *crudapp.Registration) { r.Email = "bob@example-.com" }, "email"},
		{"not ASCII", func(r *crudapp.Registration) { r.Email = "bób@example.com" }, "email"},
		{"254 bytes of e-mail", func(r *crudapp.Registration) { r.Email = longEmail(254) }, ""},
		{"255 bytes of e-mail", func(r *crudapp.Registration) { r.Email = longEmail(255) }, "email"},
		{"host without dots", func(r *crudapp.Registration) { r.Email = "bob@localhost" }, ""},
		{"address of a closed account", func(r *crudapp.Registration) { r.Email = "closed-2@shop.Invalid" }, "email"},
		{"domain that is kept from being given out", func(r *crudapp.Registration) { r.Email = "bob@invalid" }, "email"},
		{"domain that sounds like it", func(r *crudapp.Registration) { r.Email = "bob@notinvalid.example" }, ""},
		{"tag", func(r *crudapp.Registration) { r.Email = "bob+shop@example.com" }, ""},

		{"no name", func(r *crudapp.Registration) { r.Name = " \t" }, "name"},
		{"100 characters of name", func(r *crudapp.Registration) { r.Name = strings.Repeat("😀", 100) }, ""},
		{"101 characters of name", func(r *crudapp.Registration) { r.Name = strings.Repeat("x", 101) }, "name"},
		{"name with an apostrophe", func(r *crudapp.Registration) { r.Name = "Sinéad O'Connor */ --" }, ""},
		{"name with a joiner", func(r *crudapp.Registration) { r.Name = "نیکی\u200cها" }, ""},
		{"name of two lines", func(r *crudapp.Registration) { r.Name = "Bob\nSubject: x" }, "name"},
		{"name with NUL", func(r *crudapp.Registration) { r.Name = "Bob\x00" }, "name"},
		{"name that turns text around", func(r *crudapp.Registration) { r.Name = "Bob\u202eecilA" }, "name"},
		{"name that is not UTF-8", func(r *crudapp.Registration) { r.Name = "Bob\xff" }, "name"},

		{"no telephone", func(r *crudapp.Registration) { r.Phone = "" }, ""},
		{"telephone in letters", func(r *crudapp.Registration) { r.Phone = "call me" }, "phone"},
		{"plus inside", func(r *crudapp.Registration) { r.Phone = "030+12345" }, "phone"},
		{"few digits", func(r *crudapp.Registration) { r.Phone = "+1 234" }, "phone"},
		{"32 digits", func(r *crudapp.Registration) { r.Phone = strings.Repeat("1", 32) }, ""},
		{"33 digits", func(r *crudapp.Registration) { r.Phone = strings.Repeat("1", 33) }, "phone"},

		{"no country", func(r *crudapp.Registration) { r.Country = "" }, ""},
		{"small letters", func(r *crudapp.Registration) { r.Country = "de" }, ""},
		{"unknown country", func(r *crudapp.Registration) { r.Country = "XX" }, "country"},

		{"no password", func(r *crudapp.Registration) { r.Password = "" }, "password"},
		{"7 characters", func(r *crudapp.Registration) { r.Password = "ümläuté" }, "password"},
		{"8 characters", func(r *crudapp.Registration) { r.Password = "ümläutéß" }, ""},
		{"1000 characters", func(r *crudapp.Registration) { r.Password = strings.Repeat("ab", 500) }, ""},
		{"1001 characters", func(r *crudapp.Registration) { r.Password = strings.Repeat("ab", 500) + "c" }, "password"},
		{"common", func(r *crudapp.Registration) { r.Password = "Password1" }, "password"},
		{"one character", func(r *crudapp.Registration) { r.Password = "éééééééééé" }, "password"},
		{"the e-mail address", func(r *crudapp.Registration) { r.Password = "BOB@example.com" }, "password"},
		{"not UTF-8", func(r *crudapp.Registration) { r.Password = "password\xff" }, "password"},
		{"spaces around", func(r *crudapp.Registration) { r.Password = " 12 34 56 " }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := bob()
			test.edit(&r)
			_, err := newWorld().Register(t.Context(), r)
			if test.field == "" {
				if err != nil {
					t.Errorf("Register: %v", err)
				}
				return
			}
			checkField(t, err, test.field)
		})
	}
}

func longEmail(n int) string {
	const local, end = "bob@", "com"
	labels := strings.Repeat(strings.Repeat("x", 62)+".", 5)
	return local + "a" + labels[len(labels)-(n-len(local)-1-len(end)):] + end
}

// checkField checks that err complains about exactly one field.
func checkField(t *testing.T, err error, field string) {
	t.Helper()
	e, ok := errors.AsType[*crudapp.Error](err)
	if !ok || e.Code != crudapp.CodeInvalid || len(e.Fields) != 1 || e.Fields[field] == "" {
		t.Errorf("got error %v, want one about %s", err, field)
	}
}

func TestRegisterTwice(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.mustRegister(t, bob())
	again := bob()
	again.Email = "BOB@EXAMPLE.COM"
	_, err := w.Register(t.Context(), again)
	checkField(t, err, "email")
}

func TestChangeDetails(t *testing.T) {
	t.Parallel()
	alice := crudapp.Details{Email: "alice@example.com", Name: "Alice", Country: "NO"}
	jim := crudapp.Details{Email: "jim@example.com", Name: "Jim", Country: "SE"}
	for _, test := range []struct {
		name string
		// quicker is what another writer saves between this one's look and write.
		quicker crudapp.Details
		version uint32
		change  crudapp.Details
		want    uint32 // The stored version afterwards.
		code    crudapp.Code
	}{
		{name: "current version", version: 1, change: alice, want: 2},
		{name: "nothing changed", version: 1, change: bob().Details, want: 1},
		{name: "only space added", version: 1, change: crudapp.Details{Email: " bob@example.com", Name: "Bob ", Phone: "+49 30 1234"}, want: 1},
		{name: "no country named", version: 1, change: crudapp.Details{Email: "bob@example.com", Name: "Bob", Phone: "+49 30 1234"}, want: 1},
		{name: "another country", version: 1, change: crudapp.Details{Email: "bob@example.com", Name: "Bob", Country: " se"}, want: 2},
		{name: "unknown country", version: 1, change: crudapp.Details{Email: "bob@example.com", Name: "Bob", Country: "XX"}, want: 1, code: crudapp.CodeInvalid},
		{name: "old version, other values", version: 0, change: alice, want: 1, code: crudapp.CodeConflict},
		{name: "old version, same values", version: 0, change: bob().Details, want: 1},
		{name: "version of the future", version: 2, change: alice, want: 1, code: crudapp.CodeConflict},
		{name: "race lost", quicker: jim, version: 1, change: alice, want: 2, code: crudapp.CodeConflict},
		{name: "race lost to the same values", quicker: alice, version: 1, change: alice, want: 2},
		{name: "bad value", version: 1, change: crudapp.Details{Email: "alice@example.com"}, want: 1, code: crudapp.CodeInvalid},
		{name: "address of another", version: 1, change: crudapp.Details{Email: "eve@example.com", Name: "Bob"}, want: 1, code: crudapp.CodeInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			c := w.mustRegister(t, bob())
			w.mustRegister(t, crudapp.Registration{Details: crudapp.Details{Email: "eve@example.com", Name: "Eve"}, Password: password})
			if test.quicker != (crudapp.Details{}) {
				w.store.beforeUpdate = func() {
					w.store.beforeUpdate = nil
					if _, err := w.ChangeDetails(t.Context(), c.ID, 1, test.quicker); err != nil {
						t.Errorf("ChangeDetails by the quicker: %v", err)
					}
				}
			}
			got, err := w.ChangeDetails(t.Context(), c.ID, test.version, test.change)
			stored := w.store.customers[c.ID]
			if stored.Version != test.want {
				t.Errorf("stored version is %d, want %d", stored.Version, test.want)
			}
			if test.code == "" {
				if err != nil || got != stored {
					t.Errorf("ChangeDetails = %+v, %v, want what is stored, %+v", got, err, stored)
				}
				return
			}
			if crudapp.ErrorCode(err) != test.code {
				t.Errorf("ChangeDetails returned %v, want code %s", err, test.code)
			}
			if conflict, ok := errors.AsType[*crudapp.ConflictError](err); ok && (conflict.Yours != test.change || conflict.Stored != stored) {
				t.Errorf("conflict between %+v and %+v, want %+v and %+v", conflict.Yours, conflict.Stored, test.change, stored)
			}
		})
	}
}

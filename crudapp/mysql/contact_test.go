package mysql_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/contact"
	"telltale/crudapp/mysql"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// addressOf is a new address of a customer.
func addressOf(customerID uint64, recipient string) contact.Address {
	return contact.Address{
		CustomerID: customerID, Version: 1, CreatedAt: at, UpdatedAt: at.Add(time.Microsecond),
		Postal: contact.Postal{Recipient: recipient, Street: "1 High Street 😀\nFlat 2", City: "Łódź", Country: "GB"},
	}
}

func addAddress(t *testing.T, store *mysql.Store, a contact.Address) contact.Address {
	t.Helper()
	a, err := store.CreateAddress(t.Context(), a, 3)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// defaults returns a customer's addresses, of which one must be the default.
func defaults(t *testing.T, store *mysql.Store, customerID uint64) []contact.Address {
	t.Helper()
	all, err := store.Addresses(t.Context(), customerID)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, a := range all {
		if a.Default {
			n++
		}
	}
	if n != 1 || !all[0].Default {
		t.Errorf("%d of the addresses %+v are the default, want the first alone", n, all)
	}
	return all
}

func testAddresses(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "addresses")
	ctx := t.Context()
	c := create(t, store, bob())
	alice := bob()
	alice.Email = "alice@example.com"
	other := create(t, store, alice)

	home, work := addAddress(t, store, addressOf(c.ID, "Home")), addAddress(t, store, addressOf(c.ID, "Work"))
	theirs := addAddress(t, store, addressOf(other.ID, "Alice"))
	if !home.Default || work.Default || !theirs.Default {
		t.Errorf("defaults are %v, %v, %v, want the first of each customer", home.Default, work.Default, theirs.Default)
	}
	if got := defaults(t, store, c.ID); !slices.Equal(got, []contact.Address{home, work}) {
		t.Errorf("Addresses = %+v, want %+v, %+v", got, home, work)
	}
	if _, err := store.Address(ctx, other.ID, home.ID); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("another customer's address: %v, want %v", err, crudapp.ErrNotFound)
	}

	update := contact.AddressUpdate{ID: work.ID, CustomerID: c.ID, Version: 1, Postal: work.Postal, At: at.Add(time.Hour)}
	update.Postal.Postcode = "SW1A 1AA"
	for _, step := range []struct {
		customer uint64
		want     bool
	}{{other.ID, false}, {c.ID, true}, {c.ID, false}} {
		update.CustomerID = step.customer
		if won, err := store.UpdateAddress(ctx, update); err != nil || won != step.want {
			t.Errorf("UpdateAddress for customer %d = %v, %v, want %v", step.customer, won, err, step.want)
		}
	}
	if err := store.MakeDefault(ctx, c.ID, work.ID, at.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	work.Postal, work.Version, work.Default, work.UpdatedAt = update.Postal, 2, true, at.Add(2*time.Hour)
	if got := defaults(t, store, c.ID); got[0] != work {
		t.Errorf("the default is %+v, want %+v", got[0], work)
	}
	if err := store.MakeDefault(ctx, c.ID, theirs.ID, at); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("another customer's address as the default: %v, want %v", err, crudapp.ErrNotFound)
	}
	addAddress(t, store, addressOf(c.ID, "Third"))
	if _, err := store.CreateAddress(ctx, addressOf(c.ID, "Fourth"), 3); !errors.Is(err, contact.ErrTooMany) {
		t.Errorf("a fourth of three: %v, want %v", err, contact.ErrTooMany)
	}
	for _, step := range []struct {
		version uint32
		want    bool
	}{{1, false}, {2, true}, {2, false}} {
		if won, err := store.DeleteAddress(ctx, c.ID, work.ID, step.version, at); err != nil || won != step.want {
			t.Errorf("DeleteAddress at version %d = %v, %v, want %v", step.version, won, err, step.want)
		}
	}
	if got := defaults(t, store, c.ID); got[0].ID != home.ID || len(got) != 2 {
		t.Errorf("Addresses = %+v, want two with %d as the default", got, home.ID)
	}
}

// testAddressRace has tabs add, remove and choose a default at once: in the end one
// is the default.
func testAddressRace(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "addressrace")
	c := create(t, store, bob())
	first := addAddress(t, store, addressOf(c.ID, "First"))
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			a, err := store.CreateAddress(t.Context(), addressOf(c.ID, "Other"), 100)
			if err != nil {
				t.Errorf("CreateAddress: %v", err)
				return
			}
			if err := store.MakeDefault(t.Context(), c.ID, a.ID, at); err != nil {
				t.Errorf("MakeDefault: %v", err)
			}
			if won, err := store.DeleteAddress(t.Context(), c.ID, a.ID, 1, at); err != nil || !won {
				t.Errorf("DeleteAddress = %v, %v", won, err)
			}
		})
		wg.Go(func() {
			if err := store.MakeDefault(t.Context(), c.ID, first.ID, at); err != nil {
				t.Errorf("MakeDefault: %v", err)
			}
		})
	}
	wg.Wait()
	if got := defaults(t, store, c.ID); len(got) != 1 || got[0].ID != first.ID {
		t.Errorf("Addresses = %+v, want the first alone", got)
	}
}

func testConsents(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "consents")
	c := create(t, store, bob())
	if got, err := store.Consent(t.Context(), c.ID); err != nil || got != (contact.Consent{CustomerID: c.ID}) {
		t.Errorf("Consent = %+v, %v, want none", got, err)
	}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if err := store.Decide(t.Context(), contact.Consent{CustomerID: c.ID, Given: true, At: at}); err != nil {
				t.Errorf("Decide: %v", err)
			}
		})
	}
	wg.Wait()
	if err := store.Decide(t.Context(), contact.Consent{CustomerID: c.ID, Given: true, At: at.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Consent(t.Context(), c.ID); err != nil || got != (contact.Consent{CustomerID: c.ID, Given: true, At: at}) {
		t.Errorf("Consent = %+v, %v, want that of the first decision", got, err)
	}
	withdrawn := contact.Consent{CustomerID: c.ID, At: at.Add(time.Minute)}
	if err := store.Decide(t.Context(), withdrawn); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Consent(t.Context(), c.ID); err != nil || got != withdrawn {
		t.Errorf("Consent = %+v, %v, want %+v", got, err, withdrawn)
	}
	var n int
	if err := mysqltest.DB(t, server, "consents").QueryRowContext(t.Context(), `SELECT COUNT(*) FROM consents`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d decisions are kept, %v, want 2", n, err)
	}
	if err := store.Decide(t.Context(), contact.Consent{CustomerID: c.ID + 1, Given: true, At: at}); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("an unknown customer: %v, want %v", err, crudapp.ErrNotFound)
	}
}

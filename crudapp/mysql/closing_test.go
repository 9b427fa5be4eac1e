package mysql_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/contact"
	"telltale/crudapp/order"
	"telltale/internal/mysqlserver"
)

func closing(c crudapp.Customer, version uint32) crudapp.CustomerClosing {
	return crudapp.CustomerClosing{
		ID: c.ID, Version: version, At: at.Add(time.Hour),
		Details: crudapp.Details{Name: crudapp.FormerName, Email: "closed@shop.invalid"},
	}
}

func testCloseCustomer(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "closing")
	ctx := t.Context()
	c := create(t, store, bob())
	alice := bob()
	alice.Email = "alice@example.com"
	other := create(t, store, alice)
	for n, who := range []crudapp.Customer{c, other} {
		addAddress(t, store, addressOf(who.ID, "Home"))
		if err := store.CreateSignIn(ctx, session(who.ID, byte(n)), signIn(who.ID)); err != nil {
			t.Fatal(err)
		}
		if err := store.Decide(ctx, contact.Consent{CustomerID: who.ID, Given: true, At: at}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		version uint32
		want    bool
		err     error
	}{{2, false, nil}, {1, true, nil}, {2, false, crudapp.ErrNotFound}} {
		if won, err := store.CloseCustomer(ctx, closing(c, step.version)); won != step.want || !errors.Is(err, step.err) {
			t.Errorf("CloseCustomer at version %d = %v, %v, want %v, %v", step.version, won, err, step.want, step.err)
		}
	}
	for what, err := range map[string]error{
		"Customer":        second(store.Customer(ctx, c.ID)),
		"CreateAddress":   second(store.CreateAddress(ctx, addressOf(c.ID, "Late"), 3)),
		"Decide":          store.Decide(ctx, contact.Consent{CustomerID: c.ID, Given: true, At: at}),
		"CustomerByEmail": third(store.CustomerByEmail(ctx, c.Email)),
		"Session":         third(store.Session(ctx, session(c.ID, 0).TokenHash)),
	} {
		if !errors.Is(err, crudapp.ErrNotFound) {
			t.Errorf("%s of a closed account returned %v, want %v", what, err, crudapp.ErrNotFound)
		}
	}
	if won, err := store.UpdateDetails(ctx, crudapp.DetailsUpdate{ID: c.ID, Version: 2, Details: c.Details, At: at}); won || err != nil {
		t.Errorf("UpdateDetails of a closed account = %v, %v", won, err)
	}
	var left [4]int
	var name, email, hash, country string
	var phone *string
	row := db.QueryRowContext(ctx, `SELECT name, email, phone, password_hash, country,
		(SELECT COUNT(*) FROM addresses WHERE customer_id = c.id), (SELECT COUNT(*) FROM sign_ins WHERE customer_id = c.id),
		(SELECT COUNT(*) FROM sessions WHERE customer_id = c.id), (SELECT COUNT(*) FROM consents WHERE customer_id = c.id)
		FROM customers c WHERE id = ? AND deleted_at = ? AND version = 2`, c.ID, at.Add(time.Hour))
	if err := row.Scan(&name, &email, &phone, &hash, &country, &left[0], &left[1], &left[2], &left[3]); err != nil {
		t.Fatal(err)
	}
	if name != crudapp.FormerName || email != "closed@shop.invalid" || phone != nil || hash != "" || country != "NO" || left != [4]int{0, 0, 0, 2} {
		t.Errorf("what stays is %q, %q, %v, %q, %q with %v addresses, sign-ins, sessions and consents", name, email, phone, hash, country, left)
	}
	if got, err := store.Customer(ctx, other.ID); err != nil || got != other {
		t.Errorf("another customer is %+v, %v, want %+v", got, err, other)
	}
	if got := defaults(t, store, other.ID); len(got) != 1 {
		t.Errorf("another customer's addresses are %+v, want one", got)
	}
	create(t, store, bob()) // The address is free again.
}

func second[A any](_ A, err error) error { return err }

func third[A, B any](_ A, _ B, err error) error { return err }

// testCloseWaits has an order keep an account open until it is cancelled, and somebody
// who holds the customer for longer than anybody waits.
func testCloseWaits(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "closewaits")
	id := shop.order(t)
	c, err := shop.store.Customer(t.Context(), shop.customer)
	if err != nil {
		t.Fatal(err)
	}
	if won, err := shop.store.CloseCustomer(t.Context(), closing(c, 1)); won || !errors.Is(err, crudapp.ErrOrderWaits) {
		t.Errorf("CloseCustomer while an order waits = %v, %v, want %v", won, err, crudapp.ErrOrderWaits)
	}
	if got, err := shop.store.Customer(t.Context(), c.ID); err != nil || got != c {
		t.Errorf("the customer is %+v, %v, want %+v", got, err, c)
	}
	cancel := order.Transition{OrderID: id, Version: 1, To: order.StatusCancelled, By: order.ByCustomer, At: at}
	if _, err := shop.store.CancelOrder(t.Context(), order.Cancellation{Transition: cancel}); err != nil {
		t.Fatal(err)
	}
	tx, err := shop.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `SELECT id FROM customers WHERE id = ? FOR UPDATE`, c.ID); err != nil {
		t.Fatal(err)
	}
	hurried := openOnly(t, server.DSN("closewaits")+"?innodb_lock_wait_timeout=1")
	if _, err := hurried.CloseCustomer(t.Context(), closing(c, 1)); crudapp.ErrorCode(err) != crudapp.CodeUnavailable {
		t.Errorf("CloseCustomer of one whom another holds returned %v, want code %s", err, crudapp.CodeUnavailable)
	}
	_, err = hurried.UpdateDetails(t.Context(), crudapp.DetailsUpdate{ID: c.ID, Version: 1, Details: c.Details, At: at})
	if crudapp.ErrorCode(err) != crudapp.CodeUnavailable {
		t.Errorf("UpdateDetails of one whom another holds returned %v, want code %s", err, crudapp.CodeUnavailable)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if won, err := hurried.CloseCustomer(t.Context(), closing(c, 1)); !won || err != nil {
		t.Errorf("CloseCustomer afterwards = %v, %v", won, err)
	}
}

// testCloseRace has a customer close the account while she signs in and adds
// addresses elsewhere: nothing deadlocks, and one closing wins.
func testCloseRace(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "closerace")
	c := create(t, store, bob())
	var wg sync.WaitGroup
	var mu sync.Mutex
	wins := 0
	gone := func(what string, err error) {
		if err != nil && !errors.Is(err, crudapp.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for n := range byte(50) {
		wg.Go(func() {
			switch n % 5 {
			case 0:
				won, err := store.CloseCustomer(t.Context(), closing(c, 0))
				gone("CloseCustomer", err)
				if won {
					mu.Lock()
					wins++
					mu.Unlock()
				}
			case 1:
				gone("CreateAddress", second(store.CreateAddress(t.Context(), addressOf(c.ID, "Other"), 100)))
			case 2:
				gone("Decide", store.Decide(t.Context(), contact.Consent{CustomerID: c.ID, Given: n%2 == 0, At: at}))
			default:
				gone("CreateSignIn", store.CreateSignIn(t.Context(), session(c.ID, n), signIn(c.ID)))
			}
		})
	}
	wg.Wait()
	if wins != 1 {
		t.Errorf("%d closings won, want one", wins)
	}
}

func testCustomers(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "search")
	var all []crudapp.Customer
	for _, d := range []crudapp.Details{
		{Email: "bob@example.com", Name: "Bob", Country: "GB"},
		{Email: "alice_b@example.com", Name: "Alice 100%", Country: "SE"},
		{Email: "jim@example.com", Name: "Jim Bobson", Country: "GB"},
		{Email: "eve@example.com", Name: "Eve", Country: "NO"},
	} {
		c := bob()
		c.Details = d
		all = append(all, create(t, store, c))
	}
	if _, err := store.CloseCustomer(t.Context(), closing(all[3], 0)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		q    crudapp.CustomerQuery
		want []crudapp.Customer
	}{
		{crudapp.CustomerQuery{Limit: 10}, all[:3]},
		{crudapp.CustomerQuery{Limit: 2}, all[:2]},
		{crudapp.CustomerQuery{Limit: 10, After: all[0].ID}, all[1:3]},
		{crudapp.CustomerQuery{Limit: 10, Text: "bOB"}, []crudapp.Customer{all[0], all[2]}},
		{crudapp.CustomerQuery{Limit: 10, Text: "JIM@"}, all[2:3]},
		{crudapp.CustomerQuery{Limit: 10, Text: "_"}, all[1:2]},
		{crudapp.CustomerQuery{Limit: 10, Text: "0%"}, all[1:2]},
		{crudapp.CustomerQuery{Limit: 10, Text: "eve"}, nil},
		{crudapp.CustomerQuery{Limit: 10, Text: "former"}, nil},
	} {
		if got, err := store.Customers(t.Context(), test.q); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("Customers(%+v) = %+v, %v, want %+v", test.q, got, err, test.want)
		}
	}
}

package crudapp_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"telltale/crudapp"
)

func TestClose(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.mustRegister(t, bob())
	token, err := w.OpenSession(t.Context(), c, "")
	if err != nil {
		t.Fatal(err)
	}
	checkField(t, w.Close(t.Context(), crudapp.Closing{Customer: c, Password: "another pass phrase"}), crudapp.FieldPassword)
	w.store.orderWaits = true
	checkField(t, w.Close(t.Context(), crudapp.Closing{Customer: c, Password: password}), crudapp.FieldPassword)
	if err := w.CloseFor(t.Context(), c.ID, 1); crudapp.ErrorCode(err) != crudapp.CodeInvalid {
		t.Errorf("CloseFor while an order waits returned %v, want code %s", err, crudapp.CodeInvalid)
	}
	w.store.orderWaits = false
	if err := w.Close(t.Context(), crudapp.Closing{Customer: c, Password: password}); err != nil {
		t.Fatalf("Close: %v", err)
	}
	want := []crudapp.CustomerClosing{{
		ID: c.ID, At: w.now.Truncate(time.Microsecond),
		Details: crudapp.Details{Name: crudapp.FormerName, Email: fmt.Sprintf("closed-%d@shop.invalid", c.ID)},
	}}
	if !slices.Equal(w.store.closed, want) {
		t.Errorf("closed %+v, want %+v", w.store.closed, want)
	}
	if _, err := w.Authenticate(t.Context(), token); crudapp.ErrorCode(err) != crudapp.CodeUnauthenticated {
		t.Errorf("the session of a closed account: %v, want code %s", err, crudapp.CodeUnauthenticated)
	}
	if _, _, err := w.SignIn(t.Context(), crudapp.SignIn{Email: c.Email, Password: password}); crudapp.ErrorCode(err) != crudapp.CodeUnauthenticated {
		t.Errorf("to sign in to a closed account: %v, want code %s", err, crudapp.CodeUnauthenticated)
	}
}

// Whoever sits at somebody else's open session cannot try passwords without end.
func TestCloseLimitsAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.mustRegister(t, bob())
	for range 10 {
		checkField(t, w.Close(t.Context(), crudapp.Closing{Customer: c, Password: "another pass phrase"}), crudapp.FieldPassword)
	}
	err := w.Close(t.Context(), crudapp.Closing{Customer: c, Password: password})
	if crudapp.ErrorCode(err) != crudapp.CodeTooMany || len(w.store.closed) > 0 {
		t.Errorf("Close after ten failures: %v, want code %s", err, crudapp.CodeTooMany)
	}
}

func TestCloseFor(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.mustRegister(t, bob())
	for _, step := range []struct {
		version uint32
		want    crudapp.Code
	}{{0, crudapp.CodeConflict}, {2, crudapp.CodeConflict}, {1, ""}, {1, crudapp.CodeNotFound}} {
		err := w.CloseFor(t.Context(), c.ID, step.version)
		if step.want == "" && err != nil || step.want != "" && crudapp.ErrorCode(err) != step.want {
			t.Errorf("CloseFor from version %d returned %v, want code %q", step.version, err, step.want)
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 51 {
		r := bob()
		r.Email = fmt.Sprintf("bob%d@example.com", n)
		w.mustRegister(t, r)
	}
	first, err := w.Search(t.Context(), " bob ", 0)
	if err != nil || len(first.Customers) != 50 || first.Next != 50 {
		t.Fatalf("Search returned %d customers and goes on behind %d, %v, want 50 and 50", len(first.Customers), first.Next, err)
	}
	rest, err := w.Search(t.Context(), "bob", first.Next)
	if err != nil || len(rest.Customers) != 1 || rest.Next != 0 {
		t.Errorf("the rest is %+v, %v, want one customer", rest, err)
	}
	if _, err := w.Customer(t.Context(), 99); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("Customer 99: %v, want %v", err, crudapp.ErrNotFound)
	}
}

package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"telltale/load"
)

// visitor is a customer with a session. Maps are replaced and never changed, so that
// a copy is how things were.
type visitor struct {
	email, password string
	session         []*http.Cookie
	customer        customer
	addresses       map[uint64]address
	orders          map[uint64]purchase
	// reviews are those that the visits so far were about, by product.
	reviews map[uint64]review
	// basket is how many there are of a product.
	basket map[uint64]uint16
	// signIns are the last, the oldest first.
	signIns []signIn
	// seen is one for all copies.
	seen *seen
}

// seen is what the record has of a visitor's sign-ins.
type seen struct {
	ids map[uint64]bool
	// awaited is the last sign-in that succeeded, while its row was not read.
	awaited origin
}

// load reads all that the shop has of the visitor, who stays as she was where that
// does not succeed.
func (who *visitor) load(ctx context.Context, v *visit) error {
	if who.customer.ID == 0 {
		a, err := who.signIn(ctx, v)
		if err != nil || a.status == http.StatusUnauthorized {
			return err // She has not come to be.
		}
		if !a.ok() {
			return unread("sign "+who.email+" in", a)
		}
	}
	read := *who
	read.customer = customer{} // In the answer null is nothing.
	var addresses struct {
		All []address `json:"addresses"`
	}
	var orders struct {
		Page []order `json:"orders"`
	}
	var basket struct {
		Lines []struct {
			Product  uint64 `json:"product_id"`
			Quantity uint16 `json:"quantity"`
		} `json:"lines"`
	}
	var signIns signInList
	for _, one := range []struct {
		path string
		into any
	}{
		{"/api/customers/me", &read.customer},
		{"/api/customers/me/addresses", &addresses},
		{"/api/orders", &orders},
		{"/api/basket", &basket},
		{signInsPath, &signIns},
	} {
		if _, err := v.read(ctx, one.path, one.into); err != nil {
			return err
		}
	}
	read.addresses, read.basket = map[uint64]address{}, map[uint64]uint16{}
	for _, a := range addresses.All {
		read.addresses[a.ID] = a
	}
	for _, l := range basket.Lines {
		read.basket[l.Product] = l.Quantity
	}
	read.signIns = signIns.of(read.customer.ID)
	if err := read.loadReview(ctx, v); err != nil {
		return err
	}
	if err := read.loadOrders(ctx, v, orders.Page); err != nil {
		return err
	}
	read.session = who.session // Which may be a new one.
	*who = read
	return nil
}

// read reads something of the visitor's, who signs in again where the session has
// ended. It tells whether it is there.
func (v *visit) read(ctx context.Context, path string, into any) (bool, error) {
	r := request{method: http.MethodGet, path: path, into: into}
	a, err := v.ask(ctx, r)
	if err == nil && a.status == http.StatusUnauthorized {
		if a, err = v.who.signIn(ctx, v); err == nil && a.ok() {
			a, err = v.ask(ctx, r)
		}
	}
	switch {
	case err != nil:
		return false, err
	case a.ok():
		return true, nil
	case a.status == http.StatusNotFound:
		return false, nil
	}
	return false, unread("GET "+path+" for "+v.who.email, a)
}

// unread is why something could not be read. What a busy shop does not answer now is as
// good as lost.
func unread(what string, a answer) error {
	err := fmt.Errorf("%s: the shop answers %d (%s)", what, a.status, a.problem)
	if a.busy() {
		return &lostError{err}
	}
	return err
}

// differences notes what is not as it was before.
func (v *visit) differences(before visitor) error {
	now := v.who
	if now.customer != before.customer {
		asked := v.from
		if one, ok := v.saved[now.customer.Name]; ok { // Of several, this one won.
			v.from = one
		}
		if err := v.noteCustomer(before.customer, now.customer); err != nil {
			return err
		}
		v.from = asked
	}
	id := now.customer.ID
	err := each(before.addresses, now.addresses, func(was, is *address) error {
		return v.note(load.Addresses, rowOf(was, func(a address) any { return a.row(id) }), rowOf(is, func(a address) any { return a.row(id) }))
	})
	if err != nil {
		return err
	}
	if err := v.reviewDifferences(before); err != nil {
		return err
	}
	if err := v.purchaseDifferences(before); err != nil {
		return err
	}
	for _, product := range keys(before.basket, now.basket) {
		was, had := before.basket[product]
		is, has := now.basket[product]
		if was == is {
			continue
		}
		if err := v.note(load.BasketLines, line(had, id, product, was), line(has, id, product, is)); err != nil {
			return err
		}
	}
	// Only to read all this were sessions opened, unless that was what was asked.
	return v.noteSignIns(now.signIns)
}

// noteCustomer notes the visitor's row. Where there was none, nobody was signed in yet.
func (v *visit) noteCustomer(was, is customer) error {
	if err := v.note(load.Customers, unless(was.ID == 0, was), is); err != nil {
		return err
	}
	if was.ID == 0 {
		v.changes[len(v.changes)-1].Actor = ""
	}
	return nil
}

func line(there bool, customer, product uint64, quantity uint16) any {
	if !there {
		return nil
	}
	return basketRow{customer, product, quantity}
}

// each calls f with what is different, in the order of the keys.
func each[V comparable](before, now map[uint64]V, f func(was, is *V) error) error {
	for _, key := range keys(before, now) {
		was, had := before[key]
		is, has := now[key]
		if had && has && was == is {
			continue
		}
		if err := f(pointer(was, had), pointer(is, has)); err != nil {
			return err
		}
	}
	return nil
}

func pointer[V any](value V, there bool) *V {
	if !there {
		return nil
	}
	return &value
}

func keys[V any](a, b map[uint64]V) []uint64 {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}

func rowOf[V any](value *V, row func(V) any) any {
	if value == nil {
		return nil
	}
	return row(*value)
}

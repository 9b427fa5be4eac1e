package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"telltale/load"
)

// customer is a visitor's row of the customers, as the API shows it.
type customer struct {
	ID      uint64        `json:"id"`
	Email   string        `json:"email"`
	Name    string        `json:"name"`
	Phone   load.Nullable `json:"phone"`
	Version uint32        `json:"version"`
}

// postal is what can be changed about an address.
type postal struct {
	Recipient string        `json:"recipient"`
	Street    string        `json:"street"`
	Postcode  load.Nullable `json:"postcode"`
	City      string        `json:"city"`
	Country   string        `json:"country"`
}

// address is an address as the API shows it.
type address struct {
	ID uint64 `json:"id"`
	postal
	Default bool   `json:"default"`
	Version uint32 `json:"version"`
}

// order is an order as the API shows it.
type order struct {
	ID         uint64 `json:"id"`
	CustomerID uint64 `json:"customer_id"`
	Status     string `json:"status"`
	Total      string `json:"total"`
	Currency   string `json:"currency"`
	Version    uint32 `json:"version"`
}

// visitor is a customer with a session. Maps are replaced and never changed, so that
// a copy is how things were.
type visitor struct {
	email, password string
	session         []*http.Cookie
	customer        customer
	addresses       map[uint64]address
	orders          map[uint64]order
	// basket is how many there are of a product.
	basket map[uint64]uint16
}

// load reads all that the shop has of the visitor.
func (who *visitor) load(ctx context.Context, v *visit) error {
	if who.customer.ID == 0 {
		if err := who.signIn(ctx, v); err != nil || len(who.session) == 0 {
			return err
		}
	}
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
	for _, one := range []struct {
		path string
		into any
	}{
		{"/api/customers/me", &who.customer},
		{"/api/customers/me/addresses", &addresses},
		{"/api/orders", &orders},
		{"/api/basket", &basket},
	} {
		r := v.named(request{method: http.MethodGet, path: one.path, into: one.into})
		a, err := v.target.send(ctx, r)
		if err != nil {
			return err
		}
		if !a.ok() {
			return fmt.Errorf("%s %s: the shop answers %d (%s)", r.method, r.path, a.status, a.problem)
		}
	}
	who.addresses, who.basket = map[uint64]address{}, map[uint64]uint16{}
	for _, a := range addresses.All {
		who.addresses[a.ID] = a
	}
	for _, l := range basket.Lines {
		who.basket[l.Product] = l.Quantity
	}
	known := who.orders
	who.orders = map[uint64]order{}
	maps.Copy(who.orders, known) // Only the newest are on the page.
	for _, o := range orders.Page {
		who.orders[o.ID] = o
	}
	return nil
}

// signIn opens a session; none is open where the shop does not know the visitor.
func (who *visitor) signIn(ctx context.Context, v *visit) error {
	body := map[string]string{"email": who.email, "password": who.password}
	a, err := v.ask(ctx, request{method: http.MethodPost, path: "/api/session", body: body, into: &who.customer})
	if err != nil {
		return err
	}
	if a.status == http.StatusUnauthorized {
		return nil
	}
	if !a.ok() {
		return fmt.Errorf("sign %s in: the shop answers %d (%s)", who.email, a.status, a.problem)
	}
	who.session = a.cookies
	return nil
}

// addressRow is an address as its row.
type addressRow struct {
	ID         uint64 `json:"id"`
	CustomerID uint64 `json:"customer_id"`
	postal
	Default int    `json:"is_default"`
	Version uint32 `json:"version"`
}

func (a address) row(customer uint64) addressRow {
	row := addressRow{ID: a.ID, CustomerID: customer, postal: a.postal, Version: a.Version}
	if a.Default {
		row.Default = 1
	}
	return row
}

// basketRow is a line of a basket as its row.
type basketRow struct {
	CustomerID uint64 `json:"customer_id"`
	ProductID  uint64 `json:"product_id"`
	Quantity   uint16 `json:"quantity"`
}

// differences notes what is not as it was before.
func (v *visit) differences(before visitor) error {
	now := v.who
	if now.customer != before.customer {
		var was any
		if before.customer.ID != 0 {
			was = before.customer
		}
		if err := v.note(load.Customers, was, now.customer); err != nil {
			return err
		}
	}
	id := now.customer.ID
	err := each(before.addresses, now.addresses, func(was, is *address) error {
		return v.note(load.Addresses, rowOf(was, func(a address) any { return a.row(id) }), rowOf(is, func(a address) any { return a.row(id) }))
	})
	if err != nil {
		return err
	}
	err = each(before.orders, now.orders, func(was, is *order) error {
		return v.note(load.Orders, rowOf(was, func(o order) any { return o }), rowOf(is, func(o order) any { return o }))
	})
	if err != nil {
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

// note adds a change, on behalf of the visitor and of the last request.
func (v *visit) note(table string, before, after any) error {
	c, err := load.NewChange(table, before, after)
	if err != nil {
		return err
	}
	c.Actor, c.Request = "customer:"+strconv.FormatUint(v.who.customer.ID, 10), v.request
	v.changes = append(v.changes, c)
	return nil
}

package mysql_test

import (
	"crypto/sha256"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/mysql"
	"telltale/crudapp/order"
	"telltale/internal/mysqlserver"
)

// shopper is a customer with an address.
type shopper struct {
	store    *mysql.Store
	customer crudapp.Customer
	address  contact.Address
}

func newShopper(t *testing.T, store *mysql.Store, name string) shopper {
	t.Helper()
	c := bob()
	c.Email, c.Name = name+"@example.com", name
	c = create(t, store, c)
	return shopper{store, c, addAddress(t, store, addressOf(c.ID, name))}
}

// goods stores a product of which there are so many.
func goods(t *testing.T, store *mysql.Store, sku string, onHand uint32) catalogue.Item {
	t.Helper()
	p := loaf()
	p.SKU, p.Name, p.Categories = sku, "Loaf "+sku, nil
	return stock(t, store, p, catalogue.Level{OnHand: onHand})
}

// put makes a basket hold so many of a product.
func (s shopper) put(t *testing.T, item catalogue.Item, quantity uint16) {
	t.Helper()
	err := s.store.ChangeBasket(t.Context(), s.customer.ID, item.ID, at, func(order.Basket) (uint16, error) { return quantity, nil })
	if err != nil {
		t.Fatal(err)
	}
}

var errShort = errors.New("not everything can be had")

// place orders the basket under a key, unless something in it is short.
func (s shopper) place(t *testing.T, key string) (order.Order, error) {
	t.Helper()
	return s.store.PlaceOrder(t.Context(), order.Placement{
		CustomerID: s.customer.ID, AddressID: s.address.ID, Key: key, RequestHash: sha256.Sum256([]byte(key)),
		Decide: func(b order.Basket, to contact.Address) (order.Order, error) {
			if len(b.Lines) == 0 || len(b.Obstructed()) > 0 {
				return order.Order{}, errShort
			}
			o := order.Order{
				Buyer: order.Buyer{CustomerID: b.CustomerID}, Status: order.StatusPlaced, Total: b.Total(), Currency: b.Currency(),
				ShipTo: to.Postal, PlacedAt: at, UpdatedAt: at, Version: 1,
			}
			for i, l := range b.Lines {
				o.Lines = append(o.Lines, order.Line{
					Number: uint16(i + 1), ProductID: l.ProductID, SKU: l.SKU, Name: l.Name, UnitPrice: l.UnitPrice, Quantity: l.Quantity,
				})
			}
			return o, nil
		},
	})
}

func onHand(t *testing.T, store *mysql.Store, of catalogue.Item) (uint32, uint32) {
	t.Helper()
	found := item(t, store, of.ID)
	return found.Stock.OnHand, found.Stock.Version
}

func testOrderRoundTrip(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "orders")
	s, other := newShopper(t, store, "bob"), newShopper(t, store, "bobby")
	bread, cake := goods(t, store, "B-1", 5), goods(t, store, "C-1", 7)
	s.put(t, cake, 3)
	s.put(t, bread, 1)
	s.put(t, bread, 2)
	other.put(t, cake, 1)
	line := func(i catalogue.Item, n uint16) order.BasketLine {
		return order.BasketLine{ProductID: i.ID, SKU: i.SKU, Name: i.Name, UnitPrice: 420, Currency: "GBP", Quantity: n, Sold: true, OnHand: i.Stock.OnHand}
	}
	wantBasket := order.Basket{CustomerID: s.customer.ID, Lines: []order.BasketLine{line(bread, 2), line(cake, 3)}}
	if got, err := store.Basket(t.Context(), s.customer.ID); err != nil || !reflect.DeepEqual(got, wantBasket) {
		t.Errorf("Basket = %+v, %v, want %+v", got, err, wantBasket)
	}

	placed, err := s.place(t, "first")
	want := order.Order{
		ID: placed.ID, Buyer: order.Buyer{CustomerID: s.customer.ID, Name: "bob", Email: "bob@example.com"},
		Status: order.StatusPlaced, Total: 2100, Currency: "GBP", ShipTo: s.address.Postal, PlacedAt: at, UpdatedAt: at, Version: 1,
		Lines: []order.Line{
			{Number: 1, ProductID: bread.ID, SKU: "B-1", Name: "Loaf B-1", UnitPrice: 420, Quantity: 2},
			{Number: 2, ProductID: cake.ID, SKU: "C-1", Name: "Loaf C-1", UnitPrice: 420, Quantity: 3},
		},
	}
	left := func(i catalogue.Item, n, version uint32) catalogue.Stock {
		return catalogue.Stock{ProductID: i.ID, Level: catalogue.Level{OnHand: n, ReorderLevel: i.Stock.ReorderLevel}, Version: version, UpdatedAt: at}
	}
	step := want
	step.Stock = []catalogue.Stock{left(bread, 3, 2), left(cake, 4, 2)}
	if err != nil || !reflect.DeepEqual(placed, step) {
		t.Fatalf("PlaceOrder = %+v, %v, want %+v", placed, err, step)
	}
	if n, version := onHand(t, store, cake); n != 4 || version != 2 {
		t.Errorf("%d of the cake are left at version %d, want 4 at 2", n, version)
	}
	if b, err := store.Basket(t.Context(), s.customer.ID); err != nil || len(b.Lines) != 0 {
		t.Errorf("Basket = %+v, %v, want none", b, err)
	}
	if b, err := store.Basket(t.Context(), other.customer.ID); err != nil || len(b.Lines) != 1 {
		t.Errorf("another's basket = %+v, %v, want one line", b, err)
	}

	// What is ordered stays as it was, whatever becomes of what it came from.
	if won, err := store.RemoveProduct(t.Context(), bread.ID, 1, at); err != nil || !won {
		t.Fatal(won, err)
	}
	if won, err := store.DeleteAddress(t.Context(), s.customer.ID, s.address.ID, 1, at); err != nil || !won {
		t.Fatal(won, err)
	}
	if got, err := store.Order(t.Context(), placed.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Order = %+v, %v, want %+v", got, err, want)
	}
	if _, err := other.place(t, "first"); err != nil {
		t.Errorf("another customer's order under the same key: %v", err)
	}
	testOrderSteps(t, store, want)
	testOrderQueries(t, store, want)
}

// testOrderSteps cancels an order from a version that is not the stored one, and
// from the one that is.
func testOrderSteps(t *testing.T, store *mysql.Store, o order.Order) {
	t.Helper()
	c := order.Cancellation{Transition: order.Transition{
		OrderID: o.ID, Version: 2, To: order.StatusCancelled, By: order.ByCustomer, Reason: "Too much 😀", At: at.Add(time.Hour),
	}}
	if _, err := store.CancelOrder(t.Context(), c); crudapp.ErrorCode(err) != crudapp.CodeConflict {
		t.Errorf("from another version: %v", err)
	}
	c.Version = 1
	got, err := store.CancelOrder(t.Context(), c)
	o.Status, o.Version, o.CancelReason, o.CancelledAt, o.UpdatedAt = order.StatusCancelled, 2, c.Reason, c.At, c.At
	for i, left := range got.Stock {
		if n := [...]uint32{5, 6}[i]; left.OnHand != n || left.Version < 3 || left.UpdatedAt != c.At {
			t.Errorf("after the order was cancelled there are %+v, want %d", left, n)
		}
	}
	if len(got.Stock) != len(o.Lines) {
		t.Errorf("CancelOrder tells of the stock of %d products, want %d", len(got.Stock), len(o.Lines))
	}
	got.Stock = nil
	if err != nil || !reflect.DeepEqual(got, o) {
		t.Errorf("CancelOrder = %+v, %v, want %+v", got, err, o)
	}
	if got, err := store.Order(t.Context(), o.ID); err != nil || !reflect.DeepEqual(got, o) {
		t.Errorf("Order = %+v, %v, want %+v", got, err, o)
	}
	c.OrderID += 1000
	if _, err := store.CancelOrder(t.Context(), c); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("an unknown order: %v, want %v", err, crudapp.ErrNotFound)
	}
}

// testOrderQueries looks for Bob's order, which is cancelled, and Bobby's after it.
func testOrderQueries(t *testing.T, store *mysql.Store, bobs order.Order) {
	t.Helper()
	for name, test := range map[string]struct {
		q    order.Query
		want string
	}{
		"all":                {order.Query{Limit: 9}, "bobby bob"},
		"a page":             {order.Query{Limit: 1}, "bobby"},
		"the next page":      {order.Query{Limit: 9, Before: bobs.ID + 1}, "bob"},
		"one customer's":     {order.Query{Limit: 9, CustomerID: bobs.CustomerID}, "bob"},
		"a number":           {order.Query{Limit: 9, Number: bobs.ID}, "bob"},
		"an address":         {order.Query{Limit: 9, Email: "bob@"}, "bob"},
		"how one begins":     {order.Query{Limit: 9, Email: "bob"}, "bobby bob"},
		"no pattern":         {order.Query{Limit: 9, Email: "b%"}, ""},
		"a status":           {order.Query{Limit: 9, Status: order.StatusPlaced}, "bobby"},
		"status and address": {order.Query{Limit: 9, Status: order.StatusPlaced, Email: "bob@"}, ""},
	} {
		found, err := store.Orders(t.Context(), test.q)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var names []string
		for _, o := range found {
			names = append(names, o.Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: orders of %q, want %q", name, got, test.want)
		}
	}
}

// testBasketCascade deletes a customer by hand: her basket goes with her where the
// server logs that, and keeps her where it does not.
func testBasketCascade(t *testing.T, server *mysqlserver.Server, logged bool) {
	store, db := openStore(t, server, "cascade")
	c := bob()
	c = create(t, store, c)
	s := shopper{store: store, customer: c}
	s.put(t, goods(t, store, "B-1", 5), 2)
	_, err := db.ExecContext(t.Context(), `DELETE FROM customers WHERE id = ?`, c.ID)
	var left int
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM basket_lines`).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if gone := err == nil && left == 0; gone != logged {
		t.Errorf("deleting the customer: %v, and %d lines are left; want the basket to go: %t", err, left, logged)
	}
}

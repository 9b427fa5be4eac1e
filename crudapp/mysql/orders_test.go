package mysql_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/mysql"
	"telltale/crudapp/order"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
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
	if err != nil || !reflect.DeepEqual(placed, want) {
		t.Fatalf("PlaceOrder = %+v, %v, want %+v", placed, err, want)
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

// testLastPieces has fifty customers order the last ten of a product, half of them
// with another product before it and half after it.
func testLastPieces(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "lastpieces")
	const shoppers, pieces = 50, 10
	plenty, last, more := goods(t, store, "A-1", 1000), goods(t, store, "L-1", pieces), goods(t, store, "Z-1", 1000)
	var won, short atomic.Int32
	var wg sync.WaitGroup
	all := make([]shopper, shoppers)
	for i := range all {
		all[i] = newShopper(t, store, fmt.Sprintf("bob%d", i))
		all[i].put(t, []catalogue.Item{plenty, more}[i%2], 1)
		all[i].put(t, last, 1)
	}
	for _, s := range all {
		wg.Go(func() {
			switch _, err := s.place(t, "k"); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, errShort):
				short.Add(1)
			default:
				t.Errorf("PlaceOrder: %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != pieces || short.Load() != shoppers-pieces {
		t.Errorf("%d orders were placed and %d refused, want %d and %d", won.Load(), short.Load(), pieces, shoppers-pieces)
	}
	if n, version := onHand(t, store, last); n != 0 || version != 1+pieces {
		t.Errorf("%d are left at version %d, want none at %d", n, version, 1+pieces)
	}
	var orders, sold, others, lines int
	row := db.QueryRowContext(t.Context(), `SELECT
		(SELECT COUNT(*) FROM orders), (SELECT SUM(quantity) FROM order_lines WHERE product_id = ?),
		(SELECT SUM(quantity) FROM order_lines WHERE product_id <> ?), (SELECT COUNT(*) FROM basket_lines)`, last.ID, last.ID)
	if err := row.Scan(&orders, &sold, &others, &lines); err != nil || orders != pieces || sold != pieces || others != pieces || lines != 2*(shoppers-pieces) {
		t.Errorf("%d orders of %d and %d pieces, %d lines in baskets, %v; want %d, %d, %d, %d", orders, sold, others, lines, err, pieces, pieces, pieces, 2*(shoppers-pieces))
	}
	first, _ := onHand(t, store, plenty)
	second, _ := onHand(t, store, more)
	if first+second != 2000-pieces {
		t.Errorf("%d and %d are left of what there is plenty of, want %d together", first, second, 2000-pieces)
	}
}

// testOrderOnce sends one form on twenty connections at once, and another under its
// key.
func testOrderOnce(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "orderonce")
	s, item := newShopper(t, store, "bob"), goods(t, store, "B-1", 50)
	s.put(t, item, 2)
	const tabs = 20
	var ids [tabs]uint64
	var wg sync.WaitGroup
	for i := range tabs {
		wg.Go(func() {
			o, err := s.place(t, "once")
			if err != nil {
				t.Errorf("PlaceOrder: %v", err)
			}
			ids[i] = o.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("orders %d and %d were placed, want one", ids[0], id)
		}
	}
	if n, _ := onHand(t, store, item); n != 48 {
		t.Errorf("%d are left, want 48", n)
	}
	_, err := store.PlaceOrder(t.Context(), order.Placement{CustomerID: s.customer.ID, AddressID: s.address.ID, Key: "once"})
	if used, ok := errors.AsType[*order.KeyUsed](err); !ok || used.Stored.ID != ids[0] {
		t.Errorf("something else under the key: %v, want that order %d has it", err, ids[0])
	}
}

// testCancelOnce has twenty tabs cancel an order: its goods come back once.
func testCancelOnce(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "cancelonce")
	s, item := newShopper(t, store, "bob"), goods(t, store, "B-1", 5)
	s.put(t, item, 4)
	o, err := s.place(t, "k")
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := store.CancelOrder(t.Context(), order.Cancellation{Transition: order.Transition{
				OrderID: o.ID, Version: 1, To: order.StatusCancelled, By: order.ByCustomer, At: at,
			}})
			if err == nil {
				won.Add(1)
			} else if crudapp.ErrorCode(err) != crudapp.CodeConflict {
				t.Errorf("CancelOrder: %v", err)
			}
		})
	}
	wg.Wait()
	if n, version := onHand(t, store, item); won.Load() != 1 || n != 5 || version != 3 {
		t.Errorf("%d tabs cancelled it, %d are there at version %d; want 1, 5, 3", won.Load(), n, version)
	}
}

// testDeadlock has somebody else's transaction lock stock in the other direction. The
// server gives up the lighter one, the order, which is tried again.
func testDeadlock(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "deadlock")
	s, first, second := newShopper(t, store, "bob"), goods(t, store, "A-1", 5), goods(t, store, "B-1", 5)
	s.put(t, first, 1)
	s.put(t, second, 1)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	// Rows of its own make it the heavier.
	for i := range 50 {
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO categories (slug, name, position, created_at) VALUES (?, 'x', 1, NOW())`, fmt.Sprintf("c%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.ExecContext(t.Context(), `UPDATE stock SET on_hand = 4 WHERE product_id = ?`, second.ID); err != nil {
		t.Fatal(err)
	}
	placed := make(chan error, 1)
	go func() {
		_, err := s.place(t, "k")
		placed <- err
	}()
	waitForLockWait(t, server)
	if _, err := tx.ExecContext(t.Context(), `UPDATE stock SET on_hand = 4 WHERE product_id = ?`, first.ID); err != nil {
		t.Fatalf("the server gave up the heavier transaction: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-placed; err != nil {
		t.Errorf("PlaceOrder: %v", err)
	}
	for _, item := range []catalogue.Item{first, second} {
		if n, _ := onHand(t, store, item); n != 3 {
			t.Errorf("%d of %s are left, want 3", n, item.SKU)
		}
	}
}

// waitForLockWait waits until a transaction of the server's waits for another's lock.
// The tests beside this one may be the cause, in which case the caller's own wait is
// only a moment away. The server looks anew only after a tenth of a second in which
// nobody asked.
func waitForLockWait(t *testing.T, server *mysqlserver.Server) {
	t.Helper()
	db := mysqltest.DB(t, server, "information_schema")
	for {
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM innodb_trx WHERE trx_state = 'LOCK WAIT'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		time.Sleep(150 * time.Millisecond)
	}
}

// testLockWait has somebody hold the stock for longer than anybody waits.
func testLockWait(t *testing.T, server *mysqlserver.Server) {
	_, db := openStore(t, server, "lockwait")
	store := openOnly(t, server.DSN("lockwait")+"?innodb_lock_wait_timeout=1")
	s, item := newShopper(t, store, "bob"), goods(t, store, "A-1", 5)
	s.put(t, item, 1)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `UPDATE stock SET on_hand = 4 WHERE product_id = ?`, item.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.place(t, "k")
	if e, ok := errors.AsType[*crudapp.Error](err); !ok || e.Code != crudapp.CodeUnavailable || e.RetryAfter == 0 {
		t.Errorf("PlaceOrder: %v, want to be told to come back", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.place(t, "k"); err != nil {
		t.Errorf("PlaceOrder afterwards: %v", err)
	}
}

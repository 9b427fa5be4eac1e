package mysql_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/order"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

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

// testOrderOnce sends one form on fifty connections at once, and another under its
// key.
func testOrderOnce(t *testing.T, server *mysqlserver.Server) {
	store, _ := openStore(t, server, "orderonce")
	s, item := newShopper(t, store, "bob"), goods(t, store, "B-1", 50)
	s.put(t, item, 2)
	const tabs = 50
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

// testCancelOnce has fifty tabs cancel an order: its goods come back once.
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
	for range 50 {
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

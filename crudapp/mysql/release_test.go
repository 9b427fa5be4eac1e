package mysql_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
	"telltale/internal/mysqlserver"
)

// testUnpaid has several instances of the shop cancel what nobody paid: of five orders
// one was paid and one placed later.
func testUnpaid(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "unpaid")
	bread := goods(t, store, "B-1", 20)
	var ids []uint64
	for _, name := range []string{"ann", "bob", "carl", "dora", "eve"} {
		s := newShopper(t, store, name)
		s.put(t, bread, 3)
		placed, err := s.place(t, "k")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, placed.ID)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE orders SET status = 'paid' WHERE id = ?`, ids[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE orders SET placed_at = ? WHERE id = ?`, at.Add(time.Hour), ids[3]); err != nil {
		t.Fatal(err)
	}

	orders := order.New(order.Options{Store: store, KeepFor: time.Hour, Now: func() time.Time { return at.Add(2 * time.Hour) }})
	var mu sync.Mutex
	var wg sync.WaitGroup
	total := 0
	for range 5 {
		wg.Go(func() {
			released, err := orders.ReleaseUnpaid(t.Context())
			if err != nil {
				t.Errorf("ReleaseUnpaid: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			total += released
		})
	}
	wg.Wait()
	if total != 3 {
		t.Errorf("%d orders were cancelled, want 3", total)
	}
	var got []string
	for _, id := range ids {
		found, err := store.Order(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(found.Status)+found.CancelReason)
	}
	const gone = "cancelledNot paid in time."
	if want := []string{gone, "paid", gone, "placed", gone}; strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("orders are %q, want %q", got, want)
	}
	if n, _ := onHand(t, store, bread); n != 20-2*3 {
		t.Errorf("%d are left, want 14", n)
	}
}

// testUnpaidRace has twenty-five tabs pay an order at the moment at which as many
// instances of the shop cancel it, a few times over: it is paid once, or cancelled once.
func testUnpaidRace(t *testing.T, server *mysqlserver.Server) {
	store, db := openStore(t, server, "unpaidrace")
	bread, bob := goods(t, store, "B-1", 20), newShopper(t, store, "bob")
	orders := order.New(order.Options{Store: store, KeepFor: time.Hour, Now: func() time.Time { return at.Add(2 * time.Hour) }})
	const racers = 25
	left, invoices := uint32(20), 0
	for round := range 4 {
		bob.put(t, bread, 3)
		placed, err := bob.place(t, fmt.Sprint("order ", round))
		if err != nil {
			t.Fatal(err)
		}
		var paid, cancelled atomic.Int32
		var wg sync.WaitGroup
		for i := range racers {
			wg.Go(func() {
				_, err := store.Settle(t.Context(), payment.Payment{
					OrderID: placed.ID, CustomerID: bob.customer.ID, Method: payment.MethodCard, Amount: placed.Total, Currency: placed.Currency,
					Reference: "r", PaidAt: at, Request: payment.Request{Key: fmt.Sprint(round, i)},
				})
				switch {
				case err == nil:
					paid.Add(1)
				case crudapp.ErrorCode(err) != crudapp.CodeConflict:
					t.Errorf("Settle: %v", err)
				}
			})
			wg.Go(func() {
				released, err := orders.ReleaseUnpaid(t.Context())
				if err != nil {
					t.Errorf("ReleaseUnpaid: %v", err)
				}
				cancelled.Add(int32(released))
			})
		}
		wg.Wait()
		status := "cancelled 2"
		if paid.Load() == 1 {
			status, left, invoices = "paid 2", left-3, invoices+1
		}
		if paid.Load()+cancelled.Load() != 1 {
			t.Errorf("the order was paid %d times and cancelled %d times, want one of them once", paid.Load(), cancelled.Load())
		}
		var got string
		row := db.QueryRowContext(t.Context(), `SELECT CONCAT(o.status, ' ', o.version, ', ', s.on_hand, ' left, ',
			(SELECT COUNT(*) FROM payments), ' payments, ', (SELECT COUNT(*) FROM invoices), ' invoices')
			FROM orders o, stock s WHERE o.id = ? AND s.product_id = ?`, placed.ID, bread.ID)
		want := fmt.Sprintf("%s, %d left, %d payments, %[3]d invoices", status, left, invoices)
		if err := row.Scan(&got); err != nil || got != want {
			t.Errorf("there is %q, %v; want %q", got, err, want)
		}
	}
}

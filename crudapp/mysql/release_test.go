package mysql_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"telltale/crudapp/order"
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

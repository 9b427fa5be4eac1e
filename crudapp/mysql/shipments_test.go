package mysql_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
	"telltale/crudapp/shipment"
	"telltale/internal/mysqlserver"
)

func testShipments(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "shipments")
	id := shop.order(t)
	parcel := shipment.Shipment{OrderID: id, StaffID: shop.staff, Parcel: shipment.Parcel{Carrier: "Bike 😀"}, ShippedAt: at.Add(time.Hour)}
	_, err := shop.store.Ship(t.Context(), parcel, 1)
	if _, refused := errors.AsType[*order.StatusError](err); !refused {
		t.Errorf("not paid: %v, want an order.StatusError", err)
	}
	if _, err := shop.pay(t.Context(), id, "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := shop.store.Shipment(t.Context(), id); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("not shipped: %v, want %v", err, crudapp.ErrNotFound)
	}
	_, err = shop.store.Ship(t.Context(), parcel, 1)
	if conflict, ok := errors.AsType[*order.Conflict](err); !ok || conflict.Stored.Version != 2 {
		t.Errorf("of an old version: %v, want an order.Conflict with version 2", err)
	}
	unknown := parcel
	unknown.OrderID++
	if _, err := shop.store.Ship(t.Context(), unknown, 1); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("no such order: %v, want %v", err, crudapp.ErrNotFound)
	}
	want, err := shop.store.Ship(t.Context(), parcel, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := shop.store.Shipment(t.Context(), id); err != nil || got != want {
		t.Errorf("Shipment = %+v, %v, want %+v", got, err, want)
	}
	if got := shop.query(t, `SELECT CONCAT(status, ' ', version) FROM orders`); got != "shipped 3" {
		t.Errorf("the order is %s, want it shipped", got)
	}
}

// testShipReturned has the money go back before the goods go out.
func testShipReturned(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "shipreturned")
	id := shop.order(t)
	if _, err := shop.pay(t.Context(), id, "k"); err != nil {
		t.Fatal(err)
	}
	shipments := shipment.New(shipment.Options{Store: shop.store})
	for _, amount := range []string{"12", "0.50"} {
		if _, err := shop.payments.Refund(t.Context(), shop.staff, id, amount, payment.RefundEntry{Amount: amount, Reason: "Stale"}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := shipments.Ship(t.Context(), shop.staff, id, 2, shipment.Parcel{Carrier: "Bike"})
	if crudapp.ErrorCode(err) != crudapp.CodeConflict {
		t.Errorf("Ship of what was paid back whole returned %v, want code %s", err, crudapp.CodeConflict)
	}
	if got := shop.query(t, `SELECT CONCAT(status, ' ', version, ' ', (SELECT COUNT(*) FROM shipments)) FROM orders`); got != "paid 2 0" {
		t.Errorf("status, version and shipments are %q, want paid 2 0", got)
	}
}

// testShipmentRace has twenty tabs ship one order in parcels of their own, and then in
// the winner's once more.
func testShipmentRace(t *testing.T, server *mysqlserver.Server) {
	shop := openTill(t, server, "shipmentrace")
	id := shop.order(t)
	if _, err := shop.pay(t.Context(), id, "k"); err != nil {
		t.Fatal(err)
	}
	shipments := shipment.New(shipment.Options{Store: shop.store})
	const tabs = 20
	var won [tabs]bool
	var wg sync.WaitGroup
	for i := range tabs {
		wg.Go(func() {
			_, err := shipments.Ship(t.Context(), shop.staff, id, 2, shipment.Parcel{Carrier: "Bike", Tracking: fmt.Sprint(i)})
			if err != nil && crudapp.ErrorCode(err) != crudapp.CodeConflict {
				t.Errorf("Ship: %v", err)
			}
			won[i] = err == nil
		})
	}
	wg.Wait()
	stored, err := shipments.Of(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range won {
		if w != (stored.Tracking == fmt.Sprint(i)) {
			t.Errorf("tab %d: won is %v while %q is stored", i, w, stored.Tracking)
		}
	}
	if again, err := shipments.Ship(t.Context(), shop.staff, id, 2, shipment.Parcel{Carrier: " Bike", Tracking: stored.Tracking}); err != nil || again != stored {
		t.Errorf("the same parcel again: %+v, %v, want %+v", again, err, stored)
	}
}

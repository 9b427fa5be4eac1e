package faults

import (
	"slices"
	"testing"

	"telltale/load"
)

// TestExpect checks what must come of a change beside those of the story.
func TestExpect(t *testing.T) {
	t.Parallel()
	const (
		customer = `{"id": 7, "email": "bob@example.com", "name": "Bob", "phone": null, "version": 1}`
		loaf     = `{"id": 3, "sku": "BRD-1", "name": "Loaf", "price": "4.20", "currency": "EUR", "status": "active"}`
		roll     = `{"id": 3, "sku": "BRD-1", "name": "Roll", "price": "4.20", "currency": "GBP", "status": "retired"}`
		empty    = `{"product_id": 3, "on_hand": 0, "reorder_level": 10}`
		full     = `{"product_id": 3, "on_hand": 100, "reorder_level": 10}`
		placed   = `{"id": 5, "customer_id": 7, "status": "placed", "total": "8.40", "currency": "EUR", "ship_to": "here"}`
		moved    = `{"id": 5, "customer_id": 7, "status": "placed", "total": "8.40", "currency": "EUR", "ship_to": "there"}`
		off      = `{"id": 5, "customer_id": 7, "status": "cancelled", "total": "8.40", "currency": "EUR", "ship_to": "here", "cancelled_at": "then", "cancel_reason": "No."}`
		paid     = `{"id": 4, "order_id": 5, "customer_id": 7, "staff_id": 2, "method": "transfer", "amount": "8.40", "currency": "EUR", "refunded": "0.00", "reference": "RF", "paid_at": "now"}`
		partly   = `{"id": 4, "order_id": 5, "customer_id": 7, "staff_id": 2, "method": "transfer", "amount": "8.40", "currency": "EUR", "refunded": "1.00", "reference": "RF", "paid_at": "now"}`
		review   = `{"id": 2, "product_id": 3, "customer_id": 7, "rating": 5, "text": "Crisp."}`
	)
	for name, tt := range map[string]struct {
		table, before, after string
		of                   string
		want                 []event
	}{
		"a column that the load does not know": {load.Customers, customer, customer, customers, nil},
		"a product is renamed, costs otherwise and is retired": {load.Products, loaf, roll, products, []event{
			{kind: "ProductRenamed", data: `{"id":3,"new_name":"Roll","old_name":"Loaf","sku":"BRD-1"}`},
			{kind: "PriceChanged", data: `{"id":3,"new_currency":"GBP","new_price":"4.20","old_currency":"EUR","old_price":"4.20","sku":"BRD-1"}`},
			{kind: "ProductRetired", data: `{"id":3,"name":"Roll","sku":"BRD-1"}`},
		}},
		"a product is offered again": {load.Products, roll, loaf, products, []event{
			{kind: "ProductRenamed", data: `{"id":3,"new_name":"Loaf","old_name":"Roll","sku":"BRD-1"}`},
			{kind: "PriceChanged", data: `{"id":3,"new_currency":"EUR","new_price":"4.20","old_currency":"GBP","old_price":"4.20","sku":"BRD-1"}`},
			{kind: "ProductOffered", data: `{"id":3,"name":"Loaf","sku":"BRD-1"}`},
		}},
		"the shelf is emptied at once": {load.Stock, full, empty, products, []event{
			{kind: "StockRanLow", data: `{"id":3,"on_hand":0,"reorder_level":10}`},
			{kind: "StockRanOut", data: `{"id":3}`},
		}},
		"a delivery": {load.Stock, empty, full, products, []event{
			{kind: "StockReplenished", data: `{"id":3,"on_hand":100}`},
		}},
		"a product is put in a category": {load.ProductCategories, "", `{"product_id": 3, "category_id": 1}`, products, []event{
			{kind: "ProductPutInCategory", data: `{"category":1,"id":3}`},
		}},
		"a product is taken out of a category": {load.ProductCategories, `{"product_id": 3, "category_id": 1}`, "", products, []event{
			{kind: "ProductTakenOutOfCategory", data: `{"category":1,"id":3}`},
		}},
		"an order is cancelled": {load.Orders, placed, off, orders, []event{
			{kind: "OrderCancelled", data: `{"at":"then","currency":"EUR","customer":7,"id":5,"reason":"No.","total":"8.40","was":"placed"}`},
		}},
		"an order is reopened": {load.Orders, off, placed, orders, []event{
			{kind: "OrderReopened", data: `{"customer":7,"id":5,"status":"placed"}`},
		}},
		"an order goes elsewhere": {load.Orders, placed, moved, orders, []event{
			{kind: "OrderRedirected", data: `{"customer":7,"id":5,"new_ship_to":"there","old_ship_to":"here"}`},
		}},
		"staff record a transfer": {load.Payments, "", paid, payments, []event{
			{kind: "PaymentReceived", data: `{"amount":"8.40","at":"now","currency":"EUR","customer":7,"id":4,"method":"transfer","order":5,"recorded_by":2,"reference":"RF"}`},
		}},
		"a part is paid back":                  {load.Payments, paid, partly, payments, nil},
		"a review is deleted with her account": {load.Reviews, review, "", reviews, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := expect([]change{{byHand(t, tt.table, tt.before, tt.after), 1}})
			if err != nil {
				t.Fatal(err)
			}
			if events := bare(got.events[tt.of]); len(got.changes) != 1 || !slices.Equal(events, tt.want) {
				t.Errorf("got %d changes with the events %+v, want one with %+v", len(got.changes), events, tt.want)
			}
			delete(got.events, tt.of)
			if len(got.events) > 0 {
				t.Errorf("got %+v too", got.events)
			}
		})
	}
}

// TestStory checks what must come of the story.
func TestStory(t *testing.T) {
	t.Parallel()
	o := exactly(t)
	want := o.want(t)
	for s, events := range map[subject][]event{
		{products, loaf}: {
			{kind: "ProductAdded", data: `{"currency":"EUR","id":3,"name":"Loaf","price":"4.20","sku":"BRD-1","status":"active"}`},
			{"StockRanLow", "customer:7", "r4", `{"id":3,"on_hand":10,"reorder_level":10}`},
			{"PriceChanged", "staff:2", "r5", `{"id":3,"new_currency":"EUR","new_price":"4.50","old_currency":"EUR","old_price":"4.20","sku":"BRD-1"}`},
			{"StockRanOut", "customer:8", "r6", `{"id":3}`},
		},
		{orders, bill}: {
			{"OrderPlaced", "customer:7", "r4", `{"at":"2026-11-21T16:00:00.000001","currency":"EUR","customer":7,"id":5,"ship_to":"{\"city\": \"Köln\"}","status":"placed","total":"8.40"}`},
			{"ProductOrdered", "customer:7", "r4", `{"id":5,"line":1,"name":"Loaf","product":3,"quantity":2,"sku":"BRD-1","unit_price":"4.20"}`},
			{"OrderPaid", "customer:7", "r7", `{"currency":"EUR","customer":7,"id":5,"total":"8.40"}`},
			{"OrderShipped", "staff:2", "r8", `{"customer":7,"id":5,"ship_to":"{\"city\": \"Köln\"}"}`},
			{"ShipmentSent", "staff:2", "r8", `{"at":"2026-11-21T16:00:00.000003","by":2,"carrier":"Post","id":5,"shipment":6,"tracking":"LE 1"}`},
		},
		{payments, bill}: {
			{"PaymentReceived", "customer:7", "r7", `{"amount":"8.40","at":"2026-11-21T16:00:00.000002","currency":"EUR","customer":7,"id":4,"method":"card","order":5,"recorded_by":null,"reference":"load 1"}`},
			{"InvoiceIssued", "customer:7", "r7", `{"at":"2026-11-21T16:00:00.000002","number":17,"order":5,"year":2026}`},
			{"PaymentReturned", "staff:2", "r9", `{"amount":"8.40","currency":"EUR","id":4,"order":5}`},
			{"PaymentRefunded", "staff:2", "r9", `{"amount":"8.40","at":"2026-11-21T16:00:00.000004","currency":"EUR","id":9,"order":5,"payment":4,"reason":"Cold.","refunded_by":2}`},
		},
		{reviews, 2}: {
			{kind: "ReviewWritten", data: `{"customer":7,"id":2,"product":3,"rating":5,"text":"Crisp."}`},
			{kind: "ReviewChanged", data: `{"customer":7,"id":2,"new_rating":4,"new_text":"Crisp.","old_rating":5,"old_text":"Crisp.","product":3}`},
		},
	} {
		if got := bare(want[s.source()].events[s.aggregate]); !slices.Equal(got, events) {
			t.Errorf("%s: got %+v, want %+v", s, got, events)
		}
	}
}

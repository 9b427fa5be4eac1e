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

// review writes one, or changes what the visitor wrote before.
func (v *visit) review(ctx context.Context) (load.Outcome, error) {
	product := v.product()
	path := fmt.Sprintf("/api/products/%d/reviews/mine", product)
	type review struct {
		ID         uint64 `json:"id"`
		ProductID  uint64 `json:"product_id"`
		CustomerID uint64 `json:"customer_id"`
		Rating     int    `json:"rating"`
		Text       string `json:"text"`
		Version    uint32 `json:"version"`
	}
	var before, after review
	mine, err := v.ask(ctx, request{method: http.MethodGet, path: path, into: &before})
	if err != nil {
		return "", err
	}
	r := request{method: http.MethodPut, path: path, into: &after, header: map[string]string{"If-None-Match": "*"}}
	var was any
	if mine.ok() {
		before.CustomerID = v.who.customer.ID
		was, r.header = before, map[string]string{"If-Match": mine.etag}
	}
	r.body = map[string]any{"rating": 1 + v.random.IntN(5), "text": v.unique("Crisp, \U0001F950 and warm.")}
	a, err := v.ask(ctx, r)
	if err != nil {
		return "", err
	}
	if !a.ok() {
		return v.refused(ctx, r, a)
	}
	after.CustomerID = v.who.customer.ID
	if err := v.note(load.Reviews, was, after); err != nil {
		return "", err
	}
	return v.keep()
}

// maxLines is how many products there are in a basket at most.
const maxLines = 4

// basket puts something in, or takes something out.
func (v *visit) basket(ctx context.Context) (load.Outcome, error) {
	product, quantity := v.product(), 1+v.random.IntN(3)
	method := http.MethodPut
	if there := slices.Sorted(maps.Keys(v.who.basket)); len(there) >= maxLines {
		product, method = there[v.random.IntN(len(there))], http.MethodDelete
	}
	r := request{method: method, path: "/api/basket/lines/" + strconv.FormatUint(product, 10)}
	if method == http.MethodPut {
		r.body = map[string]int{"quantity": quantity}
	}
	a, err := v.ask(ctx, r)
	if err != nil {
		return "", err
	}
	if !a.ok() {
		return v.refused(ctx, r, a)
	}
	return v.reread(ctx)
}

// order orders what is in the basket, as it is shown at that moment.
func (v *visit) order(ctx context.Context) (load.Outcome, error) {
	if len(v.who.addresses) == 0 {
		return v.address(ctx)
	}
	if len(v.who.basket) == 0 {
		return v.basket(ctx)
	}
	shown, err := v.ask(ctx, request{method: http.MethodGet, path: "/api/basket"})
	if err != nil {
		return "", err
	}
	r := request{
		method: http.MethodPost, path: "/api/orders", body: map[string]uint64{"address_id": slices.Min(slices.Collect(maps.Keys(v.who.addresses)))},
		header: map[string]string{"If-Match": shown.etag, "Idempotency-Key": v.key("order")},
	}
	a, err := v.ask(ctx, r)
	if err != nil {
		return "", err
	}
	if !a.ok() {
		return v.reconsider(ctx, r, a)
	}
	return v.reread(ctx)
}

// reconsider takes something out of a basket that cannot be ordered, which may be what
// is sold out.
func (v *visit) reconsider(ctx context.Context, r request, a answer) (load.Outcome, error) {
	if outcome, err := v.refused(ctx, r, a); err != nil || len(v.who.basket) == 0 {
		return outcome, err
	}
	there := slices.Sorted(maps.Keys(v.who.basket))
	r = request{method: http.MethodDelete, path: "/api/basket/lines/" + strconv.FormatUint(there[v.random.IntN(len(there))], 10)}
	a, err := v.ask(ctx, r)
	if err != nil {
		return "", err
	}
	if !a.ok() {
		return v.refused(ctx, r, a)
	}
	return v.reread(ctx)
}

// key is an idempotency key.
func (v *visit) key(what string) string { return fmt.Sprintf("%s-%s-%d", what, v.run, v.step.N) }

// placed is the oldest order that waits to be paid.
func (v *visit) placed() (load.Order, bool) {
	for _, id := range slices.Sorted(maps.Keys(v.who.orders)) {
		if v.who.orders[id].Status == "placed" {
			return v.who.orders[id], true
		}
	}
	return load.Order{}, false
}

// testCard is a number that every provider's tests take and no bank has given out.
const testCard = "4111111111111111"

// pay pays for an order, and asks a second time as a client does that has not had an
// answer.
func (v *visit) pay(ctx context.Context) (load.Outcome, error) {
	o, ok := v.placed()
	if !ok {
		return v.order(ctx)
	}
	v.about = o.ID
	var receipts [2]struct {
		ID uint64 `json:"id"`
	}
	for i := range receipts {
		r := request{
			method: http.MethodPost, path: fmt.Sprintf("/api/orders/%d/payment", o.ID), body: map[string]string{"card": testCard}, into: &receipts[i],
			header: map[string]string{"Idempotency-Key": v.key("payment")},
		}
		a, err := v.ask(ctx, r)
		if err != nil {
			return "", err
		}
		if !a.ok() {
			return v.refused(ctx, r, a)
		}
	}
	if receipts[0] != receipts[1] {
		return "", fmt.Errorf("order %d was paid twice under one key: %d and %d", o.ID, receipts[0].ID, receipts[1].ID)
	}
	return v.reread(ctx)
}

// cancel cancels an order that was not paid.
func (v *visit) cancel(ctx context.Context) (load.Outcome, error) {
	o, ok := v.placed()
	if !ok {
		return v.browse(ctx)
	}
	v.about = o.ID
	r := request{
		method: http.MethodPost, path: fmt.Sprintf("/api/orders/%d/cancel", o.ID), body: map[string]string{"reason": "The load thought better of it."},
		header: map[string]string{"If-Match": strconv.Quote(strconv.Itoa(int(o.Version)))},
	}
	a, err := v.ask(ctx, r)
	if err != nil {
		return "", err
	}
	if !a.ok() {
		return v.refused(ctx, r, a)
	}
	return v.reread(ctx)
}

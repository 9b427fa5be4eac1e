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

// find looks for the oldest order of that kind of the visitor's, and then of others',
// whom the visit is about from then on.
func (v *visit) find(kind func(purchase) bool) (purchase, bool) {
	for _, who := range append([]*visitor{v.who}, v.visitors...) {
		for _, id := range slices.Sorted(maps.Keys(who.orders)) {
			if p := who.orders[id]; kind(p) {
				v.who, v.about = who, id
				return p, true
			}
		}
	}
	return purchase{}, false
}

// ofOrder is what staff ask about an order.
func ofOrder(method string, o order, what string, body any) request {
	return request{method: method, path: fmt.Sprintf("/api/staff/orders/%d/%s", o.ID, what), party: asStaff, body: body}
}

// tag is the entity tag of a version, in the header that says what a change is made from.
func tag(version uint32) map[string]string {
	return map[string]string{"If-Match": strconv.Quote(strconv.FormatUint(uint64(version), 10))}
}

// edit corrects a visitor's details on the shop's side.
func (v *visit) edit(ctx context.Context) (load.Outcome, error) {
	c := v.who.customer
	return v.saveAs(ctx, request{
		method: http.MethodPut, path: fmt.Sprintf("/api/customers/%d", c.ID), party: asStaff, header: tag(c.Version),
		body: map[string]any{"email": c.Email, "name": c.Name, "phone": fmt.Sprintf("+44 20 %07d", v.step.N)},
	})
}

// transfer records that the money for an order is there; where none waits for it, one is
// placed.
func (v *visit) transfer(ctx context.Context) (load.Outcome, error) {
	p, ok := v.find(func(p purchase) bool { return p.order.Status == "placed" })
	if !ok {
		return v.order(ctx)
	}
	return v.twice(ctx, ofOrder(http.MethodPost, p.order, "payment", map[string]string{"reference": v.unique("Load")}), "transfer")
}

// ship sends an order that was paid, unless all was paid back; where there is none, one
// is paid.
func (v *visit) ship(ctx context.Context) (load.Outcome, error) {
	p, ok := v.find(func(p purchase) bool { return p.order.Status == "paid" && p.refundable() })
	if !ok {
		return v.pay(ctx)
	}
	r := ofOrder(http.MethodPut, p.order, "shipment", map[string]string{"carrier": "Load Express", "tracking": v.unique("LE")})
	r.header = tag(p.order.Version)
	return v.submit(ctx, r, v.reread)
}

// refund pays back all that is left of a payment, or a part of it; where nothing is left
// of any, an order is paid.
func (v *visit) refund(ctx context.Context) (load.Outcome, error) {
	p, ok := v.find(purchase.refundable)
	if !ok {
		return v.pay(ctx)
	}
	back, err := p.payment.left()
	if err != nil {
		return "", err
	}
	if v.random.IntN(2) == 0 {
		back = 1 + v.random.Int64N(back)
	}
	return v.twice(ctx, ofOrder(http.MethodPost, p.order, "refunds",
		map[string]string{"amount": load.Amount(back), "reason": v.unique("It arrived cold.")}), "refund")
}

// callOff cancels an order that was not shipped, whether it was paid or not; where there
// is none, one is placed.
func (v *visit) callOff(ctx context.Context) (load.Outcome, error) {
	p, ok := v.find(func(p purchase) bool { return p.order.Status == "placed" || p.order.Status == "paid" })
	if !ok {
		return v.order(ctx)
	}
	r := ofOrder(http.MethodPost, p.order, "cancel", map[string]string{"reason": "The load's oven is cold."})
	r.header, r.into = tag(p.order.Version), &v.left
	return v.submit(ctx, r, v.reread)
}

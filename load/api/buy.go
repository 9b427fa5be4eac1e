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
	v.reviewed = v.product()
	var before, after review
	mine, err := v.ask(ctx, request{method: http.MethodGet, path: reviewPath(v.reviewed), into: &before})
	if err != nil {
		return "", err
	}
	r := request{method: http.MethodPut, path: reviewPath(v.reviewed), into: &after, header: map[string]string{"If-None-Match": "*"}}
	if mine.ok() {
		v.who.keepReview(before)
		r.header = map[string]string{"If-Match": mine.etag}
	}
	r.body = map[string]any{"rating": 1 + v.random.IntN(5), "text": v.unique("Crisp, \U0001F950 and warm.")}
	return v.submit(ctx, r, func(context.Context) (load.Outcome, error) {
		was := *v.who
		v.who.keepReview(after)
		if err := v.reviewDifferences(was); err != nil {
			return "", err
		}
		return v.keep()
	})
}

func reviewPath(product uint64) string { return fmt.Sprintf("/api/products/%d/reviews/mine", product) }

// keepReview keeps a visitor's review of a product.
func (who *visitor) keepReview(r review) {
	r.CustomerID = who.customer.ID
	who.reviews = maps.Clone(who.reviews)
	if who.reviews == nil {
		who.reviews = map[uint64]review{}
	}
	who.reviews[r.ProductID] = r
}

// loadReview reads the review that the visit is about, if there is one.
func (who *visitor) loadReview(ctx context.Context, v *visit) error {
	if v.reviewed == 0 {
		return nil
	}
	var mine review
	there, err := v.read(ctx, reviewPath(v.reviewed), &mine)
	if there {
		who.keepReview(mine)
	}
	return err
}

// reviewDifferences notes what is not as it was before about reviews.
func (v *visit) reviewDifferences(before visitor) error {
	row := func(r review) any { return r }
	return each(before.reviews, v.who.reviews, func(was, is *review) error {
		return v.note(load.Reviews, rowOf(was, row), rowOf(is, row))
	})
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
	return v.submit(ctx, r, v.reread)
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
		method: http.MethodPost, path: "/api/orders", party: atTill, into: &v.left, body: map[string]uint64{"address_id": slices.Min(slices.Collect(maps.Keys(v.who.addresses)))},
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
	return v.submit(ctx, r, v.reread)
}

// key is an idempotency key.
func (v *visit) key(what string) string { return fmt.Sprintf("%s-%s-%d", what, v.run, v.step.N) }

// placed is the visitor's oldest order that waits to be paid, which the visit is about
// from then on.
func (v *visit) placed() (order, bool) {
	for _, id := range slices.Sorted(maps.Keys(v.who.orders)) {
		if o := v.who.orders[id].order; o.Status == "placed" {
			v.about = id
			return o, true
		}
	}
	return order{}, false
}

// testCard is a number that every provider's tests take and no bank has given out.
const testCard = "4111111111111111"

// pay pays for an order; where none waits for it, one is placed.
func (v *visit) pay(ctx context.Context) (load.Outcome, error) {
	o, ok := v.placed()
	if !ok {
		return v.order(ctx)
	}
	return v.twice(ctx, request{method: http.MethodPost, path: fmt.Sprintf("/api/orders/%d/payment", o.ID), body: map[string]string{"card": testCard}}, "payment")
}

// receipt is what an answer to a request with a key has, however often it is given.
type receipt struct {
	ID uint64 `json:"id"`
}

// twice asks for something a second time under one key, as a client does that has not
// had an answer. It must be done once.
func (v *visit) twice(ctx context.Context, r request, what string) (load.Outcome, error) {
	var first, second receipt
	r.header, r.into = map[string]string{"Idempotency-Key": v.key(what)}, &first
	return v.submit(ctx, r, func(ctx context.Context) (load.Outcome, error) {
		asked := v.from
		r.into = &second
		a, err := v.ask(ctx, r)
		v.from = asked
		switch {
		case isLost(err) || err == nil && (a.busy() || a.status == http.StatusUnauthorized):
			// What was done is done.
		case err != nil:
			return "", err
		case first != second:
			return "", fmt.Errorf("%s %s under one key: the shop answers with %d, and then %d with %d (%s)", r.method, r.path, first.ID, a.status, second.ID, a.problem)
		}
		return v.reread(ctx)
	})
}

// cancel cancels an order that was not paid.
func (v *visit) cancel(ctx context.Context) (load.Outcome, error) {
	o, ok := v.placed()
	if !ok {
		return v.browse(ctx)
	}
	return v.submit(ctx, request{
		method: http.MethodPost, path: fmt.Sprintf("/api/orders/%d/cancel", o.ID), party: atTill, into: &v.left, header: tag(o.Version),
		body: map[string]string{"reason": "The load thought better of it."},
	}, v.reread)
}

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

// Deeds are what a load on the API can be made of. Without a clerk, what staff do has
// no weight, and cannot be given one: see ForStaff.
func Deeds(clerk bool) []load.Deed {
	all := deeds()
	list := make([]load.Deed, len(all))
	for i, d := range all {
		list[i] = d.Deed
		if d.staff && !clerk {
			list[i].Weight = 0
		}
	}
	return list
}

// ForStaff is the first deed of a mix that only staff may do, or empty.
func ForStaff(m load.Mix) string {
	for _, d := range deeds() {
		if d.staff && slices.ContainsFunc(m, func(s load.Share) bool { return s.Deed == d.Name }) {
			return d.Name
		}
	}
	return ""
}

func deeds() []deed {
	named := func(name string, weight int, doc string, do func(*visit, context.Context) (load.Outcome, error)) deed {
		return deed{Deed: load.Deed{Name: name, Weight: weight, Doc: doc}, do: do}
	}
	staff := func(name string, weight int, doc string, do func(*visit, context.Context) (load.Outcome, error)) deed {
		return deed{Deed: load.Deed{Name: name, Weight: weight, Doc: "staff " + doc}, do: do, staff: true}
	}
	return []deed{
		named("browse", 50, "a visitor looks at a page of products, at a popular one and its reviews", (*visit).browse),
		named("register", 1, "somebody registers, and is a visitor from then on", (*visit).register),
		named("sign-in", 2, "a visitor signs in again", (*visit).signInAgain),
		named("details", 12, "a visitor changes name or phone number", (*visit).details),
		named("address", 5, "a visitor adds, corrects or removes an address", (*visit).address),
		named("review", 4, "a visitor reviews a popular product, or changes the review", (*visit).review),
		named("basket", 14, "a visitor puts a popular product into the basket, or takes one out", (*visit).basket),
		named("order", 6, "a visitor orders what is in the basket", (*visit).order),
		named("pay", 4, "a visitor pays for an order, twice under one idempotency key", (*visit).pay),
		named("cancel", 1, "a visitor cancels an order", (*visit).cancel),
		named("race", 1, "several tabs save a visitor's details at the same moment; one wins", (*visit).race),
		named("lose-answer", 1, "a visitor hangs up while details are saved, and what took place is read back", (*visit).loseAnswer),
		staff("edit", 2, "correct a visitor's phone number", (*visit).edit),
		staff("transfer", 2, "record that the money for an order came, twice under one idempotency key", (*visit).transfer),
		staff("ship", 4, "hand an order that was paid to a carrier", (*visit).ship),
		staff("refund", 2, "pay back a part of what was paid for an order, or all of it", (*visit).refund),
		staff("call-off", 1, "cancel an order, and pay back what was paid for it", (*visit).callOff),
		staff("restock", 4, "count the stock of a popular product up", (*visit).restock),
		staff("price", 2, "change the price of one of the load's products", (*visit).price),
	}
}

// arrive registers a worker's first visitors.
func (v *visit) arrive(ctx context.Context) (load.Outcome, error) {
	for range v.target.Visitors {
		outcome, err := v.register(ctx)
		if err != nil {
			return "", err
		}
		if outcome != load.Committed {
			return "", fmt.Errorf("register the first visitors: the shop has %s", outcome)
		}
	}
	if v.target.clerk == nil {
		return load.Committed, nil
	}
	for range v.target.Products {
		if outcome, err := v.addProduct(ctx); err != nil || outcome != load.Committed {
			return outcome, err
		}
	}
	return load.Committed, nil
}

// register makes a new visitor.
func (v *visit) register(ctx context.Context) (load.Outcome, error) {
	v.serial++
	v.changes = nil
	v.who = &visitor{seen: &seen{ids: map[uint64]bool{}}, email: fmt.Sprintf("%s.%d.%d@load.example", v.run, v.step.N, v.serial), password: "pastry-" + v.run + "-" + strconv.FormatInt(v.step.N, 10)}
	body := map[string]string{"email": v.who.email, "name": v.unique("Zoë"), "password": v.who.password}
	r := request{method: http.MethodPost, path: "/api/customers", body: body, into: &v.who.customer}
	a, err := v.ask(ctx, r)
	if err != nil {
		return "", err
	}
	if a.busy() {
		return load.Refused, nil
	}
	if !a.ok() {
		return "", fmt.Errorf("%s %s: the shop answers %d (%s)", r.method, r.path, a.status, a.problem)
	}
	v.who.session = a.cookies
	v.visitors = append(v.visitors, v.who)
	if err := v.noteCustomer(customer{}, v.who.customer); err != nil {
		return "", err
	}
	return v.keep()
}

func (v *visit) browse(ctx context.Context) (load.Outcome, error) {
	product := "/api/products/" + strconv.FormatUint(v.product(), 10)
	for _, path := range []string{"/api/products", product, product + "/reviews"} {
		a, err := v.ask(ctx, request{method: http.MethodGet, path: path})
		if isLost(err) {
			return load.Refused, nil // Nothing was to be changed.
		}
		if err != nil {
			return "", err
		}
		if !a.ok() {
			return load.Refused, nil
		}
	}
	return load.Read, nil
}

func (v *visit) signInAgain(ctx context.Context) (load.Outcome, error) {
	a, err := v.who.signIn(ctx, v)
	switch {
	case err != nil:
		return "", err
	case a.ok():
		return v.keep()
	case a.busy():
		return load.Refused, nil
	}
	return "", fmt.Errorf("sign %s in: the shop answers %d (%s)", v.who.email, a.status, a.problem)
}

func (v *visit) address(ctx context.Context) (load.Outcome, error) {
	ids := slices.Sorted(maps.Keys(v.who.addresses))
	const base = "/api/customers/me/addresses"
	r := request{method: http.MethodPost, path: base}
	id := uint64(0)
	if len(ids) > 0 && (len(ids) > 3 || v.random.IntN(4) > 0) {
		id = ids[v.random.IntN(len(ids))]
		r.method, r.path = http.MethodPut, base+"/"+strconv.FormatUint(id, 10)
		if len(ids) > 1 && v.random.IntN(3) == 0 {
			r.method = http.MethodDelete
		}
		r.header = tag(v.who.addresses[id].Version)
	}
	if r.method != http.MethodDelete {
		r.body = postal{Recipient: v.who.customer.Name, Street: v.unique("Harrow Road"), City: "Köln", Country: "DE"}
	}
	return v.submit(ctx, r, v.reread) // Another may have become the default.
}

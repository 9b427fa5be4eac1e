package faults

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"telltale/load"
)

// outcome is what a pipeline has made of the history of one subject of each kind.
type outcome struct {
	history *history
	changes []rawChange
	events  []rawEvent
	kept    kept
	taken   map[string][]letter
	twice   []string
}

// Whom the story is about.
const (
	alice = 7
	loaf  = 3
	bill  = 5
)

// row is an object of JSON as a row, or none.
func row(t *testing.T, text string) load.Row {
	t.Helper()
	if text == "" {
		return ""
	}
	r, err := load.NewRow(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// byHand is a change that somebody made in a SQL shell.
func byHand(t *testing.T, table, before, after string) load.Change {
	t.Helper()
	c := load.Change{Table: table, Op: "u", Before: row(t, before), After: row(t, after)}
	switch {
	case before == "":
		c.Op = "c"
	case after == "":
		c.Op = "d"
	}
	return c
}

// by is a change that the shop made for somebody.
func by(actor, request string, c load.Change) load.Change {
	c.Actor, c.Request = actor, request
	return c
}

// story is what was committed, in the order of commit: a customer registers, and is
// renamed and signs in twice from one address in one transaction; a product is put on
// the shelves, ordered, paid for, sent and paid back, while staff change its price and
// others buy the last of it; she reviews it, and again.
func story(t *testing.T) []load.Entry {
	t.Helper()
	const (
		bob     = `{"id": 7, "email": "bob@example.com", "name": "Bob", "phone": null, "version": 1}`
		renamed = `{"id": 7, "email": "bob@example.com", "name": "Alice", "phone": null, "version": 2}`
		signIn  = `{"id": %d, "customer_id": 7, "address": "203.0.113.9", "user_agent": "Agent/1", "signed_in_at": "2026-01-02T03:04:05.000006Z"}`
		product = `{"id": 3, "sku": "BRD-1", "name": "Loaf", "price": "%s", "currency": "EUR", "status": "active", "version": %d}`
		stock   = `{"product_id": 3, "on_hand": %d, "reorder_level": 10, "version": %d}`
		order   = `{"id": 5, "customer_id": 7, "status": "%s", "total": "8.40", "currency": "EUR", "ship_to": "{\"city\": \"Köln\"}",
"placed_at": "2026-11-21T16:00:00.000001", "cancelled_at": null, "cancel_reason": null, "version": %d}`
		line    = `{"order_id": 5, "line": 1, "product_id": 3, "sku": "BRD-1", "name": "Loaf", "unit_price": "4.20", "quantity": 2}`
		payment = `{"id": 4, "order_id": 5, "customer_id": 7, "staff_id": null, "method": "card", "amount": "8.40", "currency": "EUR",
"refunded": "%s", "reference": "load 1", "paid_at": "2026-11-21T16:00:00.000002", "version": %d}`
		invoice  = `{"year": 2026, "number": 17, "order_id": 5, "issued_at": "2026-11-21T16:00:00.000002"}`
		shipment = `{"id": 6, "order_id": 5, "staff_id": 2, "carrier": "Post", "tracking": "LE 1", "shipped_at": "2026-11-21T16:00:00.000003"}`
		refund   = `{"id": 9, "order_id": 5, "payment_id": 4, "staff_id": 2, "amount": "8.40", "currency": "EUR", "reason": "Cold.", "refunded_at": "2026-11-21T16:00:00.000004"}`
		review   = `{"id": 2, "product_id": 3, "customer_id": 7, "rating": %d, "text": "Crisp.", "version": %d}`
	)
	is := fmt.Sprintf
	committed := func(changes ...load.Change) load.Entry {
		return load.Entry{Outcome: load.Committed, Changes: changes}
	}
	all := []load.Entry{
		committed(by("visitor", "r1", byHand(t, load.Customers, "", bob))),
		committed(
			byHand(t, load.Customers, bob, renamed),
			by("customer:7", "r2", byHand(t, load.SignIns, "", is(signIn, 1))),
			by("customer:7", "r3", byHand(t, load.SignIns, "", is(signIn, 2))),
		),
		committed(byHand(t, load.Products, "", is(product, "4.20", 1)), byHand(t, load.Stock, "", is(stock, 12, 1))),
		committed(
			by("customer:7", "r4", byHand(t, load.Stock, is(stock, 12, 1), is(stock, 10, 2))),
			by("customer:7", "r4", byHand(t, load.Orders, "", is(order, "placed", 1))),
			by("customer:7", "r4", byHand(t, load.OrderLines, "", line)),
		),
		committed(by("staff:2", "r5", byHand(t, load.Products, is(product, "4.20", 1), is(product, "4.50", 2)))),
		committed(by("customer:8", "r6", byHand(t, load.Stock, is(stock, 10, 2), is(stock, 0, 3)))),
		committed(
			by("customer:7", "r7", byHand(t, load.Orders, is(order, "placed", 1), is(order, "paid", 2))),
			by("customer:7", "r7", byHand(t, load.Payments, "", is(payment, "0.00", 1))),
			by("customer:7", "r7", byHand(t, load.Invoices, "", invoice)),
		),
		committed(
			by("staff:2", "r8", byHand(t, load.Orders, is(order, "paid", 2), is(order, "shipped", 3))),
			by("staff:2", "r8", byHand(t, load.Shipments, "", shipment)),
		),
		committed(
			by("staff:2", "r9", byHand(t, load.Payments, is(payment, "0.00", 1), is(payment, "8.40", 2))),
			by("staff:2", "r9", byHand(t, load.Refunds, "", refund)),
		),
		committed(byHand(t, load.Reviews, "", is(review, 5, 1))),
		committed(byHand(t, load.Reviews, is(review, 5, 1), is(review, 4, 2))),
	}
	for i := range all {
		all[i].N = int64(i + 1)
	}
	return all
}

// exactly is the outcome that is wanted.
func exactly(t *testing.T) *outcome {
	t.Helper()
	o := &outcome{
		history: &history{changes: map[subject][]change{}, stock: map[subject][]change{}, final: load.NewFinal()},
		kept:    kept{facts: map[uint64][]historyRow{}, addresses: map[uint64][]string{alice: {"203.0.113.9"}}}, taken: map[string][]letter{},
	}
	all := story(t)
	for _, e := range all {
		for _, c := range e.Changes {
			s, err := subjectOf(c)
			if err != nil {
				t.Fatal(err)
			}
			o.changes = append(o.changes, rawChange{
				id: fmt.Sprint("change-", len(o.changes)), subject: s, change: c, transaction: fmt.Sprint("gtid-", e.N),
			})
		}
	}
	// Another worker took the last of the stock, and noted it before the order was.
	all[3], all[4], all[5] = all[5], all[3], all[4]
	for _, e := range all {
		if err := o.history.add(e); err != nil {
			t.Fatal(err)
		}
	}
	want := o.want(t)
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, s := range subjects(want, received{}) {
		came := bySubject(o.changes, func(c rawChange) subject { return c.subject })[s]
		for _, a := range toldOf(s.aggregate) {
			for _, e := range want[s].events[a] {
				o.events = append(o.events, rawEvent{
					id: fmt.Sprintf("%s/%s", came[e.from].id, e.kind), subject: subject{a, s.id}, event: e.event, times: times{committed: at},
				})
			}
		}
	}
	o.keep(want[subject{customers, alice}], at)
	return o
}

// keep has the consumers keep what they must of the customer.
func (o *outcome) keep(want expected, at time.Time) {
	events := bySubject(o.events, func(e rawEvent) subject { return e.subject })[subject{customers, alice}]
	for i, m := range want.mails {
		id := fmt.Sprint("mail-", i)
		o.kept.ledger = append(o.kept.ledger, ledgerRow{
			customer: alice, consumer: m.consumer, event: events[m.event].id, role: m.role, recipient: m.recipient,
			subject: "Hello", id: id, state: "sent",
		})
		o.taken[id] = []letter{{m.recipient, "Hello", "Body"}}
	}
	for _, f := range want.facts {
		o.kept.facts[alice] = append(o.kept.facts[alice], historyRow{customer: alice, event: events[f.event].id, fact: f, at: at.Format(microseconds)})
	}
}

// want is what must come of the history, as it came.
func (o *outcome) want(t *testing.T) map[subject]expected {
	t.Helper()
	want, sum, err := expectAll(o.history.whole())
	if err != nil {
		t.Fatal(err)
	}
	if sum != (totals{changes: 20, events: 19, mails: 3, facts: 6, addresses: 1}) {
		t.Fatalf("got the totals %+v", sum)
	}
	if err := o.history.asTheyCame(want, bySubject(o.changes, func(c rawChange) subject { return c.subject })); err != nil {
		t.Fatal(err)
	}
	return want
}

func bySubject[T any](list []T, of func(T) subject) map[subject][]T {
	all := map[subject][]T{}
	for _, one := range list {
		all[of(one)] = append(all[of(one)], one)
	}
	return all
}

// judge compares an outcome and returns what deviates.
func (o *outcome) judge(t *testing.T) (deviations []error, again int) {
	t.Helper()
	got := received{
		changes: bySubject(o.changes, func(c rawChange) subject { return c.subject }),
		events:  bySubject(o.events, func(e rawEvent) subject { return e.subject }), twice: o.twice,
	}
	var f findings
	want := o.want(t)
	f.topics(want, got)
	f.kept(want, got.events, o.kept)
	again = f.delivered(o.kept.ledger, o.taken)
	return f.errors(), again
}

// change and event are the places of the changes and the events of an aggregate.
func (o *outcome) change(aggregate string) []int {
	return placesIn(o.changes, func(c rawChange) bool { return c.subject.aggregate == aggregate })
}

func (o *outcome) event(aggregate string) []int {
	return placesIn(o.events, func(e rawEvent) bool { return e.subject.aggregate == aggregate })
}

func placesIn[T any](list []T, is func(T) bool) []int {
	all := map[int]bool{}
	for i, one := range list {
		if is(one) {
			all[i] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

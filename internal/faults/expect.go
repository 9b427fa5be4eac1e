package faults

import (
	"encoding/json"
	"fmt"

	"telltale/load"
)

// expected is what must come of a subject's changes, each list in order. Only of
// customers comes more than events: no consumer reads the others'. What stands behind
// an event refers to it by its index.
type expected struct {
	changes []change
	// events are by the aggregate that they tell of.
	events map[string][]caused
	mails  []mail
	facts  []fact
	// addresses are those from which a customer signed in.
	addresses []string
}

// caused is an event and the index of the change that it was made from.
type caused struct {
	event
	from int
}

// mail is what is compared of a row of the mail ledger.
type mail struct {
	consumer  string
	event     int
	role      string
	recipient string
}

// fact is what is compared of a row of the history.
type fact struct {
	event                int
	kind, what, old, new string
	actor, request       string
}

// country is the shop's own, which every customer of the load has.
const country = "GB"

// none stands for a value that is null.
const none = "\x00null"

func orNone(s string) string {
	if s == "" {
		return none
	}
	return s
}

// expect says what the rules and the consumers that are shipped make of a
// subject's changes. It is written a second time here, from what they promise:
// who compares them with themselves finds nothing.
func expect(changes []change) (expected, error) {
	b := builder{expected: expected{changes: changes, events: map[string][]caused{}}, known: map[string]bool{}}
	for i, c := range changes {
		b.change, b.index = c, i
		if err := b.add(); err != nil {
			return expected{}, err
		}
	}
	return b.expected, nil
}

// builder goes through a subject's changes.
type builder struct {
	expected
	change change
	index  int
	// email is where a customer is reached as far as the events so far have told,
	// known the addresses that she came from.
	email string
	known map[string]bool
}

// images are a change's rows, read as what they are rows of.
func images[T any](c change) (before, after T, err error) {
	if err := image(c.Before, &before); err != nil {
		return before, after, fmt.Errorf("read a row of %s: %w", c.Table, err)
	}
	if err := image(c.After, &after); err != nil {
		return before, after, fmt.Errorf("read a row of %s: %w", c.Table, err)
	}
	return before, after, nil
}

// image leaves what it reads into as it is where there is no row.
func image(row load.Row, into any) error {
	if row == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(row), into); err != nil {
		return fmt.Errorf("%s: %w", row, err)
	}
	return nil
}

// add adds what comes of a change.
func (b *builder) add() error {
	if b.change.Before == b.change.After {
		return nil // What has changed is in columns that mean nothing to anybody.
	}
	switch b.change.Table {
	case load.Customers:
		return with(b, b.customer)
	case load.SignIns:
		return with(b, b.signIn)
	case load.Addresses:
		return with(b, b.address)
	case load.Consents:
		return with(b, b.consent)
	case load.Products:
		return with(b, b.product)
	case load.Stock:
		return with(b, b.stock)
	case load.ProductCategories:
		return with(b, b.category)
	case load.Orders:
		return with(b, b.order)
	case load.OrderLines:
		return with(b, b.orderLine)
	case load.Shipments:
		return with(b, b.shipment)
	case load.Payments:
		return with(b, b.payment)
	case load.Refunds:
		return with(b, b.refund)
	case load.Invoices:
		return with(b, b.invoice)
	case load.Reviews:
		return with(b, b.review)
	}
	return fmt.Errorf("what comes of a row of %s is not known", b.change.Table)
}

func with[T any](b *builder, f func(before, after T) error) error {
	before, after, err := images[T](b.change)
	if err != nil {
		return err
	}
	return f(before, after)
}

// values are an event's data.
type values map[string]any

// event adds an event that tells of an aggregate.
func (b *builder) event(of, kind string, data values) error {
	text, err := encode(data)
	if err != nil {
		return err
	}
	b.events[of] = append(b.events[of], caused{event{kind: kind, actor: b.change.Actor, request: b.change.Request, data: text}, b.index})
	return nil
}

// totals are how much must come of everything.
type totals struct{ changes, events, mails, facts, addresses int }

// expectAll is expect for every subject.
func expectAll(history map[subject][]change) (map[subject]expected, totals, error) {
	all := make(map[subject]expected, len(history))
	var sum totals
	for s, changes := range history {
		e, err := expect(changes)
		if err != nil {
			return nil, sum, fmt.Errorf("expect what comes of %s: %w", s, err)
		}
		all[s] = e
		sum.changes += len(e.changes)
		for _, events := range e.events {
			sum.events += len(events)
		}
		sum.mails += len(e.mails)
		sum.facts += len(e.facts)
		sum.addresses += len(e.addresses)
	}
	return all, sum, nil
}

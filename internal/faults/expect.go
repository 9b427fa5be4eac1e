package faults

import (
	"encoding/json"
	"fmt"

	"telltale/load"
)

// expected is what must come of a customer's changes, each list in order. What
// stands behind an event refers to it by its index.
type expected struct {
	changes []change
	events  []event
	// from is the index of the change that each event was made from.
	from  []int
	mails []mail
	facts []fact
	// addresses are those from which she signed in.
	addresses []string
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
// customer's changes. It is written a second time here, from what they promise:
// who compares them with themselves finds nothing.
func expect(changes []change) (expected, error) {
	b := builder{expected: expected{changes: changes}, known: map[string]bool{}}
	for i, c := range changes {
		b.change, b.index = c, i
		if err := b.add(); err != nil {
			return expected{}, err
		}
	}
	return b.expected, nil
}

// builder goes through a customer's changes. email is where she is reached as
// far as the events so far have told, known the addresses that she came from.
type builder struct {
	expected
	change change
	index  int
	email  string
	known  map[string]bool
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
	switch b.change.Table {
	case load.Customers:
		return with(b, b.customer)
	case load.SignIns:
		return with(b, b.signIn)
	case load.Addresses:
		return with(b, b.address)
	case load.Consents:
		return with(b, b.consent)
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

// event adds an event; what follows refers to it.
func (b *builder) event(kind string, data map[string]any) error {
	text, err := encode(data)
	if err != nil {
		return err
	}
	b.events = append(b.events, event{kind: kind, actor: b.change.Actor, request: b.change.Request, data: text})
	b.from = append(b.from, b.index)
	return nil
}

func (b *builder) mail(consumer, role, recipient string) {
	b.mails = append(b.mails, mail{consumer, len(b.events) - 1, role, recipient})
}

func (b *builder) fact(what, old, new string) {
	last := len(b.events) - 1
	b.facts = append(b.facts, fact{last, b.events[last].kind, what, old, new, b.change.Actor, b.change.Request})
}

// totals are how much must come of everything.
type totals struct{ changes, events, mails, facts, addresses int }

// expectAll is expect for every customer.
func expectAll(history map[uint64][]change) (map[uint64]expected, totals, error) {
	all := make(map[uint64]expected, len(history))
	var sum totals
	for customer, changes := range history {
		e, err := expect(changes)
		if err != nil {
			return nil, sum, fmt.Errorf("expect what comes of customer %d: %w", customer, err)
		}
		all[customer] = e
		sum.changes += len(e.changes)
		sum.events += len(e.events)
		sum.mails += len(e.mails)
		sum.facts += len(e.facts)
		sum.addresses += len(e.addresses)
	}
	return all, sum, nil
}

package faults

import (
	"fmt"

	"telltale/internal/faults/load"
)

// expected is what must come of a customer's changes, each list in order. What
// stands behind an event refers to it by its index.
type expected struct {
	changes []load.Change
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
func expect(changes []load.Change) (expected, error) {
	b := builder{expected: expected{changes: changes}, known: map[string]bool{}}
	for i, c := range changes {
		b.change, b.index = c, i
		switch after := c.After.(type) {
		case load.SignIn:
			b.signedIn(after)
		case load.Customer:
			if before, ok := c.Before.(load.Customer); ok {
				b.updated(before, after)
			} else {
				b.registered(after)
			}
		}
	}
	return b.expected, b.err
}

// builder goes through a customer's changes. email is where she is reached as
// far as the events so far have told, known the addresses that she came from.
type builder struct {
	expected
	change load.Change
	index  int
	email  string
	known  map[string]bool
	err    error
}

// add adds an event; what follows refers to it.
func (b *builder) add(kind string, data map[string]any) {
	text, err := encode(data)
	if err != nil {
		b.err = err
	}
	b.events = append(b.events, event{kind: kind, actor: b.change.Actor, request: b.change.Request, data: text})
	b.from = append(b.from, b.index)
}

func (b *builder) mail(consumer, role, recipient string) {
	b.mails = append(b.mails, mail{consumer, len(b.events) - 1, role, recipient})
}

func (b *builder) fact(what, old, new string) {
	last := len(b.events) - 1
	b.facts = append(b.facts, fact{last, b.events[last].kind, what, old, new, b.change.Actor, b.change.Request})
}

func (b *builder) registered(c load.Customer) {
	b.add("CustomerRegistered", map[string]any{"id": c.ID, "name": c.Name, "email": c.Email, "country": country})
	b.fact("name", none, c.Name)
	b.fact("email", none, c.Email)
	b.fact("country", none, country)
	b.email = c.Email
	b.mail("mailer", "customer", b.email)
}

func (b *builder) updated(before, after load.Customer) {
	if before.Name != after.Name {
		b.add("CustomerNameChanged", map[string]any{"id": after.ID, "old_name": before.Name, "new_name": after.Name})
		b.fact("name", before.Name, after.Name)
		b.mail("mailer", "customer", b.email)
	}
	if before.Email != after.Email {
		b.add("CustomerEmailChanged", map[string]any{"id": after.ID, "old_email": before.Email, "new_email": after.Email})
		b.fact("email", before.Email, after.Email)
		b.mail("mailer", "old-address", before.Email)
		b.mail("mailer", "new-address", after.Email)
		b.email = after.Email
	}
	if before.Phone != after.Phone {
		b.add("CustomerPhoneChanged", map[string]any{"id": after.ID, "old_phone": nullable(before.Phone), "new_phone": nullable(after.Phone)})
		b.fact("phone", orNone(before.Phone), orNone(after.Phone))
		b.mail("mailer", "customer", b.email)
	}
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (b *builder) signedIn(s load.SignIn) {
	b.add("CustomerSignedIn", map[string]any{
		"id": s.CustomerID, "sign_in": s.ID, "address": s.Address, "user_agent": s.UserAgent, "at": s.At,
	})
	b.fact("sign_in", none, s.Address)
	if b.known[s.Address] {
		return
	}
	b.known[s.Address] = true
	b.addresses = append(b.addresses, s.Address)
	b.mail("security", "customer", b.email)
}

// totals are how much must come of everything.
type totals struct{ changes, events, mails, facts, addresses int }

// expectAll is expect for every customer.
func expectAll(h load.History) (map[uint64]expected, totals, error) {
	all := make(map[uint64]expected, len(h.Changes))
	var sum totals
	for customer, changes := range h.Changes {
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

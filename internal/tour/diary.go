package tour

import "fmt"

// none is what a field was before it was.
const none = "–"

// origin is who did something by which request; empty for the SQL shell.
type origin struct{ actor, request string }

// fact is one changed field, as the history must tell it.
type fact struct{ what, old, new, actor, request string }

// diary is what the story did to customers. It is for one goroutine.
type diary struct {
	fields map[uint64]map[string]string // As they are.
	facts  map[uint64][]fact
}

func newDiary() *diary {
	return &diary{fields: map[uint64]map[string]string{}, facts: map[uint64][]fact{}}
}

// set notes new values of a customer's fields, given as names and values. One
// that stays as it is, is no fact.
func (d *diary) set(id uint64, by origin, pairs ...string) {
	if d.fields[id] == nil {
		d.fields[id] = map[string]string{}
	}
	for i := 0; i < len(pairs); i += 2 {
		what, value := pairs[i], pairs[i+1]
		old, had := d.fields[id][what]
		if had && old == value {
			continue
		}
		if !had {
			old = none
		}
		d.fields[id][what] = value
		d.facts[id] = append(d.facts[id], fact{what, old, value, by.actor, by.request})
	}
}

// signedIn notes from where somebody signed in.
func (d *diary) signedIn(id uint64, by origin, address string) {
	d.facts[id] = append(d.facts[id], fact{"sign_in", none, address, by.actor, by.request})
}

// by is who a browser's last request came from: nobody that the shop knew, or
// the customer.
func (b *browser) by(customer uint64) origin {
	if customer == 0 {
		return origin{request: b.request}
	}
	return origin{actor: fmt.Sprintf("customer:%d", customer), request: b.request}
}

package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"telltale/consumers"
	"telltale/consumers/customer"
)

const (
	whatSignIn = "sign_in"
	whatData   = "data"
)

// field is a changed one.
type field struct {
	what     string
	old, new *string
}

// fields says what an event changed, in the order of its data: of a registration
// every field, of other events what old_<x> and new_<x> tell of x. Nothing is
// left out: what is no change of a field, and not the customer's id, becomes one
// field named data. A sign-in is its address.
func fields(d consumers.Delivery) ([]field, error) {
	if d.Type == customer.TypeSignedIn {
		return signIn(d)
	}
	members, err := object(d.Data)
	if err != nil {
		return nil, consumers.Poison(fmt.Errorf("read the data of %s: %w", d.Type, err))
	}
	if all := initial(members); d.Type == customer.TypeRegistered && len(all) > 0 {
		return all, nil
	}
	return changes(members)
}

func signIn(d consumers.Delivery) ([]field, error) {
	data, err := consumers.Data[customer.SignedIn](d)
	if err != nil {
		return nil, err
	}
	return []field{{what: whatSignIn, new: &data.Address}}, nil
}

// initial gives the values that a customer begins with.
func initial(members []member) []field {
	var all []field
	for _, m := range members {
		if m.name != idName {
			all = append(all, field{what: m.name, new: m.text()})
		}
	}
	return all
}

// changes pairs old values with new ones.
func changes(members []member) ([]field, error) {
	var all []field
	index := make(map[string]int) // Of a field in all.
	rest := make(map[string]json.RawMessage)
	for _, m := range members {
		prefix, name, ok := strings.Cut(m.name, "_")
		switch {
		case m.name == idName:
			continue
		case !ok || name == "" || name == whatData || prefix != "old" && prefix != "new":
			rest[m.name] = m.value
			continue
		}
		at, seen := index[name]
		if !seen {
			at = len(all)
			index[name] = at
			all = append(all, field{what: name})
		}
		if prefix == "old" {
			all[at].old = m.text()
		} else {
			all[at].new = m.text()
		}
	}
	if len(rest) == 0 && len(all) > 0 {
		return all, nil
	}
	text, err := write(rest)
	return append(all, field{what: whatData, new: &text}), err
}

// write is an object's JSON, its members by name.
func write(members map[string]json.RawMessage) (string, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // It is no HTML, and people read it.
	if err := enc.Encode(members); err != nil {
		return "", fmt.Errorf("write the rest of an event's data: %w", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// idName is the member that holds the customer's id, which the record's key
// tells already.
const idName = "id"

// member is one of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// text is a value as a reader wants to see it: text without quotes, JSON of
// what is not text, nil for null.
func (m member) text() *string {
	var s string
	switch {
	case bytes.Equal(m.value, []byte("null")):
		return nil
	case json.Unmarshal(m.value, &s) != nil:
		s = string(m.value)
	}
	return &s
}

var errNoObject = errors.New("it is no JSON object")

// object reads the members of an object in their order. One that occurs twice
// counts as it stands last, where it stood first.
func object(data []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.Join(errNoObject, err)
	}
	var members []member
	index := make(map[string]int)
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: t.(string)} // A name: the decoder has checked that.
		if err := dec.Decode(&m.value); err != nil {
			return nil, err
		}
		if at, twice := index[m.name]; twice {
			members[at] = m
			continue
		}
		index[m.name] = len(members)
		members = append(members, m)
	}
	_, err := dec.Token()
	return members, err
}

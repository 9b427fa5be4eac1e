package feed

import (
	"bytes"
	"encoding/json"
	"strings"
)

// What one value and one mail may take on the page and in its memory, in bytes.
const (
	maxValue = 400
	maxBody  = 8 << 10
)

// columns puts two images side by side, in the order of the table's columns.
func columns(before, after json.RawMessage) []Column {
	names, old := fields(before)
	newNames, young := fields(after)
	if len(names) == 0 {
		names = newNames
	}
	list := make([]Column, 0, len(names))
	for _, name := range names {
		b, hadOld := old[name]
		a, hasNew := young[name]
		c := Column{Name: name, Changed: hadOld && hasNew && !bytes.Equal(a, b)}
		if hadOld {
			c.Before = value(b)
		}
		if hasNew {
			c.After = value(a)
		}
		list = append(list, c)
	}
	return list
}

// fields reads an object's fields and the order of their names. An image that
// is no object has none.
func fields(image json.RawMessage) ([]string, map[string]json.RawMessage) {
	values := map[string]json.RawMessage{}
	if image == nil || json.Unmarshal(image, &values) != nil {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(image))
	var names []string
	_, _ = dec.Token() // The opening brace: the object was read whole above.
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return names, values
		}
		names = append(names, name.(string))
		var skipped json.RawMessage
		if dec.Decode(&skipped) != nil {
			return names, values
		}
	}
	return names, values
}

func value(raw json.RawMessage) *string {
	s := shorten(string(raw))
	return &s
}

func recipients(to []string) string { return shorten(strings.Join(to, ", ")) }

func shorten(s string) string { return limit(s, maxValue) }

// limit cuts s to at most n bytes at the border of a character, and shows that
// it did.
func limit(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

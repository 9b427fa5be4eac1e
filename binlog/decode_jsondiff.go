package binlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// What a diff does at its path (sql/json_diff.h).
const (
	diffReplace = 0
	diffInsert  = 1
	diffRemove  = 2
)

var errJSONDiff = errors.New("a partial JSON update does not fit the document before it")

// jsonNode is a value of a document that diffs are applied to: as it stands in
// the document, or opened where a diff reaches into it.
type jsonNode struct {
	value  jsonValue
	opened bool
	keys   [][]byte // Of an object, in the server's order.
	nodes  []*jsonNode
}

// appendDiffs is appendJSON of a value that is stored as the diffs to the
// document before it.
func appendDiffs(dst, data, before []byte, c *column) ([]byte, int, error) {
	diffs, n, err := sized(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	document := &jsonNode{value: parseJSON(before)}
	for rest := diffs; len(rest) > 0; {
		if rest, err = document.apply(rest); err != nil {
			return dst, 0, err
		}
	}
	start := len(dst)
	p := jsonPrinter{jsonStyle: *c.json, left: len(before) + len(diffs) + 1}
	if dst, err = p.appendNode(dst, document, 1); err != nil {
		return dst[:start], 0, err
	}
	dst, err = quoteJSON(dst, start)
	return dst, n, err
}

// apply applies the first diff and returns the others. A diff is what it does, the
// path, and unless it removes, the value, both behind their lengths
// (sql/json_diff.cc, Json_diff_vector::read_binary).
func (n *jsonNode) apply(diffs []byte) (rest []byte, err error) {
	does, rest := diffs[0], diffs[1:]
	text, rest, err := lengthPrefixed(rest)
	if err != nil {
		return nil, err
	}
	legs, err := parseJSONPath(text)
	if err != nil {
		return nil, err
	}
	var value []byte
	if does != diffRemove {
		if value, rest, err = lengthPrefixed(rest); err != nil {
			return nil, err
		}
	}
	put := &jsonNode{value: parseJSON(value)}
	ok := false
	switch does {
	case diffReplace:
		ok, err = n.replace(legs, put)
	case diffInsert:
		ok, err = n.insert(legs, put)
	case diffRemove:
		ok, err = n.remove(legs)
	default:
		return nil, fmt.Errorf("%w: operation %d is unknown", errJSONDiff, does)
	}
	if err == nil && !ok {
		err = fmt.Errorf("%w: operation %d at %s", errJSONDiff, does, text)
	}
	return rest, err
}

// lengthPrefixed cuts off the bytes behind a length-encoded length.
func lengthPrefixed(data []byte) (head, rest []byte, err error) {
	length, n := lengthEncoded(data)
	if n == 0 || length > uint64(len(data)-n) {
		return nil, nil, errJSONShort
	}
	return data[n : n+int(length)], data[n+int(length):], nil
}

// replace has another value stand where the path leads.
func (n *jsonNode) replace(legs []jsonLeg, put *jsonNode) (bool, error) {
	at, err := n.seek(legs)
	if at == nil {
		return false, err
	}
	*at = *put
	return true, nil
}

// insert adds a member that is not there, or moves an array's elements apart.
func (n *jsonNode) insert(legs []jsonLeg, put *jsonNode) (bool, error) {
	if len(legs) == 0 {
		return false, nil
	}
	parent, err := n.seek(legs[:len(legs)-1])
	if parent == nil {
		return false, err
	}
	leg := legs[len(legs)-1]
	if err := parent.open(); err != nil {
		return false, err
	}
	switch {
	case leg.member && parent.value.isObject():
		i, there := parent.find(leg.key)
		if there {
			return false, nil
		}
		parent.keys = slices.Insert(parent.keys, i, leg.key)
		parent.nodes = slices.Insert(parent.nodes, i, put)
		return true, nil
	case !leg.member && parent.value.isArray():
		i := min(max(leg.in(len(parent.nodes)), 0), len(parent.nodes))
		parent.nodes = slices.Insert(parent.nodes, i, put)
		return true, nil
	}
	return false, nil
}

// remove takes out what the path leads to.
func (n *jsonNode) remove(legs []jsonLeg) (bool, error) {
	if len(legs) == 0 {
		return false, nil
	}
	parent, err := n.seek(legs[:len(legs)-1])
	if parent == nil {
		return false, err
	}
	i, err := parent.index(legs[len(legs)-1])
	if i < 0 {
		return false, err
	}
	parent.nodes = slices.Delete(parent.nodes, i, i+1)
	if parent.value.isObject() {
		parent.keys = slices.Delete(parent.keys, i, i+1)
	}
	return true, nil
}

// seek follows a path and returns nil where it leads nowhere.
func (n *jsonNode) seek(legs []jsonLeg) (*jsonNode, error) {
	for _, leg := range legs {
		if !leg.member && !n.value.isArray() { // To a path a value is its own first element.
			if leg.in(1) != 0 {
				return nil, nil
			}
			continue
		}
		i, err := n.index(leg)
		if i < 0 {
			return nil, err
		}
		n = n.nodes[i]
	}
	return n, nil
}

// index opens a container and returns which of its members a leg names, or -1.
func (n *jsonNode) index(leg jsonLeg) (int, error) {
	if err := n.open(); err != nil {
		return -1, err
	}
	if leg.member {
		if i, there := n.find(leg.key); there {
			return i, nil
		}
		return -1, nil
	}
	if i := leg.in(len(n.nodes)); n.value.isArray() && i >= 0 && i < len(n.nodes) {
		return i, nil
	}
	return -1, nil
}

// open reads a container's members. Anything else has none.
func (n *jsonNode) open() error {
	if n.opened || !n.value.isObject() && !n.value.isArray() {
		return nil
	}
	count, err := n.value.members()
	if err != nil {
		return err
	}
	n.opened = true
	for i := range count {
		key, m, err := n.value.member(i, count)
		if err != nil {
			return err
		}
		if n.value.isObject() {
			n.keys = append(n.keys, key)
		}
		n.nodes = append(n.nodes, &jsonNode{value: m})
	}
	return nil
}

// find returns where an object's key is or would be: the server orders keys by
// their length first.
func (n *jsonNode) find(key []byte) (int, bool) {
	return slices.BinarySearchFunc(n.keys, key, func(a, b []byte) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return bytes.Compare(a, b)
	})
}

// appendNode is append for a document to which diffs were applied.
func (s *jsonPrinter) appendNode(dst []byte, n *jsonNode, depth int) ([]byte, error) {
	if !n.opened {
		return s.append(dst, n.value, depth)
	}
	if depth > jsonDepth+1 {
		return dst, errJSONDeep
	}
	opening, closing := byte('['), byte(']')
	if n.value.isObject() {
		opening, closing = '{', '}'
	}
	dst = append(dst, opening)
	var err error
	for i, m := range n.nodes {
		if i > 0 {
			dst = append(dst, s.comma...)
		}
		if n.value.isObject() {
			if dst, err = s.escape(dst, n.keys[i]); err != nil {
				return dst, err
			}
			dst = append(dst, s.colon...)
		}
		if dst, err = s.appendNode(dst, m, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, closing), nil
}

// jsonLeg is one step of a path: a member, or an element counted from the start
// or back from the last.
type jsonLeg struct {
	member   bool
	key      []byte
	element  int
	fromLast bool
}

// in is the element's index in an array of n, which may be outside of it.
func (l jsonLeg) in(n int) int {
	if l.fromLast {
		return n - 1 - l.element
	}
	return l.element
}

// parseJSONPath reads a path without wildcards: a dollar sign, and members and
// elements, as `$.name."another name"[3][last-1]`.
func parseJSONPath(text []byte) ([]jsonLeg, error) {
	var legs []jsonLeg
	rest := bytes.TrimPrefix(text, []byte("$"))
	for len(rest) > 0 {
		var leg jsonLeg
		var err error
		switch rest[0] {
		case '.':
			leg, rest, err = memberLeg(rest[1:])
		case '[':
			leg, rest, err = elementLeg(rest[1:])
		default:
			err = errJSONDiff
		}
		if err != nil {
			return nil, fmt.Errorf("JSON path %q: %w", text, err)
		}
		legs = append(legs, leg)
	}
	return legs, nil
}

func memberLeg(text []byte) (leg jsonLeg, rest []byte, err error) {
	leg.member = true
	if len(text) == 0 || text[0] != '"' {
		end := bytes.IndexAny(text, ".[")
		if end < 0 {
			end = len(text)
		}
		leg.key = text[:end]
		return leg, text[end:], nil
	}
	end := 1
	for end < len(text) && text[end] != '"' {
		if text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(text) {
		return leg, nil, errJSONShort
	}
	var key string
	err = json.Unmarshal(text[:end+1], &key)
	leg.key = []byte(key)
	return leg, text[end+1:], err
}

func elementLeg(text []byte) (leg jsonLeg, rest []byte, err error) {
	inside, rest, ok := bytes.Cut(text, []byte("]"))
	if !ok {
		return leg, nil, errJSONShort
	}
	inside = bytes.ReplaceAll(inside, []byte(" "), nil)
	if last, is := bytes.CutPrefix(inside, []byte("last")); is {
		leg.fromLast = true
		if len(last) == 0 {
			return leg, rest, nil
		}
		inside = bytes.TrimPrefix(last, []byte("-"))
	}
	leg.element, err = strconv.Atoi(string(inside))
	return leg, rest, err
}

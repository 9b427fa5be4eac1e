package binlog

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The kinds of values in MySQL's binary JSON (sql-common/json_binary.cc). A
// document is a kind and a value. An object or array is its count of members,
// its size, one entry for each key (offset and length), one for each value
// (kind, and the value itself where it is small or else its offset), the keys
// and the values; offsets count from the count. What is "large" has numbers of
// four bytes there, the others of two.
const (
	jsonSmallObject = 0x00
	jsonLargeObject = 0x01
	jsonSmallArray  = 0x02
	jsonLargeArray  = 0x03
	jsonLiteral     = 0x04
	jsonInt16       = 0x05
	jsonUint16      = 0x06
	jsonInt32       = 0x07
	jsonUint32      = 0x08
	jsonInt64       = 0x09
	jsonUint64      = 0x0a
	jsonDouble      = 0x0b
	jsonString      = 0x0c
	jsonOpaque      = 0x0f
)

// jsonDepth is how deep the server lets documents be nested.
const jsonDepth = 100

var (
	errJSONShort = errors.New("the JSON document ends inside a value")
	errJSONDeep  = fmt.Errorf("a JSON document is nested deeper than %d", jsonDepth)
)

// jsonValue is one value of a binary document. Its data begin where it begins
// and may go on behind it.
type jsonValue struct {
	kind byte
	data []byte
}

// parseJSON reads a document. An empty one, which the server stores where it
// was told to ignore that a NULL does not fit, is JSON's null, as it is to the
// server.
func parseJSON(data []byte) jsonValue {
	if len(data) == 0 {
		return jsonValue{jsonLiteral, []byte{0}}
	}
	return jsonValue{data[0], data[1:]}
}

// isObject and isArray tell the containers.
func (v jsonValue) isObject() bool { return v.kind == jsonSmallObject || v.kind == jsonLargeObject }
func (v jsonValue) isArray() bool  { return v.kind == jsonSmallArray || v.kind == jsonLargeArray }

// width is the width of a container's numbers.
func (v jsonValue) width() int {
	if v.kind == jsonLargeObject || v.kind == jsonLargeArray {
		return 4
	}
	return 2
}

// members returns how many members a container has.
func (v jsonValue) members() (int, error) {
	w := v.width()
	n, err := little(v.data, w)
	if err != nil {
		return 0, errJSONShort
	}
	entry := 1 + w
	if v.isObject() {
		entry += w + 2
	}
	if uint64(len(v.data)-w) < uint64(w)+n*uint64(entry) {
		return 0, errJSONShort
	}
	return int(n), nil
}

// member returns the i-th of a container's n members, and an object's key.
func (v jsonValue) member(i, n int) (key []byte, m jsonValue, err error) {
	w := v.width()
	entries := v.data[2*w:]
	if v.isObject() {
		at, _ := little(entries[i*(w+2):], w)
		length := uint64(binary.LittleEndian.Uint16(entries[i*(w+2)+w:]))
		if at+length > uint64(len(v.data)) {
			return nil, m, errJSONShort
		}
		key = v.data[at : at+length]
		entries = entries[n*(w+2):]
	}
	entry := entries[i*(1+w) : (i+1)*(1+w)]
	m.kind = entry[0]
	switch m.kind {
	case jsonLiteral, jsonInt16, jsonUint16:
		m.data = entry[1:]
		return key, m, nil
	case jsonInt32, jsonUint32:
		if w == 4 {
			m.data = entry[1:]
			return key, m, nil
		}
	}
	at, _ := little(entry[1:], w)
	if at > uint64(len(v.data)) {
		return nil, m, errJSONShort
	}
	m.data = v.data[at:]
	return key, m, nil
}

// jsonSized reads the bytes behind a length in groups of seven bits.
func jsonSized(data []byte) ([]byte, error) {
	length, n := binary.Uvarint(data[:min(len(data), 5)])
	if n <= 0 || length > uint64(len(data)-n) {
		return nil, errJSONShort
	}
	return data[n : n+int(length)], nil
}

package binlog

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
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

// appendJSON appends a JSON column's value as a JSON string that holds its text in
// the column's style. meta is the width of the length before the value.
func appendJSON(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := sized(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	dst, err = appendJSONText(dst, v, *c.json)
	return dst, n, err
}

// appendJSONText appends a document as text inside of a JSON string.
func appendJSONText(dst, document []byte, style jsonStyle) ([]byte, error) {
	start := len(dst)
	p := jsonPrinter{jsonStyle: style, left: len(document) + 1}
	dst, err := p.append(dst, parseJSON(document), 1)
	if err != nil {
		return dst[:start], err
	}
	return quoteJSON(dst, start)
}

// quoteJSON makes the text from start on a JSON string. That is written behind it
// and moved, so that it takes no memory of its own.
func quoteJSON(dst []byte, start int) ([]byte, error) {
	end := len(dst)
	var err error
	if dst, err = appendString(dst, dst[start:end]); err != nil {
		return dst[:start], err
	}
	return dst[:start+copy(dst[start:], dst[end:])], nil
}

// jsonStyle is how a document is printed.
type jsonStyle struct {
	comma, colon string
	double       func(dst []byte, v float64) []byte
	opaque       func(dst []byte, kind byte, data []byte) ([]byte, error)
	escape       func(dst []byte, s []byte) ([]byte, error)
}

// jsonAsMySQL prints as the server does.
var jsonAsMySQL = jsonStyle{comma: ", ", colon: ": ", double: appendJSONDouble, opaque: appendJSONOpaque, escape: appendString}

// jsonPrinter prints one document.
type jsonPrinter struct {
	jsonStyle
	// left is how many bytes of the document values can still stand in. In a
	// damaged one, many could stand in the same.
	left int
}

// take notes that a value stands in n bytes.
func (s *jsonPrinter) take(n int) error {
	if s.left -= n; s.left < 0 {
		return errors.New("the values of a JSON document overlap")
	}
	return nil
}

func (s *jsonPrinter) append(dst []byte, v jsonValue, depth int) ([]byte, error) {
	if depth > jsonDepth+1 {
		return dst, errJSONDeep
	}
	if err := s.take(1); err != nil {
		return dst, err
	}
	if v.isObject() || v.isArray() {
		return s.appendContainer(dst, v, depth)
	}
	fixed := [...]int{jsonLiteral: 1, jsonInt16: 2, jsonUint16: 2, jsonInt32: 4, jsonUint32: 4, jsonInt64: 8, jsonUint64: 8, jsonDouble: 8}
	var bits uint64
	if int(v.kind) < len(fixed) {
		var err error
		if bits, err = little(v.data, fixed[v.kind]); err != nil {
			return dst, errJSONShort
		}
	}
	switch v.kind {
	case jsonLiteral:
		if bits > 2 {
			return dst, fmt.Errorf("JSON literal of number %d", bits)
		}
		return append(dst, [...]string{"null", "true", "false"}[bits]...), nil
	case jsonInt16:
		return strconv.AppendInt(dst, int64(int16(bits)), 10), nil
	case jsonInt32:
		return strconv.AppendInt(dst, int64(int32(bits)), 10), nil
	case jsonInt64:
		return strconv.AppendInt(dst, int64(bits), 10), nil
	case jsonUint16, jsonUint32, jsonUint64:
		return strconv.AppendUint(dst, bits, 10), nil
	case jsonDouble:
		d := math.Float64frombits(bits)
		if math.IsNaN(d) || math.IsInf(d, 0) {
			return dst, fmt.Errorf("%v has no JSON form", d)
		}
		return s.double(dst, d), nil
	case jsonString:
		text, err := jsonSized(v.data)
		if err == nil {
			err = s.take(len(text))
		}
		if err != nil {
			return dst, err
		}
		return s.escape(dst, text)
	case jsonOpaque:
		if len(v.data) < 1 {
			return dst, errJSONShort
		}
		data, err := jsonSized(v.data[1:])
		if err == nil {
			err = s.take(len(data))
		}
		if err != nil {
			return dst, err
		}
		return s.opaque(dst, v.data[0], data)
	}
	return dst, fmt.Errorf("JSON value of unknown kind %d", v.kind)
}

func (s *jsonPrinter) appendContainer(dst []byte, v jsonValue, depth int) ([]byte, error) {
	n, err := v.members()
	if err != nil {
		return dst, err
	}
	opening, closing := byte('['), byte(']')
	if v.isObject() {
		opening, closing = '{', '}'
	}
	dst = append(dst, opening)
	for i := range n {
		key, m, err := v.member(i, n)
		if err == nil {
			err = s.take(len(key))
		}
		if err != nil {
			return dst, err
		}
		if i > 0 {
			dst = append(dst, s.comma...)
		}
		if v.isObject() {
			if dst, err = s.escape(dst, key); err != nil {
				return dst, err
			}
			dst = append(dst, s.colon...)
		}
		if dst, err = s.append(dst, m, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, closing), nil
}

// appendJSONDouble appends the shortest digits that read back as the same
// value, with a point or an exponent, which sets it apart from an integer.
// The server changes to an exponent beyond 15 places before the point or 14
// zeros behind it (my_gcvt).
func appendJSONDouble(dst []byte, v float64) []byte {
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'e', -1, 64)
	e := len(dst) - 1
	for dst[e] != 'e' {
		e--
	}
	exponent, _ := strconv.Atoi(string(dst[e+1:]))
	if exponent < -15 || exponent >= 15 {
		return strconv.AppendInt(dst[:e+1], int64(exponent), 10)
	}
	dst = strconv.AppendFloat(dst[:start], v, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// Types of opaque values, which are those of columns.
const (
	opaqueTimestamp = 7
	opaqueDate      = 10
	opaqueTime      = 11
	opaqueDatetime  = 12
	opaqueDecimal   = 246
)

// appendJSONOpaque appends a value of a type that JSON does not have.
func appendJSONOpaque(dst []byte, kind byte, data []byte) ([]byte, error) {
	switch kind {
	case opaqueDecimal:
		return appendJSONDecimal(dst, data)
	case opaqueDate, opaqueTime, opaqueDatetime, opaqueTimestamp:
		t, err := jsonTime(kind, data)
		if err != nil {
			return dst, err
		}
		dst = append(dst, '"')
		if t.negative {
			dst = append(dst, '-')
		}
		if kind != opaqueTime {
			dst = appendYMD(dst, t.year, t.month, t.day)
		}
		if kind != opaqueTime && kind != opaqueDate {
			dst = append(dst, ' ')
		}
		if kind != opaqueDate {
			dst = appendHMS(dst, t.hour, t.minute, t.second)
			dst = appendFraction(dst, t.micros, 6)
		}
		return append(dst, '"'), nil
	}
	dst = append(dst, `"base64:type`...)
	dst = strconv.AppendUint(dst, uint64(kind), 10)
	dst = append(dst, ':')
	// The server breaks base64 into lines, and the breaks are escaped.
	const line = 76 / 4 * 3
	for len(data) > line {
		dst = base64.StdEncoding.AppendEncode(dst, data[:line])
		dst = append(dst, `\n`...)
		data = data[line:]
	}
	dst = base64.StdEncoding.AppendEncode(dst, data)
	return append(dst, '"'), nil
}

// appendJSONDecimal appends a decimal as a number. Its precision and scale
// stand before it.
func appendJSONDecimal(dst, data []byte) ([]byte, error) {
	if len(data) < 2 || data[0] > 65 || data[1] > 30 || data[1] > data[0] {
		return dst, errors.New("a JSON decimal without precision and scale")
	}
	start := len(dst)
	dst, n, err := appendDecimal(dst, data[2:], &column{meta: int(data[0]), scale: int(data[1])})
	if err != nil {
		return dst, err
	}
	if n != len(data)-2 {
		return dst, fmt.Errorf("a JSON decimal of %d bytes in %d", n, len(data)-2)
	}
	end := len(dst) - 1 // Without the quotes.
	return dst[:start+copy(dst[start:], dst[start+1:end])], nil
}

// jsonTemporal is a time inside of a document.
type jsonTemporal struct {
	negative                                       bool
	year, month, day, hour, minute, second, micros int
}

// jsonTime reads the packed form of all times: from the lowest bits up,
// microseconds in 24, second and minute in 6 each, and the hour; in those with a
// date the hour has 5 bits, and behind it stand the day in 5 and 13 times the
// year plus the month.
func jsonTime(kind byte, data []byte) (t jsonTemporal, err error) {
	if len(data) != 8 {
		return t, fmt.Errorf("a JSON time of %d bytes", len(data))
	}
	v := int64(binary.LittleEndian.Uint64(data))
	if v < 0 {
		t.negative, v = true, -v
	}
	t.micros = int(v & (1<<24 - 1))
	v >>= 24
	t.second, t.minute = int(v&63), int(v>>6&63)
	if kind == opaqueTime {
		t.hour = int(v >> 12 & 0x3ff)
		return t, nil
	}
	t.hour = int(v >> 12 & 31)
	ymd := v >> 17
	t.day, t.month, t.year = int(ymd&31), int(ymd>>5%13), int(ymd>>5/13)
	return t, nil
}

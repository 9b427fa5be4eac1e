package binlog

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

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

// sized reads the bytes behind a length, and notes them.
func (s *jsonPrinter) sized(data []byte) ([]byte, error) {
	v, err := jsonSized(data)
	if err != nil {
		return nil, err
	}
	return v, s.take(len(v))
}

// append appends a value that stands so deep in its document.
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
		text, err := s.sized(v.data)
		if err != nil {
			return dst, err
		}
		return s.escape(dst, text)
	case jsonOpaque:
		if len(v.data) < 1 {
			return dst, errJSONShort
		}
		data, err := s.sized(v.data[1:])
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

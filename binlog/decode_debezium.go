package binlog

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
)

// unscaled is an integer of up to 65 decimal digits, the lowest part first.
type unscaled [4]uint64

// shift multiplies by a power of ten and adds.
func (u *unscaled) shift(times, plus uint64) {
	carry := plus
	for i, part := range u {
		high, low := bits.Mul64(part, times)
		sum, over := bits.Add64(low, carry, 0)
		u[i], carry = sum, high+over
	}
}

// appendTwos appends the shortest big-endian two's complement, in base64.
func (u *unscaled) appendTwos(dst []byte, negative bool) []byte {
	if negative {
		carry := uint64(1)
		for i := range u {
			u[i], carry = bits.Add64(^u[i], 0, carry)
		}
	}
	var b [32]byte
	for i, part := range u {
		binary.BigEndian.PutUint64(b[24-8*i:], part)
	}
	start := 0
	for start < len(b)-1 && (b[start] == 0 && b[start+1] < 0x80 || b[start] == 0xff && b[start+1] >= 0x80) {
		start++
	}
	return appendBase64(dst, b[start:])
}

// appendDecimalPrecise appends a DECIMAL as its unscaled integer in base64.
func appendDecimalPrecise(dst, data []byte, c *column) ([]byte, int, error) {
	start := len(dst)
	dst, n, err := appendDecimal(dst, data, c)
	if err != nil {
		return dst, 0, err
	}
	var u unscaled
	negative := false
	for _, digit := range dst[start+1 : len(dst)-1] {
		switch digit {
		case '-':
			negative = true
		case '.':
		default:
			u.shift(10, uint64(digit-'0'))
		}
	}
	return u.appendTwos(dst[:start], negative), n, nil
}

// appendDecimalDouble appends a DECIMAL as the nearest floating-point number.
func appendDecimalDouble(dst, data []byte, c *column) ([]byte, int, error) {
	start := len(dst)
	dst, n, err := appendDecimal(dst, data, c)
	if err != nil {
		return dst, 0, err
	}
	v, err := strconv.ParseFloat(string(dst[start+1:len(dst)-1]), 64)
	if err != nil {
		return dst, 0, err
	}
	return appendFloat(dst[:start], v, 64, n)
}

// appendUint64Precise appends a BIGINT UNSIGNED as appendDecimalPrecise does.
func appendUint64Precise(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 8 {
		return dst, 0, errShort
	}
	u := unscaled{binary.LittleEndian.Uint64(data)}
	return u.appendTwos(dst, false), 8, nil
}

// appendBits appends a BIT of more than one bit as little-endian bytes.
func appendBits(dst, data []byte, c *column) ([]byte, int, error) {
	n := bitmapLen(c.meta)
	if len(data) < n {
		return dst, 0, errShort
	}
	var b [8]byte
	for i, v := range data[:n] {
		b[n-1-i] = v
	}
	return appendBase64(dst, b[:n]), n, nil
}

// appendSetText appends a SET's members in one text, separated by commas.
func appendSetText(dst, data []byte, c *column) ([]byte, int, error) {
	v, err := little(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	dst = append(dst, '"')
	first := true
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 == 0 {
			continue
		}
		if i >= len(c.labels) {
			return dst, 0, fmt.Errorf("member %d of %d", i+1, len(c.labels))
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		label := c.labels[i]
		dst = append(dst, label[1:len(label)-1]...)
	}
	return append(dst, '"'), c.meta, nil
}

// appendGeometryOptional appends a geometry whose reference system is null where
// it has none.
func appendGeometryOptional(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := sized(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	if len(v) < 4 {
		return dst, 0, fmt.Errorf("a geometry of %d bytes", len(v))
	}
	return appendWKB(append(dst, '{'), v), n, nil
}

// appendWKB appends the last members of a geometry.
func appendWKB(dst, v []byte) []byte {
	dst = append(dst, `"wkb":`...)
	dst = appendBase64(dst, v[4:])
	dst = append(dst, `,"srid":`...)
	if srid := binary.LittleEndian.Uint32(v); srid != 0 {
		dst = strconv.AppendUint(dst, uint64(srid), 10)
	} else {
		dst = append(dst, "null"...)
	}
	return append(dst, '}')
}

// appendPoint appends a POINT with its coordinates beside the geometry. Its
// well-known binary is the byte order, the type and the coordinates.
func appendPoint(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := sized(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	if len(v) != 4+1+4+8+8 || v[4] != 1 {
		return dst, 0, fmt.Errorf("a point of %d bytes", len(v))
	}
	for i, name := range []string{`{"x":`, `,"y":`} {
		dst = append(dst, name...)
		coordinate := math.Float64frombits(binary.LittleEndian.Uint64(v[9+8*i:]))
		if dst, _, err = appendFloat(dst, coordinate, 64, 8); err != nil {
			return dst, 0, err
		}
	}
	return appendWKB(append(dst, ','), v), n, nil
}

// jsonCompact prints a document as the binlog library of Debezium does.
var jsonCompact = jsonStyle{
	comma: ",", colon: ":", double: appendJavaDouble, opaque: appendOpaqueCompact, escape: appendStringUpper,
}

// appendStringUpper is appendString with capital letters in what is escaped by
// number.
func appendStringUpper(dst, s []byte) ([]byte, error) {
	start := len(dst)
	dst, err := appendString(dst, s)
	if err != nil {
		return dst, err
	}
	text := dst[start:]
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if text[i+1] == 'u' {
			for j := i + 2; j < i+6; j++ {
				if text[j] >= 'a' {
					text[j] -= 'a' - 'A'
				}
			}
		}
		i++
	}
	return dst, nil
}

// appendJavaDouble appends the shortest digits within the range in which Java
// uses no exponent, and beyond it all digits of the binary value.
func appendJavaDouble(dst []byte, v float64) []byte {
	if a := math.Abs(v); a == 0 || a >= 1e-3 && a < 1e7 {
		return appendJSONDouble(dst, v)
	}
	const places = 1074 // Of the smallest double.
	return trimPlaces(strconv.AppendFloat(dst, v, 'f', places, 64))
}

// trimPlaces removes the zeros that a number with a point ends in, and the point
// where nothing else is behind it.
func trimPlaces(dst []byte) []byte {
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendOpaqueCompact appends times with as many places as they need, and what
// JSON does not have in plain base64.
func appendOpaqueCompact(dst []byte, kind byte, data []byte) ([]byte, error) {
	switch kind {
	case opaqueDecimal, opaqueDate:
		return appendJSONOpaque(dst, kind, data)
	case opaqueTime, opaqueDatetime, opaqueTimestamp:
		dst, err := appendJSONOpaque(dst, kind, data)
		if err != nil {
			return dst, err
		}
		dst = dst[:len(dst)-1]
		return append(trimPlaces(dst[:len(dst)-1]), '"'), nil
	}
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, data)
	return append(dst, '"'), nil
}

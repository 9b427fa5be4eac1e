package binlog

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
)

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

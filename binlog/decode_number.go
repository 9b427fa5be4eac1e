package binlog

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

func appendInt8(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 1 {
		return dst, 0, errShort
	}
	return strconv.AppendInt(dst, int64(int8(data[0])), 10), 1, nil
}

func appendUint8(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 1 {
		return dst, 0, errShort
	}
	return strconv.AppendUint(dst, uint64(data[0]), 10), 1, nil
}

func appendInt16(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 2 {
		return dst, 0, errShort
	}
	return strconv.AppendInt(dst, int64(int16(binary.LittleEndian.Uint16(data))), 10), 2, nil
}

func appendUint16(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 2 {
		return dst, 0, errShort
	}
	return strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint16(data)), 10), 2, nil
}

func uint24(data []byte) uint32 {
	return uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16
}

func appendInt24(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 3 {
		return dst, 0, errShort
	}
	return strconv.AppendInt(dst, int64(int32(uint24(data)<<8)>>8), 10), 3, nil
}

func appendUint24(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 3 {
		return dst, 0, errShort
	}
	return strconv.AppendUint(dst, uint64(uint24(data)), 10), 3, nil
}

func appendInt32(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 4 {
		return dst, 0, errShort
	}
	return strconv.AppendInt(dst, int64(int32(binary.LittleEndian.Uint32(data))), 10), 4, nil
}

func appendUint32(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 4 {
		return dst, 0, errShort
	}
	return strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint32(data)), 10), 4, nil
}

func appendInt64(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 8 {
		return dst, 0, errShort
	}
	return strconv.AppendInt(dst, int64(binary.LittleEndian.Uint64(data)), 10), 8, nil
}

func appendUint64(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 8 {
		return dst, 0, errShort
	}
	return strconv.AppendUint(dst, binary.LittleEndian.Uint64(data), 10), 8, nil
}

func appendFloat32(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 4 {
		return dst, 0, errShort
	}
	v := float64(math.Float32frombits(binary.LittleEndian.Uint32(data)))
	return appendFloat(dst, v, 32, 4)
}

func appendFloat64(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 8 {
		return dst, 0, errShort
	}
	return appendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(data)), 64, 8)
}

// appendFloat appends the shortest text that reads back as the same value.
func appendFloat(dst []byte, v float64, bits, n int) ([]byte, int, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return dst, 0, fmt.Errorf("%v has no JSON form", v)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, bits), n, nil
}

func appendYear(dst, data []byte, _ *column) ([]byte, int, error) {
	if len(data) < 1 {
		return dst, 0, errShort
	}
	year := uint64(data[0])
	if year != 0 { // Zero is the year 0000, not 1900.
		year += 1900
	}
	return strconv.AppendUint(dst, year, 10), 1, nil
}

// appendBit appends BIT(1) as a boolean and a longer one as a number. meta is
// the length in bits; the bytes are big-endian.
func appendBit(dst, data []byte, c *column) ([]byte, int, error) {
	n := bitmapLen(c.meta)
	if len(data) < n {
		return dst, 0, errShort
	}
	var v uint64
	for _, b := range data[:n] {
		v = v<<8 | uint64(b)
	}
	if c.meta == 1 {
		return strconv.AppendBool(dst, v == 1), n, nil
	}
	return strconv.AppendUint(dst, v, 10), n, nil
}

// Sizes of MySQL's packed decimals: nine digits take four bytes, fewer take
// decimalBytes (strings/decimal.cc, decimal2bin).
var decimalBytes = [10]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}

// appendDecimal appends a DECIMAL(meta, scale) as a JSON string, as MySQL
// prints it. The packed form is big-endian groups of digits with the sign in
// the first bit, all bits inverted where it is negative.
func appendDecimal(dst, data []byte, c *column) ([]byte, int, error) {
	intDigits := c.meta - c.scale
	leading, trailing := intDigits%9, c.scale%9
	size := decimalBytes[leading] + intDigits/9*4 + c.scale/9*4 + decimalBytes[trailing]
	if len(data) < size || size == 0 {
		return dst, 0, errShort
	}
	var packed [32]byte // DECIMAL(65,30) takes 30.
	b := packed[:size]
	copy(b, data)
	negative := b[0]&0x80 == 0
	if negative {
		for i := range b {
			b[i] = ^b[i]
		}
	}
	b[0] ^= 0x80
	dst = append(dst, '"')
	if negative {
		dst = append(dst, '-')
	}
	dst, b = appendIntegral(dst, b, leading, intDigits/9)
	if c.scale > 0 {
		dst = append(dst, '.')
		for range c.scale / 9 {
			dst = appendPadded(dst, bigEndian(b[:4]), 9)
			b = b[4:]
		}
		if trailing > 0 {
			dst = appendPadded(dst, bigEndian(b), trailing)
		}
	}
	return append(dst, '"'), size, nil
}

// appendIntegral appends the digits before the point without leading zeros and
// returns the bytes behind them.
func appendIntegral(dst, b []byte, leading, groups int) (out, rest []byte) {
	start := len(dst)
	if n := decimalBytes[leading]; n > 0 {
		if v := bigEndian(b[:n]); v > 0 {
			dst = appendPadded(dst, v, 1)
		}
		b = b[n:]
	}
	for range groups {
		v := bigEndian(b[:4])
		b = b[4:]
		if len(dst) > start {
			dst = appendPadded(dst, v, 9)
		} else if v > 0 {
			dst = appendPadded(dst, v, 1)
		}
	}
	if len(dst) == start {
		dst = append(dst, '0')
	}
	return dst, b
}

func bigEndian(b []byte) int {
	v := 0
	for _, x := range b {
		v = v<<8 | int(x)
	}
	return v
}

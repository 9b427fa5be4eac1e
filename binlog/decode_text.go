package binlog

import (
	"encoding/base64"
	"fmt"
)

// sized reads a value that follows its little-endian length of width bytes.
func sized(data []byte, width int) (value []byte, n int, err error) {
	if len(data) < width {
		return nil, 0, errShort
	}
	length := 0
	for i := width - 1; i >= 0; i-- {
		length = length<<8 | int(data[i])
	}
	if len(data)-width < length {
		return nil, 0, errShort
	}
	return data[width : width+length], width + length, nil
}

// appendText appends text of a character set whose bytes are UTF-8. meta is
// the width of the length before it.
func appendText(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := sized(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	dst, err = appendString(dst, v)
	return dst, n, err
}

// appendBinary appends bytes as base64. meta is the width of the length before
// them.
func appendBinary(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := sized(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	return appendBase64(dst, v), n, nil
}

// appendFixedBinary appends a BINARY(scale): the server leaves trailing zero
// bytes out of the row, but they are part of the value.
func appendFixedBinary(dst, data []byte, c *column) ([]byte, int, error) {
	var padded [255]byte
	n, err := fixedBinary(data, c, padded[:c.scale])
	if err != nil {
		return dst, 0, err
	}
	return appendBase64(dst, padded[:c.scale]), n, nil
}

// fixedBinary reads a BINARY, whose zero bytes at its end are not logged, into
// out, which has its length.
func fixedBinary(data []byte, c *column, out []byte) (n int, err error) {
	v, n, err := sized(data, c.meta)
	if err != nil {
		return 0, err
	}
	if len(v) > len(out) {
		return 0, fmt.Errorf("%d bytes in a column of %d", len(v), len(out))
	}
	copy(out, v)
	return n, nil
}

func appendBase64(dst, v []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, v)
	return append(dst, '"')
}

// appendEnum appends an ENUM's member; index 0 is the empty string that MySQL
// stores for a value it could not take. meta is the index's width.
func appendEnum(dst, data []byte, c *column) ([]byte, int, error) {
	i, err := little(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	switch {
	case i == 0:
		return append(dst, `""`...), c.meta, nil
	case i > uint64(len(c.labels)):
		return dst, 0, fmt.Errorf("member %d of %d", i, len(c.labels))
	}
	return append(dst, c.labels[i-1]...), c.meta, nil
}

// appendSet appends a SET's members as an array in the order of the
// declaration. meta is the bitmap's width.
func appendSet(dst, data []byte, c *column) ([]byte, int, error) {
	v, err := little(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	dst = append(dst, '[')
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
		dst = append(dst, c.labels[i]...)
	}
	return append(dst, ']'), c.meta, nil
}

// skipSized passes a value over that follows its length, which is meta bytes
// wide.
func skipSized(dst, data []byte, c *column) ([]byte, int, error) {
	_, n, err := sized(data, c.meta)
	return dst, n, err
}

// skipFixed passes meta bytes over.
func skipFixed(dst, data []byte, c *column) ([]byte, int, error) {
	if len(data) < c.meta {
		return dst, 0, errShort
	}
	return dst, c.meta, nil
}

func little(data []byte, width int) (uint64, error) {
	if len(data) < width {
		return 0, errShort
	}
	var v uint64
	for i := width - 1; i >= 0; i-- {
		v = v<<8 | uint64(data[i])
	}
	return v, nil
}

package binlog

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// MariaDB's UUID, INET4 and INET6 stand in a row as a BINARY of their length,
// without the zero bytes at their end.

func appendUUID(dst, data []byte, c *column) ([]byte, int, error) {
	var v [16]byte
	n, err := fixedBinary(data, c, v[:])
	if err != nil {
		return dst, 0, err
	}
	dst = append(dst, '"')
	for i, end := range []int{4, 6, 8, 10, 16} {
		start := []int{0, 4, 6, 8, 10}[i]
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, v[start:end])
	}
	return append(dst, '"'), n, nil
}

func appendINET4(dst, data []byte, c *column) ([]byte, int, error) {
	var v [4]byte
	n, err := fixedBinary(data, c, v[:])
	if err != nil {
		return dst, 0, err
	}
	return append(appendDotted(append(dst, '"'), v[:]), '"'), n, nil
}

func appendDotted(dst, v []byte) []byte {
	for i, b := range v {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(b), 10)
	}
	return dst
}

// appendINET6 appends an INET6 as the server prints it, which is not RFC 5952:
// the first longest run of zero words becomes "::" even where it is of one, and
// what follows five or six of them may be dotted (sql/sql_type_inet.cc).
func appendINET6(dst, data []byte, c *column) ([]byte, int, error) {
	var v [16]byte
	n, err := fixedBinary(data, c, v[:])
	if err != nil {
		return dst, 0, err
	}
	var words [8]uint16
	for i := range words {
		words[i] = binary.BigEndian.Uint16(v[2*i:])
	}
	gap, length := longestZeros(words)
	dotted := gap == 0 && (length == 6 || length == 5 && words[5] == 0xffff)
	dst = append(dst, '"')
	for i := 0; i < len(words); i++ {
		switch {
		case i == gap:
			if i == 0 {
				dst = append(dst, ':')
			}
			dst = append(dst, ':')
			i += length - 1
			continue
		case i == 6 && dotted:
			return append(appendDotted(dst, v[12:]), '"'), n, nil
		}
		dst = strconv.AppendUint(dst, uint64(words[i]), 16)
		if i != len(words)-1 {
			dst = append(dst, ':')
		}
	}
	return append(dst, '"'), n, nil
}

// longestZeros finds the first of the longest runs of zeros; gap is -1 where
// there is none.
func longestZeros(words [8]uint16) (gap, length int) {
	gap = -1
	for i := 0; i < len(words); i++ {
		start := i
		for i < len(words) && words[i] == 0 {
			i++
		}
		if i-start > length {
			gap, length = start, i-start
		}
	}
	return gap, length
}

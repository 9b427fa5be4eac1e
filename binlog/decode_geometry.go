package binlog

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// appendGeometry appends a geometry as the number of its reference system and
// its well-known binary, both as they are stored: the server's own functions
// may swap the axes of a geographic system. meta is the width of the length
// before the value.
func appendGeometry(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := sized(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	if len(v) < 4 {
		return dst, 0, fmt.Errorf("a geometry of %d bytes", len(v))
	}
	dst = append(dst, `{"srid":`...)
	dst = strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint32(v)), 10)
	dst = append(dst, `,"wkb":`...)
	dst = appendBase64(dst, v[4:])
	return append(dst, '}'), n, nil
}

// appendVector appends a VECTOR as an array of numbers. meta is the width of the
// length before the value.
func appendVector(dst, data []byte, c *column) ([]byte, int, error) {
	v, n, err := sized(data, c.meta)
	if err != nil {
		return dst, 0, err
	}
	if len(v)%4 != 0 {
		return dst, 0, fmt.Errorf("a vector of %d bytes", len(v))
	}
	dst = append(dst, '[')
	for i := 0; i < len(v); i += 4 {
		if i > 0 {
			dst = append(dst, ',')
		}
		f := float64(math.Float32frombits(binary.LittleEndian.Uint32(v[i:])))
		if dst, _, err = appendFloat(dst, f, 32, 4); err != nil {
			return dst, 0, fmt.Errorf("element %d: %w", i/4, err)
		}
	}
	return append(dst, ']'), n, nil
}

// geometryTypes are the names of the types by their number in table maps.
var geometryTypes = [...]string{
	"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection",
}

package binlog

import (
	"errors"
	"fmt"
	"math/bits"

	"telltale/binlog/charset"
	"telltale/schemas/change"
)

var errShort = errors.New("the row ends inside the value")

// appendFunc appends one column's value, which starts at data, as JSON, and
// says how many bytes it took. It allocates nothing but dst's growth.
type appendFunc func(dst, data []byte, c *column) (out []byte, n int, err error)

// column is how one column of one table shape is decoded.
type column struct {
	def     change.Column
	name    []byte // `,"name":`
	append  appendFunc
	meta    int              // What the table map says of the type: a length, a precision.
	scale   int              // DECIMAL alone.
	labels  [][]byte         // ENUM and SET members as JSON strings.
	members []string         // The same as text.
	charset *charset.Charset // Of text that is not UTF-8.
	json    *jsonStyle       // JSON alone: how documents are printed.
	adjust  bool             // Years of two digits are completed.
	denied  bool             // Left out of the images.
	key     int              // Index in the record key, or -1.
}

// plan is how the rows of one table shape are decoded.
type plan struct {
	shape   change.Shape
	columns []column
	// key is the record's: the columns of the primary key in its order, or for a
	// routed table the one that holds its root's.
	key []keyColumn
	// route says where a table of an aggregate goes and is nil for the others;
	// form is how its key is written.
	route *route
	form  string
}

// keyColumn is one member of a record key.
type keyColumn struct {
	column int
	name   []byte // `"name":`
}

// image is a decoded row image: JSON in the arena, and where the key's values
// stand in it.
type image struct {
	start, end int
	key        []span // By the key's order; empty where the image lacks the column.
}

type span struct{ start, end int }

func (s span) in(b []byte) []byte { return b[s.start:s.end] }

// orNil is in, and nil where nothing is in it.
func (s span) orNil(b []byte) []byte {
	if s.start == s.end {
		return nil
	}
	return s.in(b)
}

// appendImage appends one row image as a JSON object. present is the bitmap of
// the columns that the image holds; one that it does not hold is absent from
// the object, which is not the same as null. It returns how many bytes of data
// the image took.
func (p *plan) appendImage(dst, data, present []byte, img *image) (out []byte, n int, err error) {
	nulls := bitmapLen(countBits(present, len(p.columns)))
	if len(data) < nulls {
		return dst, 0, errShort
	}
	nullBits := data[:nulls]
	n = nulls
	img.start = len(dst)
	dst = append(dst, '{')
	first, bit := true, 0
	for i := range p.columns {
		if !bitSet(present, i) {
			continue
		}
		c := &p.columns[i]
		null := bitSet(nullBits, bit)
		bit++
		mark := len(dst)
		if first {
			dst = append(dst, c.name[1:]...)
		} else {
			dst = append(dst, c.name...)
		}
		from := len(dst)
		if null {
			dst = append(dst, "null"...)
		} else {
			var took int
			if dst, took, err = c.append(dst, data[n:], c); err != nil {
				return dst, 0, fmt.Errorf("column %s of type %s: %w", c.def.Name, c.def.Type, err)
			}
			n += took
		}
		if c.denied {
			dst = dst[:mark]
			continue
		}
		first = false
		if c.key >= 0 {
			img.key[c.key] = span{from, len(dst)}
		}
	}
	dst = append(dst, '}')
	img.end = len(dst)
	return dst, n, nil
}

// appendKey appends the record key of an image, a JSON object, or nothing where
// the table has no key. A column that the image lacks is taken from other, which
// may be nil: a minimal after image leaves out a key that did not change.
func (p *plan) appendKey(dst []byte, img, other *image) ([]byte, error) {
	if len(p.key) == 0 {
		return dst, nil
	}
	for i, k := range p.key {
		s := img.key[i]
		if s.end == 0 && other != nil {
			s = other.key[i]
		}
		if s.end == 0 {
			return dst, fmt.Errorf("key column %s is not in the row image: %w", p.columns[k.column].def.Name, errKeyAbsent)
		}
		if i == 0 {
			dst = append(dst, '{')
		} else {
			dst = append(dst, ',')
		}
		dst = append(dst, k.name...)
		dst = appendKeyText(dst, s.in(dst))
	}
	return append(dst, '}'), nil
}

func bitSet(bitmap []byte, i int) bool { return bitmap[i>>3]&(1<<(i&7)) != 0 }

func bitmapLen(n int) int { return (n + 7) / 8 }

// countBits counts the set ones of a bitmap's first n bits.
func countBits(bitmap []byte, n int) int {
	count := 0
	for i := 0; i < n>>3; i++ {
		count += bits.OnesCount8(bitmap[i])
	}
	if n&7 != 0 {
		count += bits.OnesCount8(bitmap[n>>3] & (1<<(n&7) - 1))
	}
	return count
}

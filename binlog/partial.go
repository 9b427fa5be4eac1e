package binlog

import (
	"fmt"
	"slices"
)

// withDiffs reads what a partial update has in front of its after image: options,
// and for each JSON column of the table a bit that says whether its value is
// stored as the diffs to the one in the before image. It returns a plan that
// applies them, and how many bytes it read (libs/mysql/binlog/event/rows_event.h,
// "value_options").
func (p *plan) withDiffs(before, present, data []byte) (*plan, int, error) {
	const partialJSON = 1
	options, n := lengthEncoded(data)
	if n == 0 {
		return nil, 0, errShort
	}
	if options&^partialJSON != 0 {
		return nil, 0, fmt.Errorf("options %#x of a partial update are unknown", options)
	}
	if options == 0 {
		return p, n, nil
	}
	width := bitmapLen(p.documents())
	if len(data) < n+width {
		return nil, 0, errShort
	}
	partial := data[n : n+width]
	stored, err := p.findDocuments(before, present)
	if err != nil {
		return nil, 0, err
	}
	out := *p
	out.columns = slices.Clone(p.columns)
	bit := 0
	for i := range out.columns {
		c := &out.columns[i]
		if c.json == nil {
			continue
		}
		is := bitSet(partial, bit)
		bit++
		if !is || c.denied {
			continue
		}
		c.append = func(dst, data []byte, c *column) ([]byte, int, error) {
			document, there := stored[i]
			if !there {
				return dst, 0, errNoDocument
			}
			return appendDiffs(dst, data, document, c)
		}
	}
	return &out, n + width, nil
}

// documents is how many JSON columns the table has.
func (p *plan) documents() int {
	n := 0
	for i := range p.columns {
		if p.columns[i].json != nil {
			n++
		}
	}
	return n
}

// findDocuments returns the documents of a row image, by column; those that are
// absent or NULL are not among them.
func (p *plan) findDocuments(data, present []byte) (map[int][]byte, error) {
	found := map[int][]byte{}
	nulls := data[:bitmapLen(countBits(present, len(p.columns)))]
	data = data[len(nulls):]
	var passed []byte
	bit := 0
	for i := range p.columns {
		if !bitSet(present, i) {
			continue
		}
		null := bitSet(nulls, bit)
		bit++
		if null {
			continue
		}
		c := &p.columns[i]
		var n int
		var err error
		if passed, n, err = c.append(passed[:0], data, c); err != nil {
			return nil, fmt.Errorf("column %s of type %s: %w", c.def.Name, c.def.Type, err)
		}
		if c.json != nil {
			if found[i], _, err = sized(data, c.meta); err != nil {
				return nil, err
			}
		}
		data = data[n:]
	}
	return found, nil
}

package direct

import "maps"

// ref is a row: its table and its id.
type ref struct {
	table string
	id    uint64
}

// rows are rows by what they are called, and what belongs to each of them in the
// order in which it came.
type rows struct {
	row map[ref]any
	own map[ref][]ref
}

func newRows() rows { return rows{row: map[ref]any{}, own: map[ref][]ref{}} }

// gone is in a transaction's rows what was deleted in it.
type gone struct{}

// clone is a copy that changes alone. Lists of what belongs to a row are only ever
// appended to, or replaced.
func (r rows) clone() rows {
	c := rows{row: maps.Clone(r.row), own: map[ref][]ref{}}
	for owner, list := range r.own {
		c.own[owner] = list[:len(list):len(list)]
	}
	return c
}

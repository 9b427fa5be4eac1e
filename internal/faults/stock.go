package faults

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"telltale/load"
)

// byVersion adds an update of a stock. All workers write it, so that the record has it
// out of order; the row's version tells which came first.
func byVersion(stock []change, c change) ([]change, error) {
	version, err := versionOf(c)
	if err != nil {
		return nil, err
	}
	at := len(stock)
	for ; at > 0; at-- {
		before, err := versionOf(stock[at-1])
		if err != nil {
			return nil, err
		}
		if before < version {
			break
		}
	}
	return slices.Insert(stock, at, c), nil
}

func versionOf(c change) (int64, error) {
	var row struct{ Version int64 }
	if err := json.Unmarshal([]byte(c.After), &row); err != nil {
		return 0, fmt.Errorf("read the version of the stock %s: %w", c.After, err)
	}
	return row.Version, nil
}

// whole are the changes of all subjects, those of the stock behind the others of their
// product.
func (h *history) whole() map[subject][]change {
	all := maps.Clone(h.changes)
	for s, stock := range h.stock {
		all[s] = slices.Concat(h.changes[s], stock)
	}
	return all
}

// asTheyCame puts the changes of each product and those of its stock, each in order,
// among each other as they came: they lock different rows and are different workers',
// so that only the server knew. All that comes of them must have that order too.
func (h *history) asTheyCame(want map[subject]expected, came map[subject][]rawChange) error {
	for s, stock := range h.stock {
		var err error
		if want[s], err = expect(interleave(h.changes[s], stock, came[s])); err != nil {
			return fmt.Errorf("expect what comes of %s: %w", s, err)
		}
	}
	return nil
}

// interleave has rows of one transaction stand beside each other, whatever came.
func interleave(others, stock []change, came []rawChange) []change {
	// A product begins in one transaction with its stock, before all else.
	begun := 0
	for begun < len(others) && others[begun].transaction == others[0].transaction {
		begun++
	}
	all := slices.Clone(others[:begun])
	others = others[begun:]
	for _, c := range came[min(begun, len(came)):] {
		next, other := &others, &stock
		if c.change.Table == load.Stock {
			next, other = other, next
		}
		if goesOn(all, *other) && !goesOn(all, *next) {
			next = other
		}
		if len(*next) > 0 {
			all, *next = append(all, (*next)[0]), (*next)[1:]
		}
	}
	return slices.Concat(all, others, stock)
}

// goesOn tells whether what is next is of the transaction of the last of all.
func goesOn(all, next []change) bool {
	return len(all) > 0 && len(next) > 0 && next[0].transaction == all[len(all)-1].transaction
}

package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"telltale/load"
)

// TestStockAmongOthers checks in which orders the changes of a product and of its stock
// may come: as they like, but for those of one transaction, which stand beside each other.
func TestStockAmongOthers(t *testing.T) {
	t.Parallel()
	const (
		product  = `{"id": 3, "sku": "BRD-1", "name": "Loaf", "price": "%s", "currency": "EUR", "status": "active", "version": %d}`
		category = `{"product_id": 3, "category_id": %d}`
		stock    = `{"product_id": 3, "on_hand": %d, "reorder_level": 10, "version": %d}`
	)
	is := fmt.Sprintf
	level := func(version int) string { return is(stock, 100-version, version) }
	changes := map[string]change{
		"added":    {byHand(t, load.Products, "", is(product, "4.20", 1)), 1},
		"stocked":  {byHand(t, load.Stock, "", level(1)), 1},
		"put":      {byHand(t, load.ProductCategories, "", is(category, 1)), 1},
		"sold":     {byHand(t, load.Stock, level(1), level(2)), 2},
		"repriced": {byHand(t, load.Products, is(product, "4.20", 1), is(product, "4.50", 2)), 3},
		"put too":  {byHand(t, load.ProductCategories, "", is(category, 2)), 3},
		"came":     {byHand(t, load.Stock, level(2), level(3)), 4},
		"taken":    {byHand(t, load.Stock, level(3), level(4)), 4},
	}
	recorded := []string{"added", "stocked", "put", "repriced", "put too", "sold", "came", "taken"}
	for name, tt := range map[string]struct {
		came  []string
		right bool
	}{
		"as recorded":                     {recorded, true},
		"a sale first":                    {[]string{"added", "stocked", "put", "sold", "repriced", "put too", "came", "taken"}, true},
		"all of the stock first":          {[]string{"added", "stocked", "put", "sold", "came", "taken", "repriced", "put too"}, true},
		"a sale while the product begins": {[]string{"added", "stocked", "sold", "put", "repriced", "put too", "came", "taken"}, false},
		"a sale amid a change":            {[]string{"added", "stocked", "put", "repriced", "sold", "put too", "came", "taken"}, false},
		"a change amid a delivery":        {[]string{"added", "stocked", "put", "sold", "came", "repriced", "put too", "taken"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &history{changes: map[subject][]change{}, stock: map[subject][]change{}, final: load.NewFinal()}
			for _, one := range recorded {
				c := changes[one]
				if err := h.add(load.Entry{N: c.transaction, Outcome: load.Committed, Changes: []load.Change{c.Change}}); err != nil {
					t.Fatal(err)
				}
			}
			s := subject{products, loaf}
			var came []rawChange
			for _, one := range tt.came {
				came = append(came, rawChange{id: one, subject: s, change: changes[one].Change, transaction: fmt.Sprint("gtid-", changes[one].transaction)})
			}
			want, _, err := expectAll(h.whole())
			if err == nil {
				err = h.asTheyCame(want, map[subject][]rawChange{s: came})
			}
			if err != nil {
				t.Fatal(err)
			}
			var f findings
			f.topics(want, received{changes: map[subject][]rawChange{s: came}})
			wrong := slices.ContainsFunc(f.errors(), func(err error) bool { return strings.HasPrefix(err.Error(), "row changes of products") })
			if wrong == tt.right {
				t.Errorf("got %v, want a deviation in row changes: %t", f.errors(), !tt.right)
			}
		})
	}
}

package faults

import (
	"slices"
	"strings"
	"testing"
)

// spoils are what can happen to records of an aggregate, of which two places are given.
func spoils[T any](altered func(*T)) map[string]func(list []T, first, second int) []T {
	return map[string]func([]T, int, int) []T{
		"lost":    func(list []T, first, _ int) []T { return slices.Delete(list, first, first+1) },
		"doubled": func(list []T, first, _ int) []T { return append(list, list[first]) },
		"swapped": func(list []T, first, second int) []T {
			list[first], list[second] = list[second], list[first]
			return list
		},
		"altered": func(list []T, first, _ int) []T {
			altered(&list[first])
			return list
		},
	}
}

// deviates checks that a tally tells of a deviation.
func deviates(t *testing.T, o *outcome, what string) {
	t.Helper()
	deviations, _ := o.judge(t)
	for _, d := range deviations {
		if strings.HasPrefix(d.Error(), what+": wanted ") {
			return
		}
	}
	t.Errorf("got %q, want a deviation among the %s", deviations, what)
}

// TestEveryAggregate checks that a record of each that is lost, comes twice, comes in
// another order or says something else does not pass.
func TestEveryAggregate(t *testing.T) {
	t.Parallel()
	for _, a := range changed() {
		for name, spoil := range spoils(func(c *rawChange) { c.change.After = `{"id":0}` }) {
			t.Run("a change of a "+a+" is "+name, func(t *testing.T) {
				t.Parallel()
				o := exactly(t)
				at := o.change(a)
				o.changes = spoil(o.changes, at[0], at[1])
				deviates(t, o, "row changes of "+a+"s")
			})
		}
	}
	for _, a := range told() {
		for name, spoil := range spoils(func(e *rawEvent) { e.event.data = `{"id":0}` }) {
			t.Run("an event of a "+a+" is "+name, func(t *testing.T) {
				t.Parallel()
				o := exactly(t)
				at := o.event(a)
				o.events = spoil(o.events, at[0], at[1])
				deviates(t, o, "events of "+a+"s")
			})
		}
	}
}

// TestStrangers checks that what is said of an aggregate that the load does not know
// counts, and that of another aggregate with the same id.
func TestStrangers(t *testing.T) {
	t.Parallel()
	for _, a := range changed() {
		t.Run("a change of a "+a, func(t *testing.T) {
			t.Parallel()
			o := exactly(t)
			c := o.changes[o.change(a)[0]]
			c.subject.id = 99
			o.changes = append(o.changes, c)
			deviates(t, o, "row changes of "+a+"s")
		})
	}
	for _, a := range told() {
		t.Run("an event of a "+a, func(t *testing.T) {
			t.Parallel()
			o := exactly(t)
			e := o.events[o.event(a)[0]]
			e.subject.id = 99
			o.events = append(o.events, e)
			deviates(t, o, "events of "+a+"s")
		})
	}
	t.Run("an order that has a customer's id", func(t *testing.T) {
		t.Parallel()
		o := exactly(t)
		e := o.events[o.event(customers)[0]]
		e.subject.aggregate = orders
		o.events = append(o.events, e)
		deviates(t, o, "events of orders")
	})
}

// TestStockAmongTheProduct checks that only the server knows where a change of the stock
// stands among those of its product, and that all else knows where it stands.
func TestStockAmongTheProduct(t *testing.T) {
	t.Parallel()
	// The product and its stock, the stock runs low, the price changes, the stock runs out.
	t.Run("the price changed first", func(t *testing.T) {
		t.Parallel()
		o := exactly(t)
		at, told := o.change(products), o.event(products)
		o.changes[at[2]], o.changes[at[3]] = o.changes[at[3]], o.changes[at[2]]
		o.events[told[1]], o.events[told[2]] = o.events[told[2]], o.events[told[1]]
		if deviations, _ := o.judge(t); len(deviations) > 0 {
			t.Errorf("got %v, want no deviation", deviations)
		}
	})
	t.Run("and is told later", func(t *testing.T) {
		t.Parallel()
		o := exactly(t)
		at := o.change(products)
		o.changes[at[2]], o.changes[at[3]] = o.changes[at[3]], o.changes[at[2]]
		deviates(t, o, "events of products")
	})
	t.Run("the stock ran out before it ran low", func(t *testing.T) {
		t.Parallel()
		o := exactly(t)
		at := o.change(products)
		o.changes[at[2]], o.changes[at[4]] = o.changes[at[4]], o.changes[at[2]]
		deviates(t, o, "row changes of products")
	})
	t.Run("the stock is there before the product", func(t *testing.T) {
		t.Parallel()
		o := exactly(t)
		at := o.change(products)
		o.changes[at[0]], o.changes[at[1]] = o.changes[at[1]], o.changes[at[0]]
		deviates(t, o, "row changes of products")
	})
}

package order_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/order"
)

var at = time.Date(2026, 11, 21, 16, 0, 0, 1000, time.UTC)

// till is a store of one customer's basket, her one address and one order.
type till struct {
	order.Store
	basket  order.Basket
	address contact.Address
	order   order.Order
	// first is what somebody else does before a step of the order.
	first func(*order.Order)
}

func (s *till) Item(_ context.Context, id uint64) (catalogue.Item, error) {
	status := map[uint64]catalogue.Status{7: catalogue.StatusActive, 8: catalogue.StatusRetired}[id]
	if id > 9 {
		status = catalogue.StatusActive
	}
	if status == "" {
		return catalogue.Item{}, crudapp.ErrNotFound
	}
	return catalogue.Item{Product: catalogue.Product{ID: id, Listing: catalogue.Listing{Status: status}}}, nil
}

func (s *till) ChangeBasket(_ context.Context, _, productID uint64, _ time.Time, change func(order.Basket) (uint16, error)) error {
	n, err := change(s.basket)
	if err != nil {
		return err
	}
	s.basket.Lines = slices.DeleteFunc(s.basket.Lines, func(l order.BasketLine) bool { return l.ProductID == productID })
	if n > 0 {
		s.basket.Lines = append(s.basket.Lines, order.BasketLine{ProductID: productID, Quantity: n})
	}
	return nil
}

func (s *till) PlaceOrder(_ context.Context, p order.Placement) (order.Order, error) {
	if p.AddressID != s.address.ID {
		return order.Order{}, crudapp.ErrNotFound
	}
	return p.Decide(s.basket, s.address)
}

func (s *till) Order(_ context.Context, id uint64) (order.Order, error) {
	if id != s.order.ID {
		return order.Order{}, crudapp.ErrNotFound
	}
	return s.order, nil
}

func (s *till) CancelOrder(_ context.Context, c order.Cancellation) (order.Order, error) {
	if s.first != nil {
		s.first(&s.order)
	}
	next, err := c.Apply(s.order)
	if err == nil {
		s.order = next
	}
	return next, err
}

func ordersOver(s *till) *order.Orders {
	return order.New(order.Options{Store: s, Goods: s, Now: func() time.Time { return at.Add(5) }})
}

func TestBasketLimits(t *testing.T) {
	t.Parallel()
	var full []order.BasketLine
	for i := range order.MaxLines {
		full = append(full, order.BasketLine{ProductID: uint64(100 + i), Quantity: 1})
	}
	for name, test := range map[string]struct {
		lines   []order.BasketLine
		product uint64
		add     uint16
		code    crudapp.Code
		want    uint16
	}{
		"the first":             {product: 7, add: 2, want: 2},
		"besides what is there": {lines: []order.BasketLine{{ProductID: 7, Quantity: 97}}, product: 7, add: 2, want: 99},
		"too many together":     {lines: []order.BasketLine{{ProductID: 7, Quantity: 98}}, product: 7, add: 2, code: crudapp.CodeInvalid, want: 98},
		"none":                  {lines: []order.BasketLine{{ProductID: 7, Quantity: 1}}, product: 7, add: 0, code: crudapp.CodeInvalid, want: 1},
		"more than any number":  {lines: []order.BasketLine{{ProductID: 7, Quantity: 1}}, product: 7, add: 65535, code: crudapp.CodeInvalid, want: 1},
		"no longer sold":        {product: 8, add: 1, code: crudapp.CodeInvalid},
		"unknown":               {product: 9, add: 1, code: crudapp.CodeNotFound},
		"one product too many":  {lines: full, product: 7, add: 1, code: crudapp.CodeInvalid},
		"more of one of many":   {lines: full, product: 100, add: 1, want: 2},
	} {
		s := &till{basket: order.Basket{Lines: slices.Clone(test.lines)}}
		err := ordersOver(s).Add(t.Context(), 42, test.product, test.add)
		if test.code == "" && err != nil || test.code != "" && crudapp.ErrorCode(err) != test.code {
			t.Errorf("%s: %v, want code %q", name, err, test.code)
		}
		if got := s.basket.Line(test.product).Quantity; got != test.want {
			t.Errorf("%s: %d are in the basket, want %d", name, got, test.want)
		}
	}
	s := &till{basket: order.Basket{Lines: []order.BasketLine{{ProductID: 7, Quantity: 9}}}}
	if err := ordersOver(s).Set(t.Context(), 42, 7, 3); err != nil || s.basket.Line(7).Quantity != 3 {
		t.Errorf("Set: %v, %+v", err, s.basket)
	}
	if err := ordersOver(s).Remove(t.Context(), 42, 7); err != nil || len(s.basket.Lines) != 0 {
		t.Errorf("Remove: %v, %+v", err, s.basket)
	}
}

// bread and cake are two lines of which there are enough.
func bread() order.BasketLine {
	return order.BasketLine{ProductID: 9, SKU: "BRD", Name: "Bread", UnitPrice: 420, Currency: "GBP", Quantity: 2, Sold: true, OnHand: 2}
}

func cake() order.BasketLine {
	return order.BasketLine{ProductID: 7, SKU: "CAK", Name: "Cake", UnitPrice: 1, Currency: "GBP", Quantity: 99, Sold: true, OnHand: 500}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	address := contact.Address{ID: 3, CustomerID: 42, Version: 2, Postal: contact.Postal{Recipient: "Bob", City: "London"}}
	basket := order.Basket{CustomerID: 42, Lines: []order.BasketLine{bread(), cake()}}
	s := &till{basket: basket, address: address}
	c := order.Checkout{Key: "once", AddressID: 3, AddressVersion: 2, Fingerprint: basket.Fingerprint()}
	got, err := ordersOver(s).Place(t.Context(), 42, c)
	want := order.Order{
		Buyer: order.Buyer{CustomerID: 42}, Status: order.StatusPlaced, Total: 939, Currency: "GBP", ShipTo: address.Postal,
		PlacedAt: at, UpdatedAt: at, Version: 1, Lines: []order.Line{
			{Number: 1, ProductID: 9, SKU: "BRD", Name: "Bread", UnitPrice: 420, Quantity: 2},
			{Number: 2, ProductID: 7, SKU: "CAK", Name: "Cake", UnitPrice: 1, Quantity: 99},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Place = %+v, %v, want %+v", got, err, want)
	}
}

// TestPlaceRefuses changes one thing between what was shown and what there is.
func TestPlaceRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*till, *order.Checkout)
		want   any
		fields []string
	}{
		"a price":        {change: func(s *till, _ *order.Checkout) { s.basket.Lines[0].UnitPrice++ }, want: &order.BasketConflict{}},
		"a currency":     {change: func(s *till, _ *order.Checkout) { s.basket.Lines[0].Currency = "EUR" }, want: &order.BasketConflict{}},
		"a quantity":     {change: func(s *till, _ *order.Checkout) { s.basket.Lines[1].Quantity-- }, want: &order.BasketConflict{}},
		"a product less": {change: func(s *till, _ *order.Checkout) { s.basket.Lines = s.basket.Lines[:1] }, want: &order.BasketConflict{}},
		"an address":     {change: func(s *till, _ *order.Checkout) { s.address.Version++ }, want: &contact.AddressConflict{}},
		"stock":          {change: func(s *till, _ *order.Checkout) { s.basket.Lines[0].OnHand-- }, want: &order.Obstructed{}},
		"a retirement":   {change: func(s *till, _ *order.Checkout) { s.basket.Lines[1].Sold = false }, want: &order.Obstructed{}},
		"all of it":      {change: func(s *till, _ *order.Checkout) { s.basket.Lines = nil }, want: &crudapp.Error{}},
		"two currencies": {change: func(s *till, c *order.Checkout) {
			s.basket.Lines[1].Currency = "EUR"
			c.Fingerprint = s.basket.Fingerprint()
		}, want: &order.Obstructed{}},
		"a total beyond the column": {change: func(s *till, c *order.Checkout) {
			s.basket.Lines[0].UnitPrice = 999_999_999_999
			c.Fingerprint = s.basket.Fingerprint()
		}, want: &crudapp.Error{}, fields: []string{order.FieldQuantity}},
		"no such address": {change: func(_ *till, c *order.Checkout) { c.AddressID = 4 }, want: &crudapp.Error{}, fields: []string{order.FieldAddress}},
		"no key":          {change: func(_ *till, c *order.Checkout) { c.Key = "" }, want: &crudapp.Error{}, fields: []string{order.FieldKey}},
		"a long key":      {change: func(_ *till, c *order.Checkout) { c.Key = strings.Repeat("k", 65) }, want: &crudapp.Error{}, fields: []string{order.FieldKey}},
		"a strange key":   {change: func(_ *till, c *order.Checkout) { c.Key = "k k" }, want: &crudapp.Error{}, fields: []string{order.FieldKey}},
	} {
		s := &till{
			basket:  order.Basket{CustomerID: 42, Lines: []order.BasketLine{bread(), cake()}},
			address: contact.Address{ID: 3, CustomerID: 42, Version: 2},
		}
		c := order.Checkout{Key: "once", AddressID: 3, AddressVersion: 2, Fingerprint: s.basket.Fingerprint()}
		test.change(s, &c)
		_, err := ordersOver(s).Place(t.Context(), 42, c)
		if reflect.TypeOf(err) != reflect.TypeOf(test.want) {
			t.Errorf("%s: %T %v, want a %T", name, err, err, test.want)
			continue
		}
		if e, ok := errors.AsType[*crudapp.Error](err); !ok || !slices.Equal(slices.Sorted(maps.Keys(e.Fields)), test.fields) {
			t.Errorf("%s: %v, want fields %q", name, err, test.fields)
		}
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	b := order.Basket{Lines: []order.BasketLine{bread(), cake()}}
	same := order.Basket{Lines: []order.BasketLine{cake(), bread()}}
	same.Lines[0].OnHand, same.Lines[1].Name = 1, "Loaf"
	if b.Fingerprint() != same.Fingerprint() {
		t.Error("order, names or stock make it another basket")
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	placed := order.Order{ID: 9, Buyer: order.Buyer{CustomerID: 42}, Status: order.StatusPlaced, Version: 1}
	for name, test := range map[string]struct {
		status   order.Status
		customer uint64
		version  uint32
		reason   string
		first    func(*order.Order)
		code     crudapp.Code
		want     order.Status
	}{
		"placed":               {status: order.StatusPlaced, customer: 42, version: 1, want: order.StatusCancelled},
		"paid, by staff":       {status: order.StatusPaid, version: 1, want: order.StatusCancelled},
		"paid, by her":         {status: order.StatusPaid, customer: 42, version: 1, code: crudapp.CodeConflict, want: order.StatusPaid},
		"shipped":              {status: order.StatusShipped, version: 1, code: crudapp.CodeConflict, want: order.StatusShipped},
		"somebody else's":      {status: order.StatusPlaced, customer: 43, version: 1, code: crudapp.CodeNotFound, want: order.StatusPlaced},
		"from another version": {status: order.StatusPlaced, customer: 42, version: 2, code: crudapp.CodeConflict, want: order.StatusPlaced},
		"cancelled already":    {status: order.StatusCancelled, customer: 42, version: 7, want: order.StatusCancelled},
		"a reason too long":    {status: order.StatusPlaced, customer: 42, version: 1, reason: strings.Repeat("é", 201), code: crudapp.CodeInvalid, want: order.StatusPlaced},
		"an odd reason":        {status: order.StatusPlaced, customer: 42, version: 1, reason: "a\x00b", code: crudapp.CodeInvalid, want: order.StatusPlaced},
		"paid meanwhile": {status: order.StatusPlaced, customer: 42, version: 1, code: crudapp.CodeConflict, want: order.StatusPaid, first: func(o *order.Order) {
			o.Status, o.Version = order.StatusPaid, 2
		}},
		"cancelled meanwhile": {status: order.StatusPlaced, customer: 42, version: 1, want: order.StatusCancelled, first: func(o *order.Order) {
			o.Status, o.Version = order.StatusCancelled, 2
		}},
	} {
		s := &till{order: placed, first: test.first}
		s.order.Status = test.status
		orders := ordersOver(s)
		var got order.Order
		var err error
		if test.customer > 0 {
			got, err = orders.Cancel(t.Context(), test.customer, 9, test.version, test.reason)
		} else {
			got, err = orders.CancelForStaff(t.Context(), crudapp.Staff{ID: 3}, 9, test.version, test.reason)
		}
		if test.code == "" && (err != nil || got.Status != order.StatusCancelled) || test.code != "" && crudapp.ErrorCode(err) != test.code {
			t.Errorf("%s: %+v, %v, want code %q", name, got, err, test.code)
		}
		if s.order.Status != test.want {
			t.Errorf("%s: the order is %s, want %s", name, s.order.Status, test.want)
		}
	}
}

package order

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
)

// PageSize is how many orders a page of a list has at most.
const PageSize = 20

// maxReasonRunes is what the store has room for.
const maxReasonRunes = 200

// Goods knows what is sold.
type Goods interface {
	// Item returns a product that customers may see, or crudapp.ErrNotFound.
	Item(ctx context.Context, id uint64) (catalogue.Item, error)
}

// Options are the parts of Orders.
type Options struct {
	// Store keeps the data. Required.
	Store Store
	// Goods knows what is sold. Required.
	Goods Goods
	// KeepFor is how long an order waits to be paid before Release cancels it. 0 means
	// for ever.
	KeepFor time.Duration
	// Now tells the time. Nil means time.Now.
	Now func() time.Time
}

// Orders does what customers and staff ask of baskets and orders. It may be used by
// several goroutines at once. Errors for people are *crudapp.Error, *BasketConflict,
// *Obstructed, *Conflict, *StatusError or *contact.AddressConflict; anything else is
// internal (see crudapp.ErrorCode).
type Orders struct {
	store   Store
	goods   Goods
	keepFor time.Duration
	clock   crudapp.Clock
}

// New returns Orders over the given parts.
func New(o Options) *Orders {
	return &Orders{store: o.Store, goods: o.Goods, keepFor: o.KeepFor, clock: crudapp.NewClock(o.Now)}
}

// Place makes an order of a customer's basket, as it was shown to her. What comes
// again under the same key returns the order that it became the first time. It
// returns a BasketConflict or a contact.AddressConflict if what was shown is not
// what there is, Obstructed if not everything can be had, a KeyUsed if something
// else was ordered under the key, and an Error of CodeInvalid for values that break a
// rule.
func (o *Orders) Place(ctx context.Context, customerID uint64, c Checkout) (Order, error) {
	if !ValidKey(c.Key) {
		return Order{}, crudapp.Invalid(map[string]string{FieldKey: "Name the request in Idempotency-Key, in 1 to 64 visible ASCII characters."})
	}
	at := o.clock()
	placed, err := o.store.PlaceOrder(ctx, Placement{
		CustomerID: customerID, AddressID: c.AddressID, Key: c.Key, RequestHash: c.hash(),
		Decide: func(b Basket, to contact.Address) (Order, error) { return c.order(b, to, at) },
	})
	if errors.Is(err, crudapp.ErrNotFound) {
		return Order{}, crudapp.Invalid(map[string]string{FieldAddress: "Choose one of your addresses."})
	}
	return placed, err
}

// Page is a part of a list, the newest first.
type Page struct {
	// Orders are without their lines.
	Orders []Order
	// Next is the Before of the query for what follows; 0 where nothing does.
	Next uint64
}

// Of returns a page of a customer's orders.
func (o *Orders) Of(ctx context.Context, customerID, before uint64) (Page, error) {
	return o.Search(ctx, Query{CustomerID: customerID, Before: before})
}

// Search returns a page of the orders that q asks for, for staff. The query's Limit
// does not matter.
func (o *Orders) Search(ctx context.Context, q Query) (Page, error) {
	q.Limit = PageSize + 1
	found, err := o.store.Orders(ctx, q)
	if err != nil || len(found) <= PageSize {
		return Page{Orders: found}, err
	}
	return Page{Orders: found[:PageSize], Next: found[PageSize-1].ID}, nil
}

// Order returns one of a customer's orders, or crudapp.ErrNotFound.
func (o *Orders) Order(ctx context.Context, customerID, id uint64) (Order, error) {
	found, err := o.store.Order(ctx, id)
	if err == nil && found.CustomerID != customerID {
		return Order{}, fmt.Errorf("show order %d to customer %d: %w", id, customerID, crudapp.ErrNotFound)
	}
	return found, err
}

// AnyOrder returns an order whosever it is, for staff.
func (o *Orders) AnyOrder(ctx context.Context, id uint64) (Order, error) {
	return o.store.Order(ctx, id)
}

// Cancel cancels one of a customer's orders from the version that she saw. It
// returns a Conflict if the order was changed elsewhere in between, and a StatusError
// if it is too late. An order that is cancelled already is left alone, from whatever
// version.
func (o *Orders) Cancel(ctx context.Context, customerID, id uint64, version uint32, reason string) (Order, error) {
	stored, err := o.Order(ctx, customerID, id)
	if err != nil {
		return Order{}, err
	}
	return o.cancel(ctx, stored, reason, Cancellation{Transition: Transition{Version: version, By: ByCustomer}})
}

// CancelForStaff cancels any order as Cancel does, also one that is paid.
func (o *Orders) CancelForStaff(ctx context.Context, staff crudapp.Staff, id uint64, version uint32, reason string) (Order, error) {
	stored, err := o.store.Order(ctx, id)
	if err != nil {
		return Order{}, err
	}
	return o.cancel(ctx, stored, reason, Cancellation{Transition: Transition{Version: version, By: ByStaff}, StaffID: staff.ID})
}

// cancel carries out a cancellation of which all is known but when and of what.
func (o *Orders) cancel(ctx context.Context, stored Order, reason string, c Cancellation) (Order, error) {
	reason = strings.TrimSpace(reason)
	if problem := reasonProblem(reason); problem != "" {
		return Order{}, crudapp.Invalid(map[string]string{FieldReason: problem})
	}
	if stored.Status == StatusCancelled {
		return stored, nil
	}
	c.OrderID, c.To, c.Reason, c.At = stored.ID, StatusCancelled, reason, o.clock()
	cancelled, err := o.store.CancelOrder(ctx, c)
	// The winner may have cancelled it too.
	if conflict, ok := errors.AsType[*Conflict](err); ok && conflict.Stored.Status == StatusCancelled {
		return conflict.Stored, nil
	}
	return cancelled, err
}

func reasonProblem(reason string) string {
	switch {
	case !crudapp.Printable(reason):
		return "A reason cannot contain control characters."
	case utf8.RuneCountInString(reason) > maxReasonRunes:
		return fmt.Sprintf("A reason can have at most %d characters.", maxReasonRunes)
	}
	return ""
}

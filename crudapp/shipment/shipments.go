package shipment

import (
	"context"
	"errors"
	"time"

	"telltale/crudapp"
)

// Options are the parts of Shipments.
type Options struct {
	// Store keeps the data. Required.
	Store Store
	// Now tells the time. Nil means time.Now.
	Now func() time.Time
}

// Shipments does what staff ask of shipments. It may be used by several goroutines at
// once. Errors for people are *crudapp.Error, *order.Conflict or *order.StatusError;
// anything else is internal (see crudapp.ErrorCode).
type Shipments struct {
	store Store
	clock crudapp.Clock
}

// New returns Shipments over the given parts.
func New(o Options) *Shipments {
	return &Shipments{store: o.Store, clock: crudapp.NewClock(o.Now)}
}

// Of returns the shipment of an order, or crudapp.ErrNotFound. Who may see it is the
// caller's to decide.
func (s *Shipments) Of(ctx context.Context, orderID uint64) (Shipment, error) {
	return s.store.Shipment(ctx, orderID)
}

// Ship notes that a member of staff handed an order over to a carrier, from the
// version of the order that was looked at. An order that was shipped in that parcel
// already is left alone, from whatever version. Ship returns an order.Conflict if the
// order is of another version, an order.StatusError if it is not paid, an Error of
// CodeConflict if all of it was paid back, an Error of CodeInvalid for values that break a rule, and crudapp.ErrNotFound for an order that
// does not exist.
func (s *Shipments) Ship(ctx context.Context, staffID uint32, orderID uint64, version uint32, p Parcel) (Shipment, error) {
	p = p.Normalized()
	if problems := p.problems(); len(problems) > 0 {
		return Shipment{}, crudapp.Invalid(problems)
	}
	shipped, err := s.store.Ship(ctx, Shipment{
		OrderID: orderID, StaffID: staffID, Parcel: p, ShippedAt: s.clock(),
	}, version)
	if errors.Is(err, ErrReturned) {
		return Shipment{}, &crudapp.Error{Code: crudapp.CodeConflict, Message: "All that was paid for this order was paid back. Cancel it instead."}
	}
	if err == nil || crudapp.ErrorCode(err) != crudapp.CodeConflict {
		return shipped, err
	}
	if before, readErr := s.store.Shipment(ctx, orderID); readErr == nil && before.Parcel == p {
		return before, nil
	} else if readErr != nil && !errors.Is(readErr, crudapp.ErrNotFound) {
		return Shipment{}, readErr
	}
	return Shipment{}, err
}

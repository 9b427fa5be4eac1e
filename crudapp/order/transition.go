package order

import (
	"fmt"
	"math"
	"time"

	"telltale/crudapp"
)

// AnyVersion stands for whichever version is stored, where nothing but the status
// matters. It is not 0, since that is what a form or a program is at that names no
// version which is stored.
const AnyVersion uint32 = math.MaxUint32

// Transition is one step of an order to another status.
type Transition struct {
	OrderID uint64
	// Version is the version that the step is taken from, or AnyVersion.
	Version uint32
	To      Status
	By      Party
	// Reason is why an order is cancelled, or empty.
	Reason string
	// At becomes the order's UpdatedAt.
	At time.Time
}

// Apply returns the stored order as it is after the step. It returns a Conflict if
// the order is no longer of the version that the step is taken from, and a
// StatusError if an order of its status cannot take it, or not by this party.
func (t Transition) Apply(stored Order) (Order, error) {
	if t.Version != AnyVersion && t.Version != stored.Version {
		return Order{}, &Conflict{Stored: stored}
	}
	if !stored.Status.Allows(t.To, t.By) {
		return Order{}, &StatusError{Stored: stored, To: t.To}
	}
	next := stored
	next.Status, next.Version, next.UpdatedAt = t.To, stored.Version+1, t.At
	if t.To == StatusCancelled {
		next.CancelledAt, next.CancelReason = t.At, t.Reason
	}
	return next, nil
}

// Conflict is returned for a step that was taken from a version that is no longer
// the stored one.
type Conflict struct {
	// Stored is the order as stored now.
	Stored Order
}

// Error implements error.
func (c *Conflict) Error() string {
	return fmt.Sprintf("change order %d: somebody else changed it first, to version %d", c.Stored.ID, c.Stored.Version)
}

// Unwrap returns what people are told.
func (c *Conflict) Unwrap() error {
	return &crudapp.Error{Code: crudapp.CodeConflict, Message: "This order was changed elsewhere first."}
}

// StatusError is returned for a step that an order cannot take, or not by who asks.
type StatusError struct {
	// Stored is the order as stored now.
	Stored Order
	// To is the status that was asked for.
	To Status
}

// Error implements error.
func (e *StatusError) Error() string {
	return fmt.Sprintf("take order %d from %s to %s: there is no such step", e.Stored.ID, e.Stored.Status, e.To)
}

// Unwrap returns what people are told.
func (e *StatusError) Unwrap() error {
	message := fmt.Sprintf("An order that is %s cannot become %s this way.", e.Stored.Status, e.To)
	if e.Stored.Status == e.To {
		message = fmt.Sprintf("This order is %s already.", e.To)
	}
	return &crudapp.Error{Code: crudapp.CodeConflict, Message: message}
}

package shipment

import (
	"context"
	"errors"
)

// ErrReturned is returned by a Store for an order whose payment was paid back whole.
var ErrReturned = errors.New("all that was paid was paid back")

// Store keeps shipments. Times are in UTC with microseconds. Each method is atomic.
// Rows that do not exist are crudapp.ErrNotFound. A method that waits for others for
// too long returns a crudapp.Error of CodeUnavailable.
type Store interface {
	// Shipment returns the shipment of an order.
	Shipment(ctx context.Context, orderID uint64) (Shipment, error)
	// Ship stores a shipment and takes its order to order.StatusShipped; it assigns
	// ID. It returns an order.Conflict if the order is not of the given version, and
	// an order.StatusError if it is not paid, and ErrReturned if nothing is left of
	// what was paid.
	Ship(ctx context.Context, s Shipment, version uint32) (Shipment, error)
}

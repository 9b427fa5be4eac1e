package order

import (
	"context"
	"time"

	"telltale/crudapp/contact"
)

// Store keeps baskets and orders. Times are in UTC with microseconds. Each method is
// atomic. Rows that do not exist are crudapp.ErrNotFound. A method that waits for
// others for too long returns a crudapp.Error of CodeUnavailable.
type Store interface {
	// Basket returns a customer's basket with what its products cost, and how many
	// of each there are, now.
	Basket(ctx context.Context, customerID uint64) (Basket, error)
	// ChangeBasket has change decide, on the basket as it is, how many of a product
	// there shall be; 0 removes it. Nobody else changes the customer's basket
	// meanwhile. An error of change is returned as it is. change may be called more
	// than once.
	ChangeBasket(ctx context.Context, customerID, productID uint64, at time.Time, change func(Basket) (uint16, error)) error
	// PlaceOrder has p.Decide make an order of a customer's basket and one of her
	// addresses. The order is stored, the stock of its products counted down and the
	// basket emptied. Until then nobody else changes the basket, nor the price or
	// the stock of its products. An order that was placed under the same key is
	// returned instead, or a KeyUsed if its RequestHash is another. An error of
	// p.Decide is returned as it is and nothing is changed. p.Decide may be called
	// more than once. The order that was placed has its Stock.
	PlaceOrder(ctx context.Context, p Placement) (Order, error)
	// CancelOrder takes an order to StatusCancelled, on the conditions of
	// Transition.Apply, and puts its goods back into stock, which it returns with it.
	CancelOrder(ctx context.Context, c Cancellation) (Order, error)
	// Order returns an order with its lines.
	Order(ctx context.Context, id uint64) (Order, error)
	// Orders returns the orders that q asks for without their lines, the newest first.
	Orders(ctx context.Context, q Query) ([]Order, error)
	// WaitingOrders returns the orders that wait to be paid and that w asks for, without
	// their lines, the oldest first.
	WaitingOrders(ctx context.Context, w Waiting) ([]Order, error)
}

// Placement is one attempt to make an order of a basket.
type Placement struct {
	CustomerID, AddressID uint64
	// Key names the attempt among the customer's: what is sent again under the same
	// key is not ordered again.
	Key string
	// RequestHash tells whether what comes under a key asks for the same.
	RequestHash [32]byte
	// Decide makes the order, without its ID.
	Decide func(Basket, contact.Address) (Order, error)
}

// Cancellation takes an order to StatusCancelled.
type Cancellation struct {
	Transition
	// StaffID is who cancels on the shop's behalf; 0 where the customer does, or the
	// shop itself.
	StaffID uint32
}

// Query says which orders are looked for.
type Query struct {
	// CustomerID asks for those of one customer; 0 means all.
	CustomerID uint64
	// Number asks for one order; 0 means all.
	Number uint64
	// Email is how a customer's address begins; empty means all.
	Email string
	// Status asks for those of one status; empty means all.
	Status Status
	// Before is an id that those returned are below, unless it is 0.
	Before uint64
	// Limit is how many are returned at most.
	Limit int
}

// Waiting says which orders are looked for that wait to be paid.
type Waiting struct {
	// PlacedBefore is when they were placed at the latest, itself excluded.
	PlacedBefore time.Time
	// After is an id that those returned are above.
	After uint64
	// Limit is how many are returned at most.
	Limit int
}

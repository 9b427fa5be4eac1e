package order

import (
	"time"

	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
)

// Line is one product of an order, as it was when the order was placed.
type Line struct {
	// Number counts the lines of an order, from 1.
	Number    uint16
	ProductID uint64
	SKU, Name string
	// UnitPrice is what one costs, in the order's currency.
	UnitPrice catalogue.Amount
	// Quantity is 1 to MaxQuantity.
	Quantity uint16
}

// Amount is what the line comes to.
func (l Line) Amount() catalogue.Amount { return l.UnitPrice * catalogue.Amount(l.Quantity) }

// Buyer is whose order it is, as the account is now.
type Buyer struct {
	CustomerID  uint64
	Name, Email string
	// Closed is set where the account was closed: then the shop knows nobody of that
	// name and address any more.
	Closed bool
}

// Order is what a customer bought.
type Order struct {
	// ID is assigned by the store, never changes and is the order's number.
	ID uint64
	Buyer
	Status Status
	// Total is the sum of the lines.
	Total catalogue.Amount
	// Currency is that of all amounts, as ISO 4217 has it.
	Currency string
	// ShipTo is the address as it was when the order was placed.
	ShipTo contact.Postal
	// PlacedAt is in UTC with microseconds, as all times are.
	PlacedAt time.Time
	// CancelledAt is when the order was cancelled, or zero.
	CancelledAt time.Time
	// CancelReason is why, in up to 200 characters, or empty.
	CancelReason string
	UpdatedAt    time.Time
	// Version counts the changes, from 1.
	Version uint32
	// Lines are what was bought. Lists of orders leave them out.
	Lines []Line
	// Stock is what the step that returned the order left of its products, by product
	// id. Nil where the order was only read.
	Stock []catalogue.Stock
}

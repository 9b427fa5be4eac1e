package order

import "slices"

// Status says how far an order is.
type Status string

// The statuses of an order.
const (
	// StatusPlaced is an order that waits to be paid; its goods are set aside.
	StatusPlaced Status = "placed"
	// StatusPaid is an order whose goods can be sent.
	StatusPaid Status = "paid"
	// StatusShipped is an order whose goods are on their way, or there.
	StatusShipped Status = "shipped"
	// StatusCancelled is an order that nothing will come of; its goods are back on
	// the shelves.
	StatusCancelled Status = "cancelled"
)

// Statuses are all statuses, in the order of an order's life.
func Statuses() []Status {
	return []Status{StatusPlaced, StatusPaid, StatusShipped, StatusCancelled}
}

// Party is who takes a step of an order.
type Party string

// The parties to an order.
const (
	ByCustomer Party = "customer"
	ByStaff    Party = "staff"
	// ByShop is the shop itself, where nobody asked.
	ByShop Party = "shop"
)

// step is one that may be taken.
type step struct {
	from, to Status
	by       []Party
}

// steps are all that an order can go through:
//
//	placed ──► paid ──► shipped
//	   │        │
//	   └────────┴──► cancelled
//
// A customer may change her mind until she has paid, and the shop may lose patience.
// From then on money has to go back, which is for staff to do, and what was sent is no
// longer cancelled.
func steps() []step {
	return []step{
		{StatusPlaced, StatusPaid, []Party{ByCustomer, ByStaff}},
		{StatusPaid, StatusShipped, []Party{ByStaff}},
		{StatusPlaced, StatusCancelled, []Party{ByCustomer, ByStaff, ByShop}},
		{StatusPaid, StatusCancelled, []Party{ByStaff}},
	}
}

// Allows reports whether a party may take an order of this status to another.
func (s Status) Allows(to Status, by Party) bool {
	return slices.ContainsFunc(steps(), func(one step) bool {
		return one.from == s && one.to == to && slices.Contains(one.by, by)
	})
}

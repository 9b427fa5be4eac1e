package payment

import (
	"context"
	"errors"

	"telltale/crudapp/order"
)

var (
	// ErrKeyUsed is returned by a Store when who asks has used the key for another
	// request.
	ErrKeyUsed = errors.New("the key was used for another request")
	// ErrTooMuch is returned by a Store when less is left of a payment than is to be
	// paid back.
	ErrTooMuch = errors.New("less is left of the payment")
)

// Store keeps payments, refunds and invoices. Times are in UTC with microseconds.
// Each method is atomic. Rows that do not exist are crudapp.ErrNotFound. A method
// that waits for others for too long returns a crudapp.Error of CodeUnavailable.
type Store interface {
	// Order returns an order.
	Order(ctx context.Context, id uint64) (order.Order, error)
	// Payment returns the payment of an order with its invoice.
	Payment(ctx context.Context, orderID uint64) (Payment, error)
	// PaymentOf returns the payment that a customer's request with the key led to.
	PaymentOf(ctx context.Context, customerID uint64, key string) (Payment, error)
	// Settle stores a payment of an order that waits for it, issues the invoice at
	// p.PaidAt under the next number of that year, and takes the order to
	// order.StatusPaid; it assigns ID, Version and Invoice. Where p's request led to a
	// payment already, it returns that one and changes nothing. It returns ErrKeyUsed
	// if another request of the customer's has the key, and an order.StatusError if
	// the order does not wait.
	Settle(ctx context.Context, p Payment) (Payment, error)

	// Refunds returns the refunds of an order, the oldest first.
	Refunds(ctx context.Context, orderID uint64) ([]Refund, error)
	// RefundOf returns the refund that a request of a member of staff with the key
	// led to.
	RefundOf(ctx context.Context, staffID uint32, key string) (Refund, error)
	// Refund stores a refund of an order's payment and adds it to what was refunded;
	// it assigns ID, PaymentID and Currency. Where r's request led to a refund
	// already, it returns that one and changes nothing. It returns ErrKeyUsed if
	// another request of the same staff has the key, and ErrTooMuch if less is left.
	Refund(ctx context.Context, r Refund) (Refund, error)
}

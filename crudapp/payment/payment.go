package payment

import (
	"fmt"
	"time"

	"telltale/crudapp/catalogue"
	"telltale/crudapp/order"
)

// The names of the fields that an error speaks about. They are also the names of
// form inputs and JSON members.
const (
	FieldKey       = "idempotency_key"
	FieldMethod    = "method"
	FieldCard      = "card"
	FieldReference = "reference"
	FieldAmount    = "amount"
	FieldReason    = "reason"
)

// Method is a way to pay. Its text is stored.
type Method string

// The ways to pay.
const (
	// MethodCard is a card, which the customer pays with by herself.
	MethodCard Method = "card"
	// MethodTransfer is money that came to the shop's account, which staff record.
	MethodTransfer Method = "transfer"
)

// Payment is what was paid for an order. It settles the order whole.
type Payment struct {
	// ID is assigned by the store and never changes.
	ID      uint64
	OrderID uint64
	// CustomerID is whose order it is.
	CustomerID uint64
	// StaffID is who recorded the payment, 0 where the customer paid by herself.
	StaffID uint32
	Method  Method
	Amount  catalogue.Amount
	// Currency is that of Amount, as ISO 4217 has it.
	Currency string
	// Refunded is what was paid back of Amount.
	Refunded catalogue.Amount
	// Reference is what the payment is known by where it was made: 1 to 64
	// characters.
	Reference string
	// PaidAt is in UTC with microseconds.
	PaidAt time.Time
	// Version counts the changes of Refunded, from 1.
	Version uint32
	// Invoice is the one that was issued for the order when it was paid.
	Invoice Invoice
	// Request is what the payment was asked for with.
	Request Request
}

// By is who settles the order with the payment.
func (p Payment) By() order.Party {
	if p.StaffID != 0 {
		return order.ByStaff
	}
	return order.ByCustomer
}

// Left is what can still be paid back.
func (p Payment) Left() catalogue.Amount { return p.Amount - p.Refunded }

// Invoice is the number under which an order is in the shop's books. What the
// invoice says is the order's own, which does not change.
type Invoice struct {
	// Year is that of IssuedAt, and Number counts the year's invoices from 1
	// without gaps.
	Year     uint16
	Number   uint32
	IssuedAt time.Time
}

// String is the number as people write it, such as "2026-000042".
func (i Invoice) String() string { return fmt.Sprintf("%d-%06d", i.Year, i.Number) }

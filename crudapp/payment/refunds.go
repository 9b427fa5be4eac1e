package payment

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// Refunds returns the refunds of an order, the oldest first.
func (p *Payments) Refunds(ctx context.Context, orderID uint64) ([]Refund, error) {
	return p.store.Refunds(ctx, orderID)
}

// Refund notes that a member of staff paid back a part of what was paid for an order,
// or all of it; asked again under the same key it returns what it noted. It returns
// an Error of CodeConflict for an order that nothing was paid for, and of CodeInvalid
// for more than is left, for values that break a rule, and for a key that was used
// for something else.
func (p *Payments) Refund(ctx context.Context, staffID uint32, orderID uint64, key string, e RefundEntry) (Refund, error) {
	refund, problems := e.refund()
	if !order.ValidKey(key) {
		problems[FieldKey] = badKey
	}
	if len(problems) > 0 {
		return Refund{}, crudapp.Invalid(problems)
	}
	refund.OrderID, refund.StaffID, refund.RefundedAt = orderID, staffID, p.clock()
	refund.Request = newRequest(key, strconv.FormatUint(orderID, 10), refund.Amount.String(), refund.Reason)
	before, err := p.store.RefundOf(ctx, staffID, key)
	switch {
	case err == nil && before.Request != refund.Request:
		return Refund{}, keyUsed()
	case err == nil || !errors.Is(err, crudapp.ErrNotFound):
		return before, err
	}
	if _, err := p.store.Order(ctx, orderID); err != nil {
		return Refund{}, err
	}
	stored, err := p.store.Refund(ctx, refund)
	switch {
	case errors.Is(err, ErrKeyUsed):
		return Refund{}, keyUsed()
	case errors.Is(err, ErrTooMuch):
		return Refund{}, p.tooMuch(ctx, orderID)
	case errors.Is(err, crudapp.ErrNotFound):
		return Refund{}, &crudapp.Error{Code: crudapp.CodeConflict, Message: "Nothing was paid for this order."}
	}
	return stored, err
}

// tooMuch says how much of an order's payment is left.
func (p *Payments) tooMuch(ctx context.Context, orderID uint64) error {
	payment, err := p.store.Payment(ctx, orderID)
	if err != nil {
		return err
	}
	message := "All of it was paid back already."
	if left := payment.Left(); left > 0 {
		message = fmt.Sprintf("At most %s can be paid back.", left)
	}
	return crudapp.Invalid(map[string]string{FieldAmount: message})
}

package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"telltale/crudapp"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
)

const paymentSelect = `SELECT p.id, p.order_id, p.customer_id, COALESCE(p.staff_id, 0), p.method, p.amount, p.currency, p.refunded, p.reference,
	p.idempotency_key, p.request_hash, p.paid_at, p.version, i.year, i.number, i.issued_at
	FROM payments p JOIN invoices i ON i.order_id = p.order_id`

func scanPayment(r row) (payment.Payment, error) {
	var p payment.Payment
	var hash []byte
	err := r.Scan(&p.ID, &p.OrderID, &p.CustomerID, &p.StaffID, &p.Method, amount(&p.Amount), &p.Currency, amount(&p.Refunded), &p.Reference,
		&p.Request.Key, &hash, &p.PaidAt, &p.Version, &p.Invoice.Year, &p.Invoice.Number, &p.Invoice.IssuedAt)
	copy(p.Request.Hash[:], hash)
	return p, known(err)
}

// Payment implements payment.Store.
func (s *Store) Payment(ctx context.Context, orderID uint64) (payment.Payment, error) {
	p, err := scanPayment(s.db.QueryRowContext(ctx, paymentSelect+` WHERE p.order_id = ?`, orderID))
	if err != nil {
		return payment.Payment{}, fmt.Errorf("read the payment of order %d: %w", orderID, err)
	}
	return p, nil
}

// PaymentOf implements payment.Store.
func (s *Store) PaymentOf(ctx context.Context, customerID uint64, key string) (payment.Payment, error) {
	return paymentOf(ctx, s.db, customerID, key)
}

func paymentOf(ctx context.Context, from queryer, customerID uint64, key string) (payment.Payment, error) {
	p, err := scanPayment(from.QueryRowContext(ctx, paymentSelect+` WHERE p.customer_id = ? AND p.idempotency_key = ?`, customerID, key))
	if err != nil {
		return payment.Payment{}, fmt.Errorf("look for a payment of customer %d by its key: %w", customerID, err)
	}
	return p, nil
}

// Settle implements payment.Store. The order's row, which is locked first, has one
// payment of it at a time get further.
func (s *Store) Settle(ctx context.Context, p payment.Payment) (settled payment.Payment, err error) {
	if err := s.openSeries(ctx, p.PaidAt); err != nil {
		return payment.Payment{}, err
	}
	step := order.Transition{OrderID: p.OrderID, Version: order.AnyVersion, To: order.StatusPaid, By: p.By(), At: p.PaidAt}
	err = s.inTxAgain(ctx, fmt.Sprintf("settle order %d", p.OrderID), func(tx *sql.Tx) error {
		if err := holdNumber(ctx, tx, p.OrderID, p.PaidAt); err != nil {
			return err
		}
		was, _, err := takeStep(ctx, tx, step)
		if _, late := errors.AsType[*order.StatusError](err); late {
			settled, err = settledBefore(ctx, tx, p, err)
			return err
		}
		if err != nil {
			return err
		}
		if was.Total != p.Amount || was.Currency != p.Currency {
			return fmt.Errorf("settle order %d with %s %s: %s %s is due", p.OrderID, p.Amount, p.Currency, was.Total, was.Currency)
		}
		if settled, err = insertPayment(ctx, tx, p); err != nil {
			return err
		}
		settled.Invoice, err = issueInvoice(ctx, tx, p.OrderID, p.PaidAt)
		return err
	})
	if err != nil {
		return payment.Payment{}, err
	}
	return settled, nil
}

// settledBefore returns the payment that p's request led to before, in a transaction
// that has the order, or late where there is none.
func settledBefore(ctx context.Context, tx *sql.Tx, p payment.Payment, late error) (payment.Payment, error) {
	before, err := paymentOf(ctx, tx, p.CustomerID, p.Request.Key)
	switch {
	case errors.Is(err, crudapp.ErrNotFound):
		return payment.Payment{}, late
	case err == nil && before.Request != p.Request:
		return payment.Payment{}, payment.ErrKeyUsed
	}
	return before, err
}

func insertPayment(ctx context.Context, tx *sql.Tx, p payment.Payment) (payment.Payment, error) {
	p.Version = 1
	staff := sql.Null[uint32]{V: p.StaffID, Valid: p.StaffID != 0}
	result, err := exec(ctx, tx,
		`INSERT INTO payments (order_id, customer_id, staff_id, method, amount, currency, reference, idempotency_key, request_hash, paid_at, updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.OrderID, p.CustomerID, staff, string(p.Method), p.Amount.String(), p.Currency, p.Reference, p.Request.Key, p.Request.Hash[:], p.PaidAt, p.PaidAt, p.Version)
	// An order that waits to be paid has no payment, so it is the key that is taken.
	if isError(err, errDuplicateEntry) {
		return payment.Payment{}, payment.ErrKeyUsed
	}
	if err != nil {
		return payment.Payment{}, fmt.Errorf("insert the payment of order %d: %w", p.OrderID, err)
	}
	p.ID, err = newID(result)
	return p, err
}

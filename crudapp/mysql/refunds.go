package mysql

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"telltale/crudapp"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
)

const refundSelect = `SELECT id, order_id, payment_id, staff_id, amount, currency, reason, idempotency_key, request_hash, refunded_at FROM refunds`

func scanRefund(r row) (payment.Refund, error) {
	var f payment.Refund
	var hash []byte
	err := r.Scan(&f.ID, &f.OrderID, &f.PaymentID, &f.StaffID, amount(&f.Amount), &f.Currency, &f.Reason, &f.Request.Key, &hash, &f.RefundedAt)
	copy(f.Request.Hash[:], hash)
	return f, known(err)
}

// Refunds implements payment.Store.
func (s *Store) Refunds(ctx context.Context, orderID uint64) ([]payment.Refund, error) {
	rows, err := s.db.QueryContext(ctx, refundSelect+` WHERE order_id = ? ORDER BY id`, orderID)
	if err != nil {
		return nil, fmt.Errorf("read the refunds of order %d: %w", orderID, err)
	}
	found, err := collect(rows, scanRefund)
	if err != nil {
		return nil, fmt.Errorf("read the refunds of order %d: %w", orderID, err)
	}
	return found, nil
}

// RefundOf implements payment.Store.
func (s *Store) RefundOf(ctx context.Context, staffID uint32, key string) (payment.Refund, error) {
	return refundOf(ctx, s.db, staffID, key)
}

func refundOf(ctx context.Context, from queryer, staffID uint32, key string) (payment.Refund, error) {
	f, err := scanRefund(from.QueryRowContext(ctx, refundSelect+` WHERE staff_id = ? AND idempotency_key = ?`, staffID, key))
	if err != nil {
		return payment.Refund{}, fmt.Errorf("look for a refund by staff %d by its key: %w", staffID, err)
	}
	return f, nil
}

// Refund implements payment.Store.
func (s *Store) Refund(ctx context.Context, r payment.Refund) (stored payment.Refund, err error) {
	err = s.inTxAgain(ctx, fmt.Sprintf("refund %s of order %d", r.Amount, r.OrderID), func(tx *sql.Tx) error {
		// To insert the refund takes the order's row, which everything begins with
		// that changes an order.
		if _, err := lockOrder(ctx, tx, r.OrderID); err != nil {
			return err
		}
		before, err := refundOf(ctx, tx, r.StaffID, r.Request.Key)
		switch {
		case err == nil && before.Request != r.Request:
			return payment.ErrKeyUsed
		case err == nil || !errors.Is(err, crudapp.ErrNotFound):
			stored = before
			return err
		}
		stored, err = refund(ctx, tx, r)
		return err
	})
	if err != nil {
		return payment.Refund{}, err
	}
	return stored, nil
}

// lockPayment returns the payment of an order that the transaction has.
func lockPayment(ctx context.Context, tx *sql.Tx, orderID uint64) (payment.Payment, error) {
	paid, err := scanPayment(tx.QueryRowContext(ctx, paymentSelect+` WHERE p.order_id = ? FOR UPDATE`, orderID))
	if err != nil {
		return payment.Payment{}, fmt.Errorf("lock the payment of order %d: %w", orderID, err)
	}
	return paid, nil
}

// refund stores a refund in a transaction that has the order.
func refund(ctx context.Context, tx *sql.Tx, r payment.Refund) (payment.Refund, error) {
	paid, err := lockPayment(ctx, tx, r.OrderID)
	if err != nil {
		return payment.Refund{}, err
	}
	if r.Amount > paid.Left() {
		return payment.Refund{}, payment.ErrTooMuch
	}
	r.PaymentID, r.Currency = paid.ID, paid.Currency
	_, err = exec(ctx, tx, `UPDATE payments SET refunded = refunded + ?, updated_at = ?, version = version + 1 WHERE id = ?`, r.Amount.String(), r.RefundedAt, paid.ID)
	if err != nil {
		return payment.Refund{}, fmt.Errorf("add %s to what was refunded of payment %d: %w", r.Amount, paid.ID, err)
	}
	result, err := exec(ctx, tx,
		`INSERT INTO refunds (order_id, payment_id, staff_id, amount, currency, reason, idempotency_key, request_hash, refunded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.OrderID, r.PaymentID, r.StaffID, r.Amount.String(), r.Currency, r.Reason, r.Request.Key, r.Request.Hash[:], r.RefundedAt)
	if isError(err, errDuplicateEntry) {
		return payment.Refund{}, payment.ErrKeyUsed
	}
	if err != nil {
		return payment.Refund{}, fmt.Errorf("insert a refund of order %d: %w", r.OrderID, err)
	}
	r.ID, err = newID(result)
	return r, err
}

// refundRest pays back what is left of an order's payment, as the order is cancelled
// in a transaction that has it. Nobody chose a key for this, so it gets one that nobody
// else has.
func refundRest(ctx context.Context, tx *sql.Tx, c order.Cancellation) error {
	paid, err := lockPayment(ctx, tx, c.OrderID)
	if errors.Is(err, crudapp.ErrNotFound) {
		// Whoever made it so by hand has to say what becomes of the money, too.
		return fmt.Errorf("pay back what was paid for order %d: it is paid, and there is no payment", c.OrderID)
	}
	if err != nil {
		return err
	}
	if paid.Left() == 0 {
		return nil
	}
	_, err = refund(ctx, tx, payment.Refund{
		OrderID: c.OrderID, StaffID: c.StaffID, Amount: paid.Left(), Reason: cmp.Or(c.Reason, "The order was cancelled."), RefundedAt: c.At,
		Request: payment.Request{Key: rand.Text()},
	})
	return err
}

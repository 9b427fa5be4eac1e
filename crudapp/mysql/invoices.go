package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/payment"
)

// openSeries makes sure that the invoices of a year can be numbered. It is no part of
// a payment's transaction, since several that insert the first row of a year at once
// deadlock where one of them is undone.
func (s *Store) openSeries(ctx context.Context, at time.Time) error {
	var last uint32
	err := known(s.db.QueryRowContext(ctx, `SELECT last FROM invoice_series WHERE year = ?`, at.Year()).Scan(&last))
	if err == nil {
		return nil
	}
	if !errors.Is(err, crudapp.ErrNotFound) {
		return fmt.Errorf("look for the series of invoices of %d: %w", at.Year(), err)
	}
	if _, err := s.exec(ctx, `INSERT IGNORE INTO invoice_series (year, last) VALUES (?, 0)`, at.Year()); err != nil {
		return fmt.Errorf("begin the series of invoices of %d: %w", at.Year(), err)
	}
	return nil
}

// holdNumber holds an order and the series of a year until the transaction ends: all
// payments of the shop take turns from here on. Its reads lock, and so come before any
// that does not: the first of those settles what the others see, and MariaDB then
// refuses to lock a row that is newer.
func holdNumber(ctx context.Context, tx *sql.Tx, orderID uint64, at time.Time) error {
	if _, err := hold(ctx, tx, `SELECT id FROM orders WHERE id = ? FOR UPDATE`, orderID); err != nil {
		return fmt.Errorf("hold order %d: %w", orderID, err)
	}
	if _, err := hold(ctx, tx, `SELECT year FROM invoice_series WHERE year = ? FOR UPDATE`, at.Year()); err != nil {
		return fmt.Errorf("hold the series of invoices of %d: %w", at.Year(), err)
	}
	return nil
}

// issueInvoice issues an order's invoice under the number that holdNumber holds.
// Whoever comes next gets the same where the transaction is undone: that is what leaves
// no gap.
func issueInvoice(ctx context.Context, tx *sql.Tx, orderID uint64, at time.Time) (payment.Invoice, error) {
	invoice := payment.Invoice{Year: uint16(at.Year()), IssuedAt: at}
	if _, err := exec(ctx, tx, `UPDATE invoice_series SET last = last + 1 WHERE year = ?`, invoice.Year); err != nil {
		return payment.Invoice{}, fmt.Errorf("take an invoice's number of %d: %w", invoice.Year, err)
	}
	if err := tx.QueryRowContext(ctx, `SELECT last FROM invoice_series WHERE year = ?`, invoice.Year).Scan(&invoice.Number); err != nil {
		return payment.Invoice{}, fmt.Errorf("read an invoice's number of %d: %w", invoice.Year, err)
	}
	_, err := exec(ctx, tx, `INSERT INTO invoices (year, number, order_id, issued_at) VALUES (?, ?, ?, ?)`,
		invoice.Year, invoice.Number, orderID, invoice.IssuedAt)
	if err != nil {
		return payment.Invoice{}, fmt.Errorf("insert invoice %v of order %d: %w", invoice, orderID, err)
	}
	return invoice, nil
}

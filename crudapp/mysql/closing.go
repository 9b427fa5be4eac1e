package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"telltale/crudapp"
	"telltale/crudapp/contact"
)

// CloseCustomer implements crudapp.Store. What belongs to the customer is found
// without locks and deleted by primary key: somebody who stores a session or a line
// of the basket meanwhile waits for the customer with it locked, and to wait for that
// in turn would be a deadlock. What comes of it is never shown, since the account is
// closed.
func (s *Store) CloseCustomer(ctx context.Context, c crudapp.CustomerClosing) (won bool, err error) {
	err = s.inTxAgain(ctx, fmt.Sprintf("close the account of customer %d", c.ID), func(tx *sql.Tx) error {
		if err := lockCustomer(ctx, tx, c.ID); err != nil {
			return err
		}
		result, err := exec(ctx, tx,
			`UPDATE customers SET email = ?, name = ?, phone = NULL, password_hash = '', deleted_at = ?, updated_at = ?, version = version + 1 WHERE id = ? AND (version = ? OR ? = 0)`,
			c.Details.Email, c.Details.Name, c.At, c.At, c.ID, c.Version, c.Version)
		if err != nil {
			return fmt.Errorf("empty the row of customer %d: %w", c.ID, err)
		}
		if won, err = one(result); err != nil || !won {
			return err
		}
		if err := noneWaits(ctx, tx, c.ID); err != nil {
			return err
		}
		if err := withdrawConsent(ctx, tx, c); err != nil {
			return err
		}
		return forget(ctx, tx, c.ID)
	})
	return won && err == nil, err
}

// noneWaits returns crudapp.ErrOrderWaits if an order of a customer's waits to be paid.
// Whoever places one locks the customer, whom the transaction holds. It takes no lock,
// since who pays holds the order and waits for the customer.
func noneWaits(ctx context.Context, tx *sql.Tx, customerID uint64) error {
	var waits bool
	row := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM orders WHERE customer_id = ? AND status = 'placed')`, customerID)
	if err := row.Scan(&waits); err != nil {
		return fmt.Errorf("look for orders of customer %d that wait: %w", customerID, err)
	}
	if waits {
		return fmt.Errorf("close the account of customer %d: %w", customerID, crudapp.ErrOrderWaits)
	}
	return nil
}

// withdrawConsent notes that a customer who closes the account does not want to hear
// of offers any more, where she did.
func withdrawConsent(ctx context.Context, tx *sql.Tx, c crudapp.CustomerClosing) error {
	last, err := lastConsent(ctx, tx, c.ID)
	if err != nil || !last.Given {
		return err
	}
	return insertConsent(ctx, tx, contact.Consent{CustomerID: c.ID, At: c.At})
}

// forget deletes what only an account needs.
func forget(ctx context.Context, tx *sql.Tx, customerID uint64) error {
	for _, t := range []struct{ table, key string }{
		{"addresses", "id"}, {"sign_ins", "id"}, {"sessions", "token_hash"}, {"basket_lines", "product_id"},
	} {
		keys, err := keysOf(ctx, tx, t.table, t.key, customerID)
		if err != nil {
			return fmt.Errorf("find %s of customer %d: %w", t.table, customerID, err)
		}
		for _, key := range keys {
			if _, err := exec(ctx, tx, `DELETE FROM `+t.table+` WHERE `+t.key+` = ? AND customer_id = ?`, key, customerID); err != nil {
				return fmt.Errorf("delete from %s of customer %d: %w", t.table, customerID, err)
			}
		}
	}
	return nil
}

// keysOf returns the values of a column that tells the rows of a customer apart.
func keysOf(ctx context.Context, tx *sql.Tx, table, column string, customerID uint64) (keys []any, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+column+` FROM `+table+` WHERE customer_id = ?`, customerID)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var key any
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}

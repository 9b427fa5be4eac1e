package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"telltale/crudapp"
	"telltale/crudapp/contact"
)

// querier is a pool or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Consent implements contact.Store.
func (s *Store) Consent(ctx context.Context, customerID uint64) (contact.Consent, error) {
	return lastConsent(ctx, s.db, customerID)
}

func lastConsent(ctx context.Context, from querier, customerID uint64) (contact.Consent, error) {
	c := contact.Consent{CustomerID: customerID}
	row := from.QueryRowContext(ctx,
		`SELECT given, decided_at FROM consents WHERE customer_id = ? AND purpose = 'marketing' ORDER BY id DESC LIMIT 1`, customerID)
	err := known(row.Scan(&c.Given, &c.At))
	if errors.Is(err, crudapp.ErrNotFound) {
		return c, nil
	}
	if err != nil {
		return contact.Consent{}, fmt.Errorf("read the consent of customer %d: %w", customerID, err)
	}
	return c, nil
}

// Decide implements contact.Store.
func (s *Store) Decide(ctx context.Context, c contact.Consent) error {
	return s.inTxAgain(ctx, fmt.Sprintf("note a consent of customer %d", c.CustomerID), func(tx *sql.Tx) error {
		if err := lockCustomer(ctx, tx, c.CustomerID); err != nil {
			return err
		}
		last, err := lastConsent(ctx, tx, c.CustomerID)
		if err != nil || last.Given == c.Given {
			return err
		}
		return insertConsent(ctx, tx, c)
	})
}

func insertConsent(ctx context.Context, tx *sql.Tx, c contact.Consent) error {
	_, err := exec(ctx, tx, `INSERT INTO consents (customer_id, purpose, given, decided_at) VALUES (?, 'marketing', ?, ?)`, c.CustomerID, c.Given, c.At)
	if err != nil {
		return fmt.Errorf("insert a consent of customer %d: %w", c.CustomerID, err)
	}
	return nil
}

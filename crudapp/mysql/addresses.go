package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/contact"
)

const addressSelect = `SELECT id, customer_id, recipient, street, postcode, city, country, is_default, version, created_at, updated_at FROM addresses`

func scanAddress(r row) (contact.Address, error) {
	var a contact.Address
	var postcode sql.NullString
	err := r.Scan(&a.ID, &a.CustomerID, &a.Recipient, &a.Street, &postcode, &a.City, &a.Country, &a.Default, &a.Version, &a.CreatedAt, &a.UpdatedAt)
	a.Postcode = postcode.String
	return a, err
}

// Addresses implements contact.Store.
func (s *Store) Addresses(ctx context.Context, customerID uint64) ([]contact.Address, error) {
	rows, err := s.db.QueryContext(ctx, addressSelect+` WHERE customer_id = ? ORDER BY is_default DESC, id`, customerID)
	if err != nil {
		return nil, fmt.Errorf("read the addresses of customer %d: %w", customerID, err)
	}
	found, err := collect(rows, scanAddress)
	if err != nil {
		return nil, fmt.Errorf("read the addresses of customer %d: %w", customerID, err)
	}
	return found, nil
}

// Address implements contact.Store.
func (s *Store) Address(ctx context.Context, customerID, id uint64) (contact.Address, error) {
	return readAddress(ctx, s.db, customerID, id)
}

func readAddress(ctx context.Context, from queryer, customerID, id uint64) (contact.Address, error) {
	a, err := scanAddress(from.QueryRowContext(ctx, addressSelect+` WHERE id = ? AND customer_id = ?`, id, customerID))
	if err != nil {
		return contact.Address{}, fmt.Errorf("read address %d of customer %d: %w", id, customerID, known(err))
	}
	return a, nil
}

// lockCustomer makes what follows in a transaction the only one of its kind for a
// customer. It returns crudapp.ErrNotFound for nobody with an account.
func lockCustomer(ctx context.Context, tx *sql.Tx, id uint64) error {
	if err := tx.QueryRowContext(ctx, `SELECT id FROM customers WHERE id = ? AND deleted_at IS NULL FOR UPDATE`, id).Scan(&id); err != nil {
		return fmt.Errorf("lock customer %d: %w", id, known(err))
	}
	return nil
}

// CreateAddress implements contact.Store.
func (s *Store) CreateAddress(ctx context.Context, a contact.Address, limit int) (contact.Address, error) {
	err := s.inTxAgain(ctx, fmt.Sprintf("add an address of customer %d", a.CustomerID), func(tx *sql.Tx) error {
		if err := lockCustomer(ctx, tx, a.CustomerID); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM addresses WHERE customer_id = ?`, a.CustomerID).Scan(&n); err != nil {
			return fmt.Errorf("count the addresses of customer %d: %w", a.CustomerID, err)
		}
		if n >= limit {
			return contact.ErrTooMany
		}
		a.Default = n == 0
		result, err := exec(ctx, tx,
			`INSERT INTO addresses (customer_id, recipient, street, postcode, city, country, is_default, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			a.CustomerID, a.Recipient, a.Street, nullable(a.Postcode), a.City, a.Country, a.Default, a.Version, a.CreatedAt, a.UpdatedAt)
		if err != nil {
			return fmt.Errorf("insert an address of customer %d: %w", a.CustomerID, err)
		}
		a.ID, err = newID(result)
		return err
	})
	if err != nil {
		return contact.Address{}, err
	}
	return a, nil
}

// UpdateAddress implements contact.Store.
func (s *Store) UpdateAddress(ctx context.Context, u contact.AddressUpdate) (bool, error) {
	p := u.Postal
	result, err := s.exec(ctx,
		`UPDATE addresses SET recipient = ?, street = ?, postcode = ?, city = ?, country = ?, updated_at = ?, version = version + 1 WHERE id = ? AND customer_id = ? AND version = ?`,
		p.Recipient, p.Street, nullable(p.Postcode), p.City, p.Country, u.At, u.ID, u.CustomerID, u.Version)
	if err != nil {
		return false, fmt.Errorf("update address %d at version %d: %w", u.ID, u.Version, err)
	}
	return one(result)
}

// DeleteAddress implements contact.Store.
func (s *Store) DeleteAddress(ctx context.Context, customerID, id uint64, version uint32, at time.Time) (won bool, err error) {
	err = s.inTxAgain(ctx, fmt.Sprintf("remove address %d", id), func(tx *sql.Tx) error {
		if err := lockCustomer(ctx, tx, customerID); err != nil {
			return err
		}
		result, err := exec(ctx, tx, `DELETE FROM addresses WHERE id = ? AND customer_id = ? AND version = ?`, id, customerID, version)
		if err != nil {
			return fmt.Errorf("delete address %d at version %d: %w", id, version, err)
		}
		if won, err = one(result); err != nil || !won {
			return err
		}
		return oldestIsDefault(ctx, tx, customerID, at)
	})
	return won && err == nil, err
}

// oldestIsDefault gives a customer without a default address one, where there is
// any. The transaction holds the customer.
func oldestIsDefault(ctx context.Context, tx *sql.Tx, customerID uint64, at time.Time) error {
	var id uint64
	var isDefault bool
	row := tx.QueryRowContext(ctx, `SELECT id, is_default FROM addresses WHERE customer_id = ? ORDER BY is_default DESC, id LIMIT 1`, customerID)
	err := known(row.Scan(&id, &isDefault))
	if errors.Is(err, crudapp.ErrNotFound) || err == nil && isDefault {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the first address of customer %d: %w", customerID, err)
	}
	return setDefault(ctx, tx, id, at)
}

// MakeDefault implements contact.Store.
func (s *Store) MakeDefault(ctx context.Context, customerID, id uint64, at time.Time) error {
	return s.inTxAgain(ctx, fmt.Sprintf("make address %d the default", id), func(tx *sql.Tx) error {
		if err := lockCustomer(ctx, tx, customerID); err != nil {
			return err
		}
		a, err := readAddress(ctx, tx, customerID, id)
		if err != nil {
			return err
		}
		if a.Default {
			return nil
		}
		_, err = exec(ctx, tx, `UPDATE addresses SET is_default = FALSE, updated_at = ? WHERE customer_id = ? AND is_default`, at, customerID)
		if err != nil {
			return fmt.Errorf("unset the default address of customer %d: %w", customerID, err)
		}
		return setDefault(ctx, tx, id, at)
	})
}

func setDefault(ctx context.Context, tx *sql.Tx, id uint64, at time.Time) error {
	if _, err := exec(ctx, tx, `UPDATE addresses SET is_default = TRUE, updated_at = ? WHERE id = ?`, at, id); err != nil {
		return fmt.Errorf("make address %d the default: %w", id, err)
	}
	return nil
}

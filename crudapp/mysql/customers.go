package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"telltale/crudapp"
)

const customerColumns = "c.id, c.email, c.name, c.phone, c.country, c.version, c.created_at, c.updated_at"

// CreateCustomer implements crudapp.Store.
func (s *Store) CreateCustomer(ctx context.Context, c crudapp.Customer, passwordHash string) (uint64, error) {
	result, err := s.exec(ctx,
		`INSERT INTO customers (email, name, phone, country, password_hash, created_at, updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Email, c.Name, nullable(c.Phone), nullable(c.Country), passwordHash, c.CreatedAt, c.UpdatedAt, c.Version)
	if isError(err, errDuplicateEntry) {
		return 0, crudapp.ErrEmailTaken
	}
	if err != nil {
		return 0, fmt.Errorf("insert a customer: %w", err)
	}
	return newID(result)
}

// Customer implements crudapp.Store.
func (s *Store) Customer(ctx context.Context, id uint64) (crudapp.Customer, error) {
	var r customerRow
	row := s.db.QueryRowContext(ctx, `SELECT `+customerColumns+` FROM customers c WHERE c.id = ? AND c.deleted_at IS NULL`, id)
	if err := row.Scan(r.targets()...); err != nil {
		return crudapp.Customer{}, fmt.Errorf("read customer %d: %w", id, known(err))
	}
	return r.customer(), nil
}

// CustomerByEmail implements crudapp.Store.
func (s *Store) CustomerByEmail(ctx context.Context, email string) (crudapp.Customer, string, error) {
	var r customerRow
	var hash string
	row := s.db.QueryRowContext(ctx, `SELECT `+customerColumns+`, c.password_hash FROM customers c WHERE c.email = ? AND c.deleted_at IS NULL`, email)
	if err := row.Scan(append(r.targets(), &hash)...); err != nil {
		return crudapp.Customer{}, "", fmt.Errorf("read a customer by e-mail address: %w", known(err))
	}
	return r.customer(), hash, nil
}

// Customers implements crudapp.Store.
func (s *Store) Customers(ctx context.Context, q crudapp.CustomerQuery) ([]crudapp.Customer, error) {
	part := "%" + literal.Replace(q.Text) + "%"
	rows, err := s.db.QueryContext(ctx, `SELECT `+customerColumns+` FROM customers c
		WHERE c.deleted_at IS NULL AND c.id > ? AND (c.name LIKE ? ESCAPE '!' OR c.email LIKE LOWER(?) ESCAPE '!') ORDER BY c.id LIMIT ?`, q.After, part, part, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("search customers: %w", err)
	}
	defer rows.Close()
	var found []crudapp.Customer
	for rows.Next() {
		var r customerRow
		if err := rows.Scan(r.targets()...); err != nil {
			return nil, fmt.Errorf("read a customer that was found: %w", err)
		}
		found = append(found, r.customer())
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("search customers: %w", err)
	}
	return found, nil
}

// UpdateDetails implements crudapp.Store. The comparison of the version is part
// of the statement: of several made from one version, the server lets one find
// its row. A country that is there stays where u has none: the upgrade may have
// filled it in since u was decided, which moves no version.
func (s *Store) UpdateDetails(ctx context.Context, u crudapp.DetailsUpdate) (bool, error) {
	result, err := s.exec(ctx,
		`UPDATE customers SET email = ?, name = ?, phone = ?, country = COALESCE(?, country), updated_at = ?, version = version + 1 WHERE id = ? AND version = ? AND deleted_at IS NULL`,
		u.Details.Email, u.Details.Name, nullable(u.Details.Phone), nullable(u.Details.Country), u.At, u.ID, u.Version)
	if isError(err, errDuplicateEntry) {
		return false, crudapp.ErrEmailTaken
	}
	if err != nil {
		return false, fmt.Errorf("update customer %d at version %d: %w", u.ID, u.Version, err)
	}
	return one(result)
}

// ReplacePasswordHash implements crudapp.Store.
func (s *Store) ReplacePasswordHash(ctx context.Context, id uint64, old, replacement string) error {
	_, err := s.exec(ctx, `UPDATE customers SET password_hash = ? WHERE id = ? AND password_hash = ?`, replacement, id, old)
	if err != nil {
		return fmt.Errorf("replace the password hash of customer %d: %w", id, err)
	}
	return nil
}

// customerRow is what customerColumns selects.
type customerRow struct {
	c              crudapp.Customer
	phone, country sql.NullString
}

func (r *customerRow) targets() []any {
	return []any{&r.c.ID, &r.c.Email, &r.c.Name, &r.phone, &r.country, &r.c.Version, &r.c.CreatedAt, &r.c.UpdatedAt}
}

func (r *customerRow) customer() crudapp.Customer {
	r.c.Phone, r.c.Country = r.phone.String, r.country.String
	return r.c
}

// nullable stores the absence of a value as NULL.
func nullable(s string) sql.NullString {
	return sql.NullString{String: s, Valid: s != ""}
}

// known translates the errors of database/sql that crudapp.Store has own names
// for.
func known(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return crudapp.ErrNotFound
	}
	return err
}

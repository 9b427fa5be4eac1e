package mysql

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"telltale/crudapp/catalogue"
)

// CreateProduct implements catalogue.Store.
func (s *Store) CreateProduct(ctx context.Context, p catalogue.Product, l catalogue.Level) (id uint64, err error) {
	attributes, err := json.Marshal(p.Attributes)
	if err != nil {
		return 0, fmt.Errorf("encode the attributes of product %s: %w", p.SKU, err)
	}
	err = s.inTxAgain(ctx, "insert product "+p.SKU, func(tx *sql.Tx) error {
		result, err := exec(ctx, tx,
			`INSERT INTO products (sku, name, description, price, currency, attributes, status, created_at, updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			p.SKU, p.Name, p.Description, p.Price.String(), p.Currency, string(attributes), string(p.Status), p.CreatedAt, p.UpdatedAt, p.Version)
		if isError(err, errDuplicateEntry) {
			return catalogue.ErrTaken
		}
		if err != nil {
			return fmt.Errorf("insert product %s: %w", p.SKU, err)
		}
		if id, err = newID(result); err != nil {
			return err
		}
		_, err = exec(ctx, tx, `INSERT INTO stock (product_id, on_hand, reorder_level, updated_at) VALUES (?, ?, ?, ?)`,
			id, l.OnHand, l.ReorderLevel, p.UpdatedAt)
		if err != nil {
			return fmt.Errorf("insert the stock of product %s: %w", p.SKU, err)
		}
		return setCategories(ctx, tx, id, p.Categories)
	})
	return id, err
}

// UpdateProduct implements catalogue.Store. The comparison of the version is part
// of the statement, which locks the row for the categories that follow.
func (s *Store) UpdateProduct(ctx context.Context, u catalogue.ProductUpdate) (won bool, err error) {
	l := u.Listing
	attributes, err := json.Marshal(l.Attributes)
	if err != nil {
		return false, fmt.Errorf("encode the attributes of product %d: %w", u.ID, err)
	}
	err = s.inTxAgain(ctx, fmt.Sprintf("update product %d", u.ID), func(tx *sql.Tx) error {
		result, err := exec(ctx, tx,
			`UPDATE products SET name = ?, description = ?, price = ?, currency = ?, attributes = ?, status = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ? AND deleted_at IS NULL`,
			l.Name, l.Description, l.Price.String(), l.Currency, string(attributes), string(l.Status), u.At, u.ID, u.Version)
		if err != nil {
			return fmt.Errorf("update product %d at version %d: %w", u.ID, u.Version, err)
		}
		if won, err = one(result); err != nil || !won {
			return err
		}
		return setCategories(ctx, tx, u.ID, l.Categories)
	})
	return won && err == nil, err
}

// RemoveProduct implements catalogue.Store.
func (s *Store) RemoveProduct(ctx context.Context, id uint64, version uint32, at time.Time) (bool, error) {
	result, err := s.exec(ctx,
		`UPDATE products SET deleted_at = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ? AND deleted_at IS NULL`,
		at, at, id, version)
	if err != nil {
		return false, fmt.Errorf("remove product %d at version %d: %w", id, version, err)
	}
	return one(result)
}

// UpdateStock implements catalogue.Store.
func (s *Store) UpdateStock(ctx context.Context, u catalogue.StockUpdate) (bool, error) {
	result, err := s.exec(ctx,
		`UPDATE stock SET on_hand = ?, reorder_level = ?, updated_at = ?, version = version + 1 WHERE product_id = ? AND version = ?`,
		u.Level.OnHand, u.Level.ReorderLevel, u.At, u.ProductID, u.Version)
	if err != nil {
		return false, fmt.Errorf("update the stock of product %d at version %d: %w", u.ProductID, u.Version, err)
	}
	return one(result)
}

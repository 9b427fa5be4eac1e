package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
)

// Categories implements catalogue.Store.
func (s *Store) Categories(ctx context.Context) ([]catalogue.Category, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, slug, name, position FROM categories ORDER BY position, id`)
	if err != nil {
		return nil, fmt.Errorf("read the categories: %w", err)
	}
	defer rows.Close()
	var found []catalogue.Category
	for rows.Next() {
		var c catalogue.Category
		if err := rows.Scan(&c.ID, &c.Slug, &c.Name, &c.Position); err != nil {
			return nil, fmt.Errorf("read a category: %w", err)
		}
		found = append(found, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the categories: %w", err)
	}
	return found, nil
}

// CreateCategory implements catalogue.Store.
func (s *Store) CreateCategory(ctx context.Context, c catalogue.Category, at time.Time) error {
	_, err := s.exec(ctx, `INSERT INTO categories (slug, name, position, created_at) VALUES (?, ?, ?, ?)`, c.Slug, c.Name, c.Position, at)
	if isError(err, errDuplicateEntry) {
		return catalogue.ErrTaken
	}
	if err != nil {
		return fmt.Errorf("insert category %s: %w", c.Slug, err)
	}
	return nil
}

// setCategories makes a product stand in just the categories with the slugs. The
// transaction holds a lock on the product's row, so that nobody else changes them
// meanwhile. Only what differs is written: a row that stays is no change.
func setCategories(ctx context.Context, tx *sql.Tx, productID uint64, slugs []string) error {
	has, err := categoriesOf(ctx, tx, productID)
	if err != nil {
		return err
	}
	for _, slug := range has {
		if slices.Contains(slugs, slug) {
			continue
		}
		if _, err := exec(ctx, tx, `DELETE FROM product_categories WHERE product_id = ? AND category_id = (SELECT id FROM categories WHERE slug = ?)`, productID, slug); err != nil {
			return fmt.Errorf("take product %d out of category %s: %w", productID, slug, err)
		}
	}
	for _, slug := range slugs {
		if slices.Contains(has, slug) {
			continue
		}
		if err := addCategory(ctx, tx, productID, slug); err != nil {
			return fmt.Errorf("put product %d into category %s: %w", productID, slug, err)
		}
	}
	return nil
}

// addCategory returns crudapp.ErrNotFound where the category is gone meanwhile.
func addCategory(ctx context.Context, tx *sql.Tx, productID uint64, slug string) error {
	result, err := exec(ctx, tx, `INSERT INTO product_categories (product_id, category_id) SELECT ?, id FROM categories WHERE slug = ?`, productID, slug)
	if err != nil {
		return err
	}
	if added, err := one(result); err != nil || added {
		return err
	}
	return crudapp.ErrNotFound
}

func categoriesOf(ctx context.Context, tx *sql.Tx, productID uint64) ([]string, error) {
	rows, err := tx.QueryContext(ctx,
		`SELECT c.slug FROM product_categories pc JOIN categories c ON c.id = pc.category_id WHERE pc.product_id = ? ORDER BY c.slug`, productID)
	if err != nil {
		return nil, fmt.Errorf("read the categories of product %d: %w", productID, err)
	}
	defer rows.Close()
	var slugs []string
	for rows.Next() {
		var slug string
		if err := rows.Scan(&slug); err != nil {
			return nil, fmt.Errorf("read the categories of product %d: %w", productID, err)
		}
		slugs = append(slugs, slug)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the categories of product %d: %w", productID, err)
	}
	return slugs, nil
}

package direct

import (
	"context"
	"fmt"
	"slices"

	"telltale/load"
)

// leastCategories is how many there must be for a product to move between.
const leastCategories = 2

// productCategory is a row of the products' categories. The load keeps one a product,
// by the product's id.
type productCategory struct {
	ProductID  uint64 `json:"product_id"`
	CategoryID uint64 `json:"category_id"`
}

func categoryRef(product uint64) ref { return ref{table: load.ProductCategories, id: product} }

// findCategories looks for the shop's, and adds some where it has too few.
func (t *transaction) findCategories(ctx context.Context) error {
	found, err := t.conn.QueryContext(ctx, "SELECT id FROM categories ORDER BY id")
	if err != nil {
		return fmt.Errorf("read the categories: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var id uint64
		if err := found.Scan(&id); err != nil {
			return fmt.Errorf("read the categories: %w", err)
		}
		t.categories = append(t.categories, id)
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("read the categories: %w", err)
	}
	for n := len(t.categories); n < leastCategories; n++ {
		id, err := t.insert(ctx, 1, t.staff(), "INSERT INTO categories (slug, name, position, created_at) VALUES (?, 'Load', ?, UTC_TIMESTAMP(6))",
			fmt.Sprintf("load-%s-%d", t.run, n), n)
		if err != nil {
			return err
		}
		t.categories = append(t.categories, id)
	}
	return nil
}

// putInCategory puts a product in one of the categories.
func (t *transaction) putInCategory(ctx context.Context, o origin, c productCategory) error {
	if _, err := t.exec(ctx, 1, o, "INSERT INTO product_categories (product_id, category_id) VALUES (?, ?)", c.ProductID, c.CategoryID); err != nil {
		return err
	}
	return t.created(o, categoryRef(c.ProductID), ref{}, c)
}

// catalogue renames one of the worker's products, or puts it in another category.
func (t *transaction) catalogue(ctx context.Context) error {
	id, o := t.products[t.random.IntN(len(t.products))], t.staff()
	if t.random.IntN(2) == 0 {
		return t.move(ctx, o, id)
	}
	p := t.row(productRef(id)).(load.Product)
	p.Name = t.unique("Brötchen")
	p.Version++
	if _, err := t.exec(ctx, 1, o, "UPDATE products SET name = ?, version = version + 1 WHERE id = ? AND version = ?", p.Name, id, p.Version-1); err != nil {
		return err
	}
	return t.changed(o, productRef(id), p)
}

// move takes a product out of its category and puts it in the next.
func (t *transaction) move(ctx context.Context, o origin, id uint64) error {
	c := t.row(categoryRef(id)).(productCategory)
	if _, err := t.exec(ctx, 1, o, "DELETE FROM product_categories WHERE product_id = ? AND category_id = ?", id, c.CategoryID); err != nil {
		return err
	}
	if err := t.deleted(o, categoryRef(id)); err != nil {
		return err
	}
	at := slices.Index(t.categories, c.CategoryID)
	c.CategoryID = t.categories[(at+1)%len(t.categories)]
	return t.putInCategory(ctx, o, c)
}

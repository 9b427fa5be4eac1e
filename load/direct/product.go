package direct

import (
	"context"
	"fmt"

	"telltale/load"
)

// stock is a row of the stock as the load knows it.
type stock struct {
	ProductID    uint64 `json:"product_id"`
	OnHand       int    `json:"on_hand"`
	ReorderLevel int    `json:"reorder_level"`
	Version      uint32 `json:"version"`
}

func productRef(id uint64) ref { return ref{table: load.Products, id: id} }

// currency is that of all prices.
const currency = "EUR"

// delivered is how much stock comes at a time.
const delivered = 100

// addProduct puts a product on the shelves, with its stock, and in a category.
func (t *transaction) addProduct(ctx context.Context) error {
	o := t.staff()
	t.serial++
	p := load.Product{
		SKU: fmt.Sprintf("LOAD-%s-%d-%d", t.run, t.step.N, t.serial), Name: t.unique("Brötchen"), Price: t.amount(),
		Currency: currency, Status: "active", Version: 1,
	}
	var err error
	p.ID, err = t.insert(ctx, 1, o, "INSERT INTO products (sku, name, description, price, currency, attributes, status, created_at) "+
		`VALUES (?, ?, 'Made by telltale load.', ?, ?, '{"origin": "load"}', ?, UTC_TIMESTAMP(6))`, p.SKU, p.Name, p.Price, p.Currency, p.Status)
	if err != nil {
		return err
	}
	if err := t.created(o, productRef(p.ID), ref{}, p); err != nil {
		return err
	}
	s := stock{ProductID: p.ID, OnHand: delivered, ReorderLevel: delivered / 10, Version: 1}
	if _, err := t.exec(ctx, 1, o, "INSERT INTO stock (product_id, on_hand, reorder_level) VALUES (?, ?, ?)", p.ID, s.OnHand, s.ReorderLevel); err != nil {
		return err
	}
	t.stocked = append(t.stocked, p.ID)
	if err := t.note(o, load.Stock, nil, s); err != nil {
		return err
	}
	return t.putInCategory(ctx, o, productCategory{p.ID, t.categories[t.random.IntN(len(t.categories))]})
}

// amount is a price.
func (t *transaction) amount() string {
	return fmt.Sprintf("%d.%02d", 1+t.random.IntN(50), t.random.IntN(100))
}

// price changes that of one of the worker's products.
func (t *transaction) price(ctx context.Context) error {
	id := t.products[t.random.IntN(len(t.products))]
	p := t.row(productRef(id)).(load.Product)
	o := t.staff()
	p.Price = t.amount()
	p.Version++
	if _, err := t.exec(ctx, 1, o, "UPDATE products SET price = ?, version = version + 1 WHERE id = ? AND version = ?", p.Price, id, p.Version-1); err != nil {
		return err
	}
	return t.changed(o, productRef(id), p)
}

// sell counts the stock of a popular product down. It is every worker's, so it is
// read under the lock under which it is changed.
func (t *transaction) sell(ctx context.Context) error {
	shelf := t.target.shelf()
	return t.take(ctx, shelf[load.Popular(t.random, len(shelf))], 1+t.random.IntN(3), t.request(t.pick()))
}

// take counts stock down, after a delivery where there is not enough.
func (t *transaction) take(ctx context.Context, id uint64, quantity int, o origin) error {
	s := stock{ProductID: id}
	row := t.conn.QueryRowContext(ctx, "SELECT on_hand, reorder_level, version FROM stock WHERE product_id = ? FOR UPDATE", id)
	if err := row.Scan(&s.OnHand, &s.ReorderLevel, &s.Version); err != nil {
		return fmt.Errorf("lock the stock of product %d: %w", id, err)
	}
	if s.OnHand < quantity {
		var err error
		if s, err = t.count(ctx, s, delivered, t.staff()); err != nil {
			return err
		}
	}
	_, err := t.count(ctx, s, -quantity, o)
	return err
}

// count changes stock that is locked.
func (t *transaction) count(ctx context.Context, s stock, by int, o origin) (stock, error) {
	after := s
	after.OnHand += by
	after.Version++
	const statement = "UPDATE stock SET on_hand = ?, version = version + 1 WHERE product_id = ? AND version = ?"
	if _, err := t.exec(ctx, 1, o, statement, after.OnHand, s.ProductID, s.Version); err != nil {
		return s, err
	}
	return after, t.note(o, load.Stock, s, after)
}

// review is a row of the reviews as the load knows it.
type review struct {
	ID         uint64 `json:"id"`
	ProductID  uint64 `json:"product_id"`
	CustomerID uint64 `json:"customer_id"`
	Rating     int    `json:"rating"`
	Text       string `json:"text"`
	Version    uint32 `json:"version"`
}

// review has a customer review a popular product.
func (t *transaction) review(ctx context.Context) error {
	shelf := t.target.shelf()
	return t.writeReview(ctx, t.pick(), shelf[load.Popular(t.random, len(shelf))])
}

// writeReview is what a customer says about a product, now or otherwise than before.
func (t *transaction) writeReview(ctx context.Context, id, about uint64) error {
	v := review{
		CustomerID: id, ProductID: about,
		Rating: 1 + t.random.IntN(5), Text: t.unique("Crisp, \U0001F950 and warm."), Version: 1,
	}
	o := t.request(id)
	for _, r := range t.owned(customerRef(id), load.Reviews) {
		if before := t.row(r).(review); before.ProductID == v.ProductID {
			v.ID, v.Version = before.ID, before.Version+1
			if _, err := t.exec(ctx, 1, o, "UPDATE reviews SET rating = ?, text = ?, version = version + 1 WHERE id = ?", v.Rating, v.Text, v.ID); err != nil {
				return err
			}
			return t.changed(o, r, v)
		}
	}
	var err error
	v.ID, err = t.insert(ctx, 1, o, "INSERT INTO reviews (product_id, customer_id, rating, text, created_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))",
		v.ProductID, id, v.Rating, v.Text)
	if err != nil {
		return err
	}
	return t.created(o, ref{table: load.Reviews, id: v.ID}, customerRef(id), v)
}

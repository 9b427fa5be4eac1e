package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"telltale/crudapp/order"
)

// Basket implements order.Store.
func (s *Store) Basket(ctx context.Context, customerID uint64) (order.Basket, error) {
	return readBasket(ctx, s.db, customerID)
}

// readBasket reads a basket without holding what is in it.
func readBasket(ctx context.Context, from queryer, customerID uint64) (order.Basket, error) {
	rows, err := from.QueryContext(ctx,
		`SELECT b.product_id, p.sku, p.name, p.price, p.currency, b.quantity, p.status = 'active' AND p.deleted_at IS NULL, s.on_hand
		FROM basket_lines b JOIN products p ON p.id = b.product_id JOIN stock s ON s.product_id = b.product_id
		WHERE b.customer_id = ? ORDER BY b.added_at, b.product_id`, customerID)
	if err != nil {
		return order.Basket{}, fmt.Errorf("read the basket of customer %d: %w", customerID, err)
	}
	lines, err := collect(rows, func(r row) (order.BasketLine, error) {
		var l order.BasketLine
		err := r.Scan(&l.ProductID, &l.SKU, &l.Name, amount(&l.UnitPrice), &l.Currency, &l.Quantity, &l.Sold, &l.OnHand)
		return l, err
	})
	if err != nil {
		return order.Basket{}, fmt.Errorf("read the basket of customer %d: %w", customerID, err)
	}
	return order.Basket{CustomerID: customerID, Lines: lines}, nil
}

// ChangeBasket implements order.Store. It holds the customer, as all do that change
// her basket.
func (s *Store) ChangeBasket(ctx context.Context, customerID, productID uint64, at time.Time, change func(order.Basket) (uint16, error)) error {
	return s.inTxAgain(ctx, fmt.Sprintf("change the basket of customer %d", customerID), func(tx *sql.Tx) error {
		if err := lockCustomer(ctx, tx, customerID); err != nil {
			return err
		}
		b, err := readBasket(ctx, tx, customerID)
		if err != nil {
			return err
		}
		quantity, err := change(b)
		if err != nil {
			return err
		}
		return setLine(ctx, tx, b, productID, quantity, at)
	})
}

// setLine makes the line of a product in a basket what it shall be.
func setLine(ctx context.Context, tx *sql.Tx, b order.Basket, productID uint64, quantity uint16, at time.Time) error {
	var statement string
	args := []any{b.CustomerID, productID}
	switch now := b.Line(productID).Quantity; {
	case now == quantity:
		return nil
	case quantity == 0:
		statement = `DELETE FROM basket_lines WHERE customer_id = ? AND product_id = ?`
	case now == 0:
		statement = `INSERT INTO basket_lines (customer_id, product_id, quantity, added_at, updated_at) VALUES (?, ?, ?, ?, ?)`
		args = append(args, quantity, at, at)
	default:
		statement = `UPDATE basket_lines SET quantity = ?, updated_at = ? WHERE customer_id = ? AND product_id = ?`
		args = append([]any{quantity, at}, args...)
	}
	if _, err := exec(ctx, tx, statement, args...); err != nil {
		return fmt.Errorf("set product %d in the basket of customer %d to %d: %w", productID, b.CustomerID, quantity, err)
	}
	return nil
}

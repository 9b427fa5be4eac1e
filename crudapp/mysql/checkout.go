package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// PlaceOrder implements order.Store.
func (s *Store) PlaceOrder(ctx context.Context, p order.Placement) (placed order.Order, err error) {
	err = s.inTxAgain(ctx, fmt.Sprintf("place an order of customer %d", p.CustomerID), func(tx *sql.Tx) error {
		if err := holdBasket(ctx, tx, p.CustomerID, p.AddressID); err != nil {
			return err
		}
		placed, err = placedBefore(ctx, tx, p)
		if errors.Is(err, crudapp.ErrNotFound) {
			placed, err = placeOrder(ctx, tx, p)
		}
		return err
	})
	if err != nil {
		return order.Order{}, err
	}
	return placed, nil
}

// holdBasket holds all that an order depends on until the transaction ends: the
// customer and with her the basket; the address; the products, so that their prices
// stay; and their stock, the latter two in the order of their ids. Its reads lock, and
// so come before any that does not: the first of those settles what the others see.
func holdBasket(ctx context.Context, tx *sql.Tx, customerID, addressID uint64) error {
	if err := lockCustomer(ctx, tx, customerID); err != nil {
		return err
	}
	if _, err := hold(ctx, tx, `SELECT id FROM addresses WHERE id = ? LOCK IN SHARE MODE`, addressID); err != nil {
		return fmt.Errorf("hold address %d: %w", addressID, err)
	}
	ids, err := hold(ctx, tx, `SELECT product_id FROM basket_lines WHERE customer_id = ? LOCK IN SHARE MODE`, customerID)
	if err != nil {
		return fmt.Errorf("hold the basket of customer %d: %w", customerID, err)
	}
	if len(ids) == 0 {
		return nil
	}
	in := `IN (?` + strings.Repeat(", ?", len(ids)-1) + `)`
	if _, err := hold(ctx, tx, `SELECT id FROM products FORCE INDEX (PRIMARY) WHERE id `+in+` ORDER BY id LOCK IN SHARE MODE`, ids...); err != nil {
		return fmt.Errorf("hold the products in the basket of customer %d: %w", customerID, err)
	}
	if _, err := hold(ctx, tx, `SELECT product_id FROM stock FORCE INDEX (PRIMARY) WHERE product_id `+in+` ORDER BY product_id FOR UPDATE`, ids...); err != nil {
		return fmt.Errorf("hold the stock of the basket of customer %d: %w", customerID, err)
	}
	return nil
}

// hold runs a locking read of ids.
func hold(ctx context.Context, tx *sql.Tx, query string, args ...any) ([]any, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(r row) (any, error) {
		var id uint64
		err := r.Scan(&id)
		return id, err
	})
}

// placedBefore returns the order that was placed under the same key. The transaction
// holds the customer, so that nothing is being placed meanwhile.
func placedBefore(ctx context.Context, tx *sql.Tx, p order.Placement) (order.Order, error) {
	var id uint64
	var hash []byte
	row := tx.QueryRowContext(ctx, `SELECT id, request_hash FROM orders WHERE customer_id = ? AND idempotency_key = ?`, p.CustomerID, p.Key)
	if err := row.Scan(&id, &hash); err != nil {
		return order.Order{}, fmt.Errorf("look for an order of customer %d by key: %w", p.CustomerID, known(err))
	}
	o, err := readOrder(ctx, tx, id)
	if err == nil && !slices.Equal(hash, p.RequestHash[:]) {
		return order.Order{}, &order.KeyUsed{Stored: o}
	}
	return o, err
}

// placeOrder makes an order of what the transaction holds.
func placeOrder(ctx context.Context, tx *sql.Tx, p order.Placement) (order.Order, error) {
	to, err := readAddress(ctx, tx, p.CustomerID, p.AddressID)
	if err != nil {
		return order.Order{}, err
	}
	b, err := readBasket(ctx, tx, p.CustomerID)
	if err != nil {
		return order.Order{}, err
	}
	o, err := p.Decide(b, to)
	if err != nil {
		return order.Order{}, err
	}
	id, err := insertOrder(ctx, tx, o, p)
	if err != nil {
		return order.Order{}, err
	}
	if err := takeOut(ctx, tx, o.Lines, o.PlacedAt); err != nil {
		return order.Order{}, err
	}
	if _, err := exec(ctx, tx, `DELETE FROM basket_lines WHERE customer_id = ?`, p.CustomerID); err != nil {
		return order.Order{}, fmt.Errorf("empty the basket of customer %d: %w", p.CustomerID, err)
	}
	if o, err = readOrder(ctx, tx, id); err != nil {
		return order.Order{}, err
	}
	o.Stock, err = stockOf(ctx, tx, o)
	return o, err
}

// insertOrder stores an order with its lines and returns its id.
func insertOrder(ctx context.Context, tx *sql.Tx, o order.Order, p order.Placement) (uint64, error) {
	shipTo, err := encodePostal(o.ShipTo)
	if err != nil {
		return 0, fmt.Errorf("encode the address of an order of customer %d: %w", o.CustomerID, err)
	}
	result, err := exec(ctx, tx,
		`INSERT INTO orders (customer_id, status, total, currency, ship_to, idempotency_key, request_hash, placed_at, updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.CustomerID, string(o.Status), o.Total.String(), o.Currency, shipTo, p.Key, p.RequestHash[:], o.PlacedAt, o.UpdatedAt, o.Version)
	if err != nil {
		return 0, fmt.Errorf("insert an order of customer %d: %w", o.CustomerID, err)
	}
	id, err := newID(result)
	if err != nil {
		return 0, err
	}
	values := strings.Repeat(", (?, ?, ?, ?, ?, ?, ?)", len(o.Lines))[len(", "):]
	var args []any
	for _, l := range o.Lines {
		args = append(args, id, l.Number, l.ProductID, l.SKU, l.Name, l.UnitPrice.String(), l.Quantity)
	}
	_, err = exec(ctx, tx, `INSERT INTO order_lines (order_id, line, product_id, sku, name, unit_price, quantity) VALUES `+values, args...)
	if err != nil {
		return 0, fmt.Errorf("insert the lines of order %d: %w", id, err)
	}
	return id, nil
}

// takeOut counts down the stock of what is ordered. The order was decided on with the
// stock held, so that the condition on it only guards against a mistake.
func takeOut(ctx context.Context, tx *sql.Tx, lines []order.Line, at time.Time) error {
	for _, l := range byProduct(lines) {
		result, err := exec(ctx, tx,
			`UPDATE stock SET on_hand = on_hand - ?, updated_at = ?, version = version + 1 WHERE product_id = ? AND on_hand >= ?`,
			l.Quantity, at, l.ProductID, l.Quantity)
		if err != nil {
			return fmt.Errorf("take %d of product %d out of stock: %w", l.Quantity, l.ProductID, err)
		}
		if taken, err := one(result); err != nil || !taken {
			return errors.Join(fmt.Errorf("take %d of product %d out of stock: there are not as many", l.Quantity, l.ProductID), err)
		}
	}
	return nil
}

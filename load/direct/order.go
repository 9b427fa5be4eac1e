package direct

import (
	"context"
	"fmt"
	"slices"

	"telltale/load"
)

// maxLines is how many lines an order has at most.
const maxLines = 3

// place orders some products: stock, the order and its lines in one transaction.
func (t *transaction) place(ctx context.Context) error {
	id := t.pick()
	o := t.request(id)
	shelf := t.target.shelf()
	var products []uint64
	for range 1 + t.random.IntN(maxLines) {
		products = append(products, shelf[load.Popular(t.random, len(shelf))])
	}
	// In one order everywhere, so that nobody waits for each other.
	slices.Sort(products)
	var lines []load.OrderLine
	total := int64(0)
	for n, product := range slices.Compact(products) {
		l := load.OrderLine{Line: n + 1, ProductID: product, Quantity: 1 + t.random.IntN(3)}
		if err := t.take(ctx, product, l.Quantity, o); err != nil {
			return err
		}
		var cents int64
		row := t.conn.QueryRowContext(ctx, "SELECT sku, name, price, CAST(price * 100 AS SIGNED) FROM products WHERE id = ?", product)
		if err := row.Scan(&l.SKU, &l.Name, &l.UnitPrice, &cents); err != nil {
			return fmt.Errorf("read what product %d costs: %w", product, err)
		}
		total += cents * int64(l.Quantity)
		lines = append(lines, l)
	}
	return t.insertOrder(ctx, o, load.Order{
		CustomerID: id, Status: "placed", Total: load.Amount(total), Currency: currency, Version: 1,
	}, lines)
}

func (t *transaction) insertOrder(ctx context.Context, o origin, placed load.Order, lines []load.OrderLine) error {
	var err error
	placed.ID, err = t.insert(ctx, 1, o,
		"INSERT INTO orders (customer_id, status, total, currency, ship_to, idempotency_key, request_hash, placed_at) "+
			`VALUES (?, ?, ?, ?, '{"city": "Köln"}', ?, '', UTC_TIMESTAMP(6))`,
		placed.CustomerID, placed.Status, placed.Total, placed.Currency, t.key())
	if err != nil {
		return err
	}
	if err := t.created(o, orderRef(placed.ID), customerRef(placed.CustomerID), placed); err != nil {
		return err
	}
	for _, l := range lines {
		l.OrderID = placed.ID
		_, err := t.exec(ctx, 1, o, "INSERT INTO order_lines (order_id, line, product_id, sku, name, unit_price, quantity) VALUES (?, ?, ?, ?, ?, ?, ?)",
			l.OrderID, l.Line, l.ProductID, l.SKU, l.Name, l.UnitPrice, l.Quantity)
		if err != nil {
			return err
		}
		if err := t.note(o, load.OrderLines, nil, l); err != nil {
			return err
		}
	}
	return nil
}

func orderRef(id uint64) ref { return ref{table: load.Orders, id: id} }

// waiting is the oldest order with a status of any of the worker's customers.
func (t *transaction) waiting(status string) (load.Order, bool) {
	for _, id := range t.customers {
		for _, r := range t.owned(customerRef(id), load.Orders) {
			if o := t.row(r).(load.Order); o.Status == status {
				return o, true
			}
		}
	}
	return load.Order{}, false
}

// advance takes an order to its next status.
func (t *transaction) advance(ctx context.Context, by origin, to load.Order, status string) error {
	to.Status = status
	to.Version++
	_, err := t.exec(ctx, 1, by, "UPDATE orders SET status = ?, version = version + 1 WHERE id = ? AND version = ?", status, to.ID, to.Version-1)
	if err != nil {
		return err
	}
	return t.changed(by, orderRef(to.ID), to)
}

// cancel cancels a customer's oldest order that waits, in a SQL shell; where she has
// none, nothing of hers means anything.
func (t *transaction) cancel(ctx context.Context) error {
	id := t.pick()
	for _, r := range t.owned(customerRef(id), load.Orders) {
		placed := t.row(r).(load.Order)
		if placed.Status != "placed" {
			continue
		}
		placed.Status = "cancelled"
		placed.Version++
		_, err := t.exec(ctx, 1, origin{}, "UPDATE orders SET status = 'cancelled', cancelled_at = UTC_TIMESTAMP(6), cancel_reason = 'By hand.', "+
			"version = version + 1 WHERE id = ? AND version = ?", placed.ID, placed.Version-1)
		if err != nil {
			return err
		}
		return t.changed(origin{}, r, placed)
	}
	return t.update(ctx, edit{touched: true}, origin{}, id)
}

package direct

import (
	"context"
	"fmt"
	"slices"

	"telltale/load"
)

// order is a row of the orders as the load knows it.
type order struct {
	load.Order
	// ShipTo is JSON as the server writes it.
	ShipTo       string        `json:"ship_to"`
	PlacedAt     string        `json:"placed_at"`
	CancelledAt  load.Nullable `json:"cancelled_at"`
	CancelReason load.Nullable `json:"cancel_reason"`
}

// shipTo is where all orders go.
const shipTo = `{"city": "Köln"}`

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
	_, err := t.insertOrder(ctx, o, load.Order{
		CustomerID: id, Status: "placed", Total: load.Amount(total), Currency: currency, Version: 1,
	}, lines)
	return err
}

func (t *transaction) insertOrder(ctx context.Context, o origin, row load.Order, lines []load.OrderLine) (order, error) {
	at := now()
	placed := order{Order: row, ShipTo: shipTo, PlacedAt: at.Format(civilTime)}
	var err error
	placed.ID, err = t.insert(ctx, 1, o,
		"INSERT INTO orders (customer_id, status, total, currency, ship_to, idempotency_key, request_hash, placed_at) VALUES (?, ?, ?, ?, ?, ?, '', ?)",
		placed.CustomerID, placed.Status, placed.Total, placed.Currency, placed.ShipTo, t.key(), at.Format(statementTime))
	if err != nil {
		return order{}, err
	}
	if err := t.created(o, orderRef(placed.ID), customerRef(placed.CustomerID), placed); err != nil {
		return order{}, err
	}
	for _, l := range lines {
		l.OrderID = placed.ID
		_, err := t.exec(ctx, 1, o, "INSERT INTO order_lines (order_id, line, product_id, sku, name, unit_price, quantity) VALUES (?, ?, ?, ?, ?, ?, ?)",
			l.OrderID, l.Line, l.ProductID, l.SKU, l.Name, l.UnitPrice, l.Quantity)
		if err != nil {
			return order{}, err
		}
		if err := t.note(o, load.OrderLines, nil, l); err != nil {
			return order{}, err
		}
	}
	return placed, nil
}

func orderRef(id uint64) ref { return ref{table: load.Orders, id: id} }

// waiting is the oldest order with a status of any of the worker's customers.
func (t *transaction) waiting(status string) (order, bool) {
	for _, id := range t.customers {
		for _, r := range t.owned(customerRef(id), load.Orders) {
			if o := t.row(r).(order); o.Status == status {
				return o, true
			}
		}
	}
	return order{}, false
}

// advance takes an order to its next status.
func (t *transaction) advance(ctx context.Context, by origin, to order, status string) error {
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
		placed := t.row(r).(order)
		if placed.Status != "placed" {
			continue
		}
		at := now()
		placed.Status, placed.CancelledAt, placed.CancelReason = "cancelled", load.Nullable(at.Format(civilTime)), "By hand."
		placed.Version++
		_, err := t.exec(ctx, 1, origin{}, "UPDATE orders SET status = ?, cancelled_at = ?, cancel_reason = ?, version = version + 1 WHERE id = ? AND version = ?",
			placed.Status, at.Format(statementTime), string(placed.CancelReason), placed.ID, placed.Version-1)
		if err != nil {
			return err
		}
		return t.changed(origin{}, r, placed)
	}
	return t.update(ctx, edit{touched: true}, origin{}, id)
}

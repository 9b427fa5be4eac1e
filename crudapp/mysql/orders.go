package mysql

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"telltale/crudapp/contact"
	"telltale/crudapp/order"
)

const orderSelect = `SELECT o.id, o.customer_id, c.name, c.email, c.deleted_at IS NOT NULL, o.status, o.total, o.currency, o.ship_to,
	o.placed_at, o.cancelled_at, o.cancel_reason, o.updated_at, o.version
	FROM orders o JOIN customers c ON c.id = o.customer_id WHERE TRUE`

// postalJSON is an address as ship_to holds it, whatever becomes of contact.Postal.
type postalJSON struct {
	Recipient string  `json:"recipient"`
	Street    string  `json:"street"`
	Postcode  *string `json:"postcode"`
	City      string  `json:"city"`
	Country   string  `json:"country"`
}

// encodePostal returns an address as ship_to holds it.
func encodePostal(p contact.Postal) (string, error) {
	stored := postalJSON{Recipient: p.Recipient, Street: p.Street, City: p.City, Country: p.Country}
	if p.Postcode != "" {
		stored.Postcode = &p.Postcode
	}
	text, err := json.Marshal(stored)
	return string(text), err
}

// decodePostal reads what encodePostal wrote.
func decodePostal(text []byte) (contact.Postal, error) {
	var stored postalJSON
	if err := json.Unmarshal(text, &stored); err != nil {
		return contact.Postal{}, err
	}
	p := contact.Postal{Recipient: stored.Recipient, Street: stored.Street, City: stored.City, Country: stored.Country}
	if stored.Postcode != nil {
		p.Postcode = *stored.Postcode
	}
	return p, nil
}

// scanOrder reads what orderSelect selects.
func scanOrder(r row) (order.Order, error) {
	var o order.Order
	var shipTo []byte
	var cancelledAt sql.NullTime
	var reason sql.NullString
	err := r.Scan(&o.ID, &o.CustomerID, &o.Name, &o.Email, &o.Closed, &o.Status, amount(&o.Total), &o.Currency, &shipTo,
		&o.PlacedAt, &cancelledAt, &reason, &o.UpdatedAt, &o.Version)
	if err != nil {
		return order.Order{}, err
	}
	o.CancelledAt, o.CancelReason = cancelledAt.Time, reason.String
	if o.ShipTo, err = decodePostal(shipTo); err != nil {
		return order.Order{}, fmt.Errorf("decode the address of order %d: %w", o.ID, err)
	}
	return o, nil
}

// Order implements order.Store.
func (s *Store) Order(ctx context.Context, id uint64) (order.Order, error) {
	return readOrder(ctx, s.db, id)
}

func readOrder(ctx context.Context, from queryer, id uint64) (order.Order, error) {
	o, err := scanOrder(from.QueryRowContext(ctx, orderSelect+` AND o.id = ?`, id))
	if err != nil {
		return order.Order{}, fmt.Errorf("read order %d: %w", id, known(err))
	}
	rows, err := from.QueryContext(ctx,
		`SELECT line, product_id, sku, name, unit_price, quantity FROM order_lines WHERE order_id = ? ORDER BY line`, id)
	if err != nil {
		return order.Order{}, fmt.Errorf("read the lines of order %d: %w", id, err)
	}
	o.Lines, err = collect(rows, func(r row) (order.Line, error) {
		var l order.Line
		err := r.Scan(&l.Number, &l.ProductID, &l.SKU, &l.Name, amount(&l.UnitPrice), &l.Quantity)
		return l, err
	})
	if err != nil {
		return order.Order{}, fmt.Errorf("read the lines of order %d: %w", id, err)
	}
	return o, nil
}

// Orders implements order.Store.
func (s *Store) Orders(ctx context.Context, q order.Query) ([]order.Order, error) {
	condition, args := orderCondition(q)
	return s.orders(ctx, condition+` ORDER BY o.id DESC LIMIT ?`, append(args, q.Limit)...)
}

// WaitingOrders implements order.Store.
func (s *Store) WaitingOrders(ctx context.Context, w order.Waiting) ([]order.Order, error) {
	return s.orders(ctx, ` AND o.status = 'placed' AND o.placed_at < ? AND o.id > ? ORDER BY o.id LIMIT ?`, w.PlacedBefore, w.After, w.Limit)
}

func (s *Store) orders(ctx context.Context, condition string, args ...any) ([]order.Order, error) {
	rows, err := s.db.QueryContext(ctx, orderSelect+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	found, err := collect(rows, scanOrder)
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	return found, nil
}

// orderCondition is what q adds to orderSelect.
func orderCondition(q order.Query) (string, []any) {
	var b strings.Builder
	var args []any
	and := func(condition string, value any) {
		b.WriteString(" AND " + condition)
		args = append(args, value)
	}
	and("o.id < ?", below(q.Before))
	if q.CustomerID > 0 {
		and("o.customer_id = ?", q.CustomerID)
	}
	if q.Number > 0 {
		and("o.id = ?", q.Number)
	}
	if q.Email != "" {
		and("c.email LIKE ? ESCAPE '!'", literal.Replace(q.Email)+"%")
	}
	if q.Status != "" {
		and("o.status = ?", string(q.Status))
	}
	return b.String(), args
}

package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"telltale/crudapp/catalogue"
	"telltale/crudapp/order"
)

// CancelOrder implements order.Store.
func (s *Store) CancelOrder(ctx context.Context, c order.Cancellation) (cancelled order.Order, err error) {
	err = s.inTxAgain(ctx, fmt.Sprintf("cancel order %d", c.OrderID), func(tx *sql.Tx) error {
		var was order.Order
		if was, cancelled, err = takeStep(ctx, tx, c.Transition); err != nil {
			return err
		}
		if was.Status == order.StatusPaid {
			if err := refundRest(ctx, tx, c); err != nil {
				return err
			}
		}
		if err := putBack(ctx, tx, cancelled.Lines, c.At); err != nil {
			return err
		}
		cancelled.Stock, err = stockOf(ctx, tx, cancelled)
		return err
	})
	if err != nil {
		return order.Order{}, err
	}
	return cancelled, nil
}

// takeStep takes an order from one status to another in a transaction, which then
// holds it, and returns it as it was and as it is. Errors are those of
// order.Transition.Apply, and crudapp.ErrNotFound.
func takeStep(ctx context.Context, tx *sql.Tx, t order.Transition) (was, is order.Order, err error) {
	if was, err = lockOrder(ctx, tx, t.OrderID); err != nil {
		return order.Order{}, order.Order{}, err
	}
	if is, err = t.Apply(was); err != nil {
		return order.Order{}, order.Order{}, err
	}
	_, err = exec(ctx, tx,
		`UPDATE orders SET status = ?, cancelled_at = ?, cancel_reason = ?, updated_at = ?, version = ? WHERE id = ? AND version = ?`,
		string(is.Status), sql.NullTime{Time: is.CancelledAt, Valid: !is.CancelledAt.IsZero()}, nullable(is.CancelReason),
		is.UpdatedAt, is.Version, is.ID, was.Version)
	if err != nil {
		return order.Order{}, order.Order{}, fmt.Errorf("take order %d from %s to %s: %w", is.ID, was.Status, is.Status, err)
	}
	return was, is, nil
}

// lockOrder returns an order that nobody else changes until the transaction ends. It
// holds the order's row alone, and reads the rest afterwards.
func lockOrder(ctx context.Context, tx *sql.Tx, id uint64) (order.Order, error) {
	if err := tx.QueryRowContext(ctx, `SELECT id FROM orders WHERE id = ? FOR UPDATE`, id).Scan(&id); err != nil {
		return order.Order{}, fmt.Errorf("lock order %d: %w", id, known(err))
	}
	return readOrder(ctx, tx, id)
}

// putBack adds what was ordered to the stock again, in the order of product ids, as
// takeOut takes it.
func putBack(ctx context.Context, tx *sql.Tx, lines []order.Line, at time.Time) error {
	for _, l := range byProduct(lines) {
		_, err := exec(ctx, tx, `UPDATE stock SET on_hand = on_hand + ?, updated_at = ?, version = version + 1 WHERE product_id = ?`,
			l.Quantity, at, l.ProductID)
		if err != nil {
			return fmt.Errorf("put %d of product %d back into stock: %w", l.Quantity, l.ProductID, err)
		}
	}
	return nil
}

// stockOf returns what there is of an order's products, by product id, in a transaction
// that has changed it: what others did before is in it, and nothing since.
func stockOf(ctx context.Context, tx *sql.Tx, o order.Order) ([]catalogue.Stock, error) {
	rows, err := tx.QueryContext(ctx,
		`SELECT s.product_id, s.on_hand, s.reorder_level, s.version, s.updated_at
		FROM order_lines l JOIN stock s ON s.product_id = l.product_id WHERE l.order_id = ? ORDER BY s.product_id`, o.ID)
	if err != nil {
		return nil, fmt.Errorf("read the stock of what is in order %d: %w", o.ID, err)
	}
	left, err := collect(rows, func(r row) (catalogue.Stock, error) {
		var s catalogue.Stock
		err := r.Scan(&s.ProductID, &s.OnHand, &s.ReorderLevel, &s.Version, &s.UpdatedAt)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the stock of what is in order %d: %w", o.ID, err)
	}
	return left, nil
}

// byProduct returns lines in the order in which all transactions change stock, so that
// no two wait for each other.
func byProduct(lines []order.Line) []order.Line {
	return slices.SortedFunc(slices.Values(lines), func(x, y order.Line) int { return cmp.Compare(x.ProductID, y.ProductID) })
}

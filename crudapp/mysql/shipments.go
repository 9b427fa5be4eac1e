package mysql

import (
	"context"
	"database/sql"
	"fmt"

	"telltale/crudapp/order"
	"telltale/crudapp/shipment"
)

// Shipment implements shipment.Store.
func (s *Store) Shipment(ctx context.Context, orderID uint64) (shipment.Shipment, error) {
	found := shipment.Shipment{OrderID: orderID}
	err := s.db.QueryRowContext(ctx, `SELECT id, staff_id, carrier, COALESCE(tracking, ''), shipped_at FROM shipments WHERE order_id = ?`, orderID).
		Scan(&found.ID, &found.StaffID, &found.Carrier, &found.Tracking, &found.ShippedAt)
	if err != nil {
		return shipment.Shipment{}, fmt.Errorf("read the shipment of order %d: %w", orderID, known(err))
	}
	return found, nil
}

// Ship implements shipment.Store.
func (s *Store) Ship(ctx context.Context, parcel shipment.Shipment, version uint32) (shipment.Shipment, error) {
	step := order.Transition{OrderID: parcel.OrderID, Version: version, To: order.StatusShipped, By: order.ByStaff, At: parcel.ShippedAt}
	err := s.inTxAgain(ctx, fmt.Sprintf("ship order %d", parcel.OrderID), func(tx *sql.Tx) error {
		if _, _, err := takeStep(ctx, tx, step); err != nil {
			return err
		}
		if err := notReturned(ctx, tx, parcel.OrderID); err != nil {
			return err
		}
		result, err := exec(ctx, tx, `INSERT INTO shipments (order_id, staff_id, carrier, tracking, shipped_at) VALUES (?, ?, ?, ?, ?)`,
			parcel.OrderID, parcel.StaffID, parcel.Carrier, nullable(parcel.Tracking), parcel.ShippedAt)
		if err != nil {
			return fmt.Errorf("insert the shipment of order %d: %w", parcel.OrderID, err)
		}
		parcel.ID, err = newID(result)
		return err
	})
	if err != nil {
		return shipment.Shipment{}, err
	}
	return parcel, nil
}

// notReturned returns shipment.ErrReturned where all that was paid for an order was
// paid back. The transaction has the order, which a refund begins with as well.
func notReturned(ctx context.Context, tx *sql.Tx, orderID uint64) error {
	var returned bool
	row := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM payments WHERE order_id = ? AND refunded = amount)`, orderID)
	if err := row.Scan(&returned); err != nil {
		return fmt.Errorf("read what is left of the payment of order %d: %w", orderID, err)
	}
	if returned {
		return fmt.Errorf("ship order %d: %w", orderID, shipment.ErrReturned)
	}
	return nil
}

package faults

// The rows of what belongs to an order but for its payment, as the record has them.
type (
	orderRow struct {
		ID       uint64 `json:"id"`
		Customer uint64 `json:"customer_id"`
		Status   string `json:"status"`
		Total    string `json:"total"`
		Currency string `json:"currency"`
		ShipTo   string `json:"ship_to"`
		PlacedAt string `json:"placed_at"`
		// CancelledAt and Reason are empty where they are null.
		CancelledAt string `json:"cancelled_at"`
		Reason      string `json:"cancel_reason"`
	}
	orderLineRow struct {
		Order     uint64 `json:"order_id"`
		Line      int    `json:"line"`
		Product   uint64 `json:"product_id"`
		SKU       string `json:"sku"`
		Name      string `json:"name"`
		UnitPrice string `json:"unit_price"`
		Quantity  int    `json:"quantity"`
	}
	shipmentRow struct {
		ID       uint64 `json:"id"`
		Order    uint64 `json:"order_id"`
		Staff    uint64 `json:"staff_id"`
		Carrier  string `json:"carrier"`
		Tracking string `json:"tracking"`
		At       string `json:"shipped_at"`
	}
)

func (b *builder) order(before, after orderRow) error {
	switch {
	case before.ID == 0:
		return b.event(orders, "OrderPlaced", values{
			"id": after.ID, "customer": after.Customer, "status": after.Status, "total": after.Total, "currency": after.Currency,
			"ship_to": after.ShipTo, "at": after.PlacedAt,
		})
	case after.ID == 0:
		return nil // No event tells of an order that was deleted.
	}
	if err := b.advanced(before, after); err != nil {
		return err
	}
	if before.ShipTo == after.ShipTo {
		return nil
	}
	return b.event(orders, "OrderRedirected", values{
		"id": after.ID, "customer": after.Customer, "old_ship_to": before.ShipTo, "new_ship_to": after.ShipTo,
	})
}

// advanced tells how far an order has come.
func (b *builder) advanced(before, after orderRow) error {
	const cancelled = "cancelled"
	if before.Status == after.Status {
		return nil
	}
	var err error
	switch {
	case before.Status == "placed" && after.Status == "paid":
		err = b.event(orders, "OrderPaid", values{
			"id": after.ID, "customer": after.Customer, "total": after.Total, "currency": after.Currency,
		})
	case after.Status == "shipped":
		err = b.event(orders, "OrderShipped", values{"id": after.ID, "customer": after.Customer, "ship_to": after.ShipTo})
	case after.Status == cancelled:
		err = b.event(orders, "OrderCancelled", values{
			"id": after.ID, "customer": after.Customer, "was": before.Status, "total": after.Total, "currency": after.Currency,
			"reason": nullable(after.Reason), "at": nullable(after.CancelledAt),
		})
	}
	if err != nil || before.Status != cancelled {
		return err
	}
	return b.event(orders, "OrderReopened", values{"id": after.ID, "customer": after.Customer, "status": after.Status})
}

func (b *builder) orderLine(before, after orderLineRow) error {
	if before.Order != 0 {
		return nil // Lines are told of when they are ordered, and not again.
	}
	return b.event(orders, "ProductOrdered", values{
		"id": after.Order, "line": after.Line, "product": after.Product, "sku": after.SKU, "name": after.Name,
		"quantity": after.Quantity, "unit_price": after.UnitPrice,
	})
}

func (b *builder) shipment(before, after shipmentRow) error {
	if before.ID != 0 {
		return nil // So are parcels.
	}
	return b.event(orders, "ShipmentSent", values{
		"id": after.Order, "shipment": after.ID, "carrier": after.Carrier, "tracking": nullable(after.Tracking),
		"by": after.Staff, "at": after.At,
	})
}

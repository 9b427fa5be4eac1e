package web

import (
	"context"
	"errors"

	"telltale/crudapp"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
	"telltale/crudapp/shipment"
)

// settlement is what became of an order: the part of its page about money and parcel.
type settlement struct {
	// Invoice is the address of the invoice, or empty where the page is of staff.
	Invoice string
	// Payment and Shipment are nil while there is none.
	Payment  *payment.Payment
	Refunds  []payment.Refund
	Shipment *shipment.Shipment
}

// settlement returns what became of an order.
func (s *server) settlement(ctx context.Context, o order.Order) (settlement, error) {
	var all settlement
	paid, err := s.payments.Of(ctx, o.ID)
	if errors.Is(err, crudapp.ErrNotFound) {
		return settlement{}, nil
	}
	if err != nil {
		return settlement{}, err
	}
	all.Payment = &paid
	if all.Refunds, err = s.payments.Refunds(ctx, o.ID); err != nil {
		return settlement{}, err
	}
	shipped, err := s.shipments.Of(ctx, o.ID)
	switch {
	case err == nil:
		all.Shipment = &shipped
	case !errors.Is(err, crudapp.ErrNotFound):
		return settlement{}, err
	}
	return all, nil
}

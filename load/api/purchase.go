package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"telltale/load"
)

// payment is a payment as the API shows it, and the invoice with it.
type payment struct {
	ID        uint64 `json:"id"`
	OrderID   uint64 `json:"order_id"`
	Method    string `json:"method"`
	Amount    string `json:"amount"`
	Currency  string `json:"currency"`
	Refunded  string `json:"refunded"`
	Reference string `json:"reference"`
	Version   uint32 `json:"version"`
	Invoice   string `json:"invoice"`
}

func (p payment) row(customer uint64) load.Payment {
	return load.Payment{
		ID: p.ID, OrderID: p.OrderID, CustomerID: customer, Method: p.Method, Amount: p.Amount, Currency: p.Currency,
		Refunded: p.Refunded, Reference: p.Reference, Version: p.Version,
	}
}

func (p payment) invoice() (load.Invoice, error) {
	row := load.Invoice{OrderID: p.OrderID}
	if _, err := fmt.Sscanf(p.Invoice, "%4d-%d", &row.Year, &row.Number); err != nil {
		return row, fmt.Errorf("read the number %q of the invoice of order %d: %w", p.Invoice, p.OrderID, err)
	}
	return row, nil
}

// stockRow is what an answer says of a row of the stock that an order takes: which it
// is. How many were taken, the line says.
type stockRow struct {
	ProductID uint64 `json:"product_id"`
}

// loadOrders reads what is not known of the newest orders yet, and of the one that
// the visit is about, which may be older.
func (who *visitor) loadOrders(ctx context.Context, v *visit, newest []load.Order) error {
	known := *who
	who.orders, who.lines, who.payments = map[uint64]load.Order{}, map[uint64][]load.OrderLine{}, map[uint64]payment{}
	maps.Copy(who.orders, known.orders)
	maps.Copy(who.lines, known.lines)
	maps.Copy(who.payments, known.payments)
	for _, o := range newest {
		who.orders[o.ID] = o
	}
	for _, id := range keys(who.orders, nil) {
		was, there := known.orders[id]
		if there && was == who.orders[id] && id != v.about {
			continue
		}
		if err := who.loadOrder(ctx, v, id); err != nil {
			return err
		}
	}
	return nil
}

// loadOrder reads one order, its lines, and its payment where there may be one.
func (who *visitor) loadOrder(ctx context.Context, v *visit, id uint64) error {
	path := fmt.Sprintf("/api/orders/%d", id)
	var whole struct {
		load.Order
		Lines []load.OrderLine `json:"lines"`
	}
	if there, err := v.read(ctx, path, &whole); err != nil || !there {
		return err
	}
	for i := range whole.Lines {
		whole.Lines[i].OrderID = id
	}
	who.orders[id], who.lines[id] = whole.Order, whole.Lines
	if whole.Status == "placed" {
		return nil
	}
	var paid payment
	there, err := v.read(ctx, path+"/payment", &paid)
	if there {
		who.payments[id] = paid
	}
	return err
}

// orderDifferences notes what is not as it was before about orders.
func (v *visit) orderDifferences(before visitor) error {
	customer := v.who.customer.ID
	err := each(before.orders, v.who.orders, func(was, is *load.Order) error {
		if is != nil && (was == nil || is.Status == "cancelled") {
			if err := v.stockDifferences(v.who.lines[is.ID]); err != nil {
				return err
			}
		}
		if err := v.note(load.Orders, rowOf(was, func(o load.Order) any { return o }), rowOf(is, func(o load.Order) any { return o })); err != nil || was != nil {
			return err
		}
		for _, l := range v.who.lines[is.ID] {
			if err := v.note(load.OrderLines, nil, l); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return each(before.payments, v.who.payments, func(was, is *payment) error {
		row := func(p payment) any { return p.row(customer) }
		if err := v.note(load.Payments, rowOf(was, row), rowOf(is, row)); err != nil || was != nil {
			return err
		}
		invoice, err := is.invoice()
		if err != nil {
			return err
		}
		return v.note(load.Invoices, nil, invoice)
	})
}

// stockDifferences notes that lines were taken out of the stock, or put back.
func (v *visit) stockDifferences(lines []load.OrderLine) error {
	byProduct := slices.SortedFunc(slices.Values(lines), func(a, b load.OrderLine) int { return cmp.Compare(a.ProductID, b.ProductID) })
	for _, l := range byProduct {
		row := stockRow{l.ProductID}
		if err := v.note(load.Stock, row, row); err != nil {
			return err
		}
	}
	return nil
}

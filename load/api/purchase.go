package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"telltale/load"
)

// order is an order as the API shows it.
type order struct {
	ID         uint64 `json:"id"`
	CustomerID uint64 `json:"customer_id"`
	Status     string `json:"status"`
	Total      string `json:"total"`
	Currency   string `json:"currency"`
	Version    uint32 `json:"version"`
}

// orderLine is a line of an order as the API shows it.
type orderLine struct {
	OrderID   uint64 `json:"order_id"`
	Line      int    `json:"line"`
	ProductID uint64 `json:"product_id"`
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	UnitPrice string `json:"unit_price"`
	Quantity  int    `json:"quantity"`
}

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

// paymentRow is a payment as its row.
type paymentRow struct {
	ID         uint64 `json:"id"`
	OrderID    uint64 `json:"order_id"`
	CustomerID uint64 `json:"customer_id"`
	Method     string `json:"method"`
	Amount     string `json:"amount"`
	Currency   string `json:"currency"`
	Refunded   string `json:"refunded"`
	Reference  string `json:"reference"`
	Version    uint32 `json:"version"`
}

func (p payment) row(customer uint64) paymentRow {
	return paymentRow{p.ID, p.OrderID, customer, p.Method, p.Amount, p.Currency, p.Refunded, p.Reference, p.Version}
}

// invoiceRow is an invoice as its row.
type invoiceRow struct {
	Year    int    `json:"year"`
	Number  uint32 `json:"number"`
	OrderID uint64 `json:"order_id"`
}

func (p payment) invoice() (invoiceRow, error) {
	row := invoiceRow{OrderID: p.OrderID}
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
func (who *visitor) loadOrders(ctx context.Context, v *visit, newest []order) error {
	known := *who
	who.orders, who.lines, who.payments = map[uint64]order{}, map[uint64][]orderLine{}, map[uint64]payment{}
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
		order
		Lines []orderLine `json:"lines"`
	}
	if there, err := v.read(ctx, path, &whole); err != nil || !there {
		return err
	}
	for i := range whole.Lines {
		whole.Lines[i].OrderID = id
	}
	who.orders[id], who.lines[id] = whole.order, whole.Lines
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
	err := each(before.orders, v.who.orders, func(was, is *order) error {
		if is != nil && (was == nil || is.Status == "cancelled") {
			if err := v.stockDifferences(v.who.lines[is.ID]); err != nil {
				return err
			}
		}
		if err := v.note(load.Orders, rowOf(was, func(o order) any { return o }), rowOf(is, func(o order) any { return o })); err != nil || was != nil {
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
func (v *visit) stockDifferences(lines []orderLine) error {
	byProduct := slices.SortedFunc(slices.Values(lines), func(a, b orderLine) int { return cmp.Compare(a.ProductID, b.ProductID) })
	for _, l := range byProduct {
		row := stockRow{l.ProductID}
		if err := v.note(load.Stock, row, row); err != nil {
			return err
		}
	}
	return nil
}

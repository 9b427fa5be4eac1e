package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"telltale/load"
)

// purchase is an order with all that belongs to it.
type purchase struct {
	order order
	lines []load.OrderLine
	// payment has no id where nothing was paid, shipment where nothing was sent.
	payment  payment
	shipment shipment
}

// refundable tells whether something was paid of which something is left.
func (p purchase) refundable() bool {
	return p.payment.ID != 0 && p.payment.Refunded != p.payment.Amount
}

// loadOrders reads what is not known of the newest orders yet, and of the one that
// the visit is about, which may be older.
func (who *visitor) loadOrders(ctx context.Context, v *visit, newest []order) error {
	known := who.orders
	who.orders = maps.Clone(known)
	if who.orders == nil {
		who.orders = map[uint64]purchase{}
	}
	about := []uint64{}
	for _, o := range newest {
		if known[o.ID].order != o {
			about = append(about, o.ID)
		}
	}
	if v.about != 0 && !slices.Contains(about, v.about) {
		about = append(about, v.about)
	}
	for _, id := range about {
		one, err := v.readOrder(ctx, id)
		if err != nil {
			return err
		}
		if one.order.ID != 0 {
			who.orders[id] = one
		}
	}
	return nil
}

// readOrder reads one order, its lines, and its payment and its shipment where there
// may be one.
func (v *visit) readOrder(ctx context.Context, id uint64) (purchase, error) {
	path := fmt.Sprintf("/api/orders/%d", id)
	var whole struct {
		order
		Lines []load.OrderLine `json:"lines"`
	}
	if there, err := v.read(ctx, path, &whole); err != nil || !there {
		return purchase{}, err
	}
	p := purchase{order: whole.order, lines: whole.Lines}
	for i := range p.lines {
		p.lines[i].OrderID = id
	}
	if p.order.Status != "placed" {
		if _, err := v.read(ctx, path+"/payment", &p.payment); err != nil {
			return purchase{}, err
		}
	}
	if p.payment.ID != 0 {
		p.payment.CustomerID = p.order.CustomerID
	}
	if p.payment.Method == "transfer" { // Customers record none by themselves.
		p.payment.StaffID = reference(v.clerkID())
	}
	if p.order.Status == "shipped" {
		if _, err := v.read(ctx, path+"/shipment", &p.shipment); err != nil {
			return purchase{}, err
		}
	}
	return p, nil
}

// purchaseDifferences notes what is not as it was before about orders.
func (v *visit) purchaseDifferences(before visitor) error {
	for _, id := range keys(before.orders, v.who.orders) {
		if err := v.purchaseDifference(before.orders[id], v.who.orders[id]); err != nil {
			return err
		}
	}
	return nil
}

// purchaseDifference notes rows in the order in which the shop writes them.
func (v *visit) purchaseDifference(was, is purchase) error {
	if was.order != is.order {
		if err := v.note(load.Orders, unless(was.order.ID == 0, was.order), is.order); err != nil {
			return err
		}
	}
	if was.order.ID == 0 {
		for _, l := range is.lines {
			if err := v.note(load.OrderLines, nil, l); err != nil {
				return err
			}
		}
	}
	if err := v.paymentDifference(was.payment, is.payment); err != nil {
		return err
	}
	if was.shipment.ID != is.shipment.ID {
		is.shipment.StaffID = v.clerkID()
		if err := v.note(load.Shipments, nil, is.shipment); err != nil {
			return err
		}
	}
	switch {
	case was.order.ID == 0 && is.order.Status == "placed":
		return v.stockDifference(is.lines, 1)
	case was.order.Status != "cancelled" && is.order.Status == "cancelled":
		return v.stockDifference(is.lines, -1)
	}
	return nil
}

// paymentDifference notes a payment, its invoice, and refunds.
func (v *visit) paymentDifference(was, is payment) error {
	if was.paymentRow != is.paymentRow {
		if err := v.note(load.Payments, unless(was.ID == 0, was.paymentRow), is.paymentRow); err != nil {
			return err
		}
	}
	if was.ID == 0 && is.ID != 0 {
		invoice, err := is.invoice()
		if err == nil {
			err = v.note(load.Invoices, nil, invoice)
		}
		if err != nil {
			return err
		}
	}
	for _, r := range is.Refunds[len(was.Refunds):] { // The oldest come first.
		r.PaymentID, r.StaffID = is.ID, v.clerkID()
		if err := v.note(load.Refunds, nil, r); err != nil {
			return err
		}
	}
	return nil
}

// clerkID is the staff's row as whom the load ships and refunds: nobody else does so
// with its orders.
func (v *visit) clerkID() uint64 {
	if v.target.clerk == nil {
		return 0
	}
	return v.target.clerk.id
}

// unless is a row, or nil where there is none.
func unless(none bool, row any) any {
	if none {
		return nil
	}
	return row
}

// left is what the shop tells staff at a till of the stock that a request has changed.
type left struct {
	Stock []stockRow `json:"stock"`
}

// of is what is left of a product.
func (l left) of(id uint64) (stockRow, bool) {
	i := slices.IndexFunc(l.Stock, func(s stockRow) bool { return s.ProductID == id })
	if i < 0 {
		return stockRow{}, false
	}
	return l.Stock[i], true
}

// stockDifference notes that lines were taken out of the stock, or put back where sign
// is -1.
func (v *visit) stockDifference(lines []load.OrderLine, sign int) error {
	byProduct := slices.SortedFunc(slices.Values(lines), func(a, b load.OrderLine) int { return cmp.Compare(a.ProductID, b.ProductID) })
	for _, l := range byProduct {
		var before, after any = unknownStock{l.ProductID}, unknownStock{l.ProductID}
		if row, told := v.left.of(l.ProductID); told {
			before, after = row.before(sign*l.Quantity), row
		} else {
			v.untold = append(v.untold, l.ProductID)
		}
		if err := v.note(load.Stock, before, after); err != nil {
			return err
		}
	}
	return nil
}

package direct

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"telltale/load"
)

// payment is a row of the payments as the load knows it.
type payment struct {
	load.Payment
	// StaffID is who recorded a transfer, nil where the customer paid by herself.
	StaffID *uint64 `json:"staff_id"`
	PaidAt  string  `json:"paid_at"`
}

// invoice is a row of the invoices as the load knows it.
type invoice struct {
	load.Invoice
	IssuedAt string `json:"issued_at"`
}

// refund is a row of the refunds as the load knows it.
type refund struct {
	ID        uint64 `json:"id"`
	OrderID   uint64 `json:"order_id"`
	PaymentID uint64 `json:"payment_id"`
	StaffID   uint64 `json:"staff_id"`
	Amount    string `json:"amount"`
	Currency  string `json:"currency"`
	Reason    string `json:"reason"`
	At        string `json:"refunded_at"`
}

// shipment is a row of the shipments as the load knows it.
type shipment struct {
	ID       uint64 `json:"id"`
	OrderID  uint64 `json:"order_id"`
	StaffID  uint64 `json:"staff_id"`
	Carrier  string `json:"carrier"`
	Tracking string `json:"tracking"`
	At       string `json:"shipped_at"`
}

// pay pays for the oldest order that waits for it; where none does, one is placed.
func (t *transaction) pay(ctx context.Context) error {
	due, ok := t.waiting("placed")
	if !ok {
		return t.place(ctx)
	}
	return t.settle(ctx, due)
}

// settle pays for an order: by card, or by a transfer that the clerk saw on the account.
func (t *transaction) settle(ctx context.Context, due order) error {
	o, at := t.request(due.CustomerID), now()
	p := payment{Payment: load.Payment{
		OrderID: due.ID, CustomerID: due.CustomerID, Method: "card", Amount: due.Total, Currency: due.Currency, Refunded: "0.00",
		Reference: t.unique("load"), Version: 1,
	}, PaidAt: at.Format(civilTime)}
	if t.random.IntN(4) == 0 {
		var err error
		if o, err = t.byClerk(ctx); err != nil {
			return err
		}
		clerk := t.clerk
		p.Method, p.StaffID = "transfer", &clerk
	}
	if err := t.advance(ctx, o, due, "paid"); err != nil {
		return err
	}
	var err error
	p.ID, err = t.insert(ctx, 1, o, "INSERT INTO payments (order_id, customer_id, staff_id, method, amount, currency, reference, idempotency_key, request_hash, paid_at) "+
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?)", p.OrderID, p.CustomerID, p.StaffID, p.Method, p.Amount, p.Currency, p.Reference, t.key(), at.Format(statementTime))
	if err != nil {
		return err
	}
	if err := t.created(o, ref{table: load.Payments, id: p.ID}, customerRef(p.CustomerID), p); err != nil {
		return err
	}
	return t.issue(ctx, o, due.ID, at)
}

// key is an idempotency key.
func (t *transaction) key() string { return t.run + "-" + strconv.FormatInt(t.step.N, 10) }

// issue gives an order the next invoice of the year. All who pay take turns for it,
// those of the shop too: it comes last in the transaction, as it does there.
func (t *transaction) issue(ctx context.Context, o origin, order uint64, at time.Time) error {
	i := invoice{load.Invoice{Year: at.Year(), OrderID: order}, at.Format(civilTime)}
	const next = "INSERT INTO invoice_series (year, last) VALUES (?, 1) ON DUPLICATE KEY UPDATE last = last + 1"
	if _, err := t.conn.ExecContext(ctx, next+o.comment(), i.Year); err != nil {
		return fmt.Errorf("take the next invoice's number of %d: %w", i.Year, err)
	}
	if err := t.conn.QueryRowContext(ctx, "SELECT last FROM invoice_series WHERE year = ?", i.Year).Scan(&i.Number); err != nil {
		return fmt.Errorf("read the next invoice's number of %d: %w", i.Year, err)
	}
	_, err := t.exec(ctx, 1, o, "INSERT INTO invoices (year, number, order_id, issued_at) VALUES (?, ?, ?, ?)", i.Year, i.Number, i.OrderID, at.Format(statementTime))
	if err != nil {
		return err
	}
	return t.note(o, load.Invoices, nil, i)
}

// ship ships the oldest order that was paid; where none was, one is paid.
func (t *transaction) ship(ctx context.Context) error {
	paid, ok := t.waiting("paid")
	if !ok {
		return t.pay(ctx)
	}
	o, err := t.byClerk(ctx)
	if err != nil {
		return err
	}
	if err := t.advance(ctx, o, paid, "shipped"); err != nil {
		return err
	}
	at := now()
	s := shipment{OrderID: paid.ID, StaffID: t.clerk, Carrier: "Load Express", Tracking: t.unique("LE"), At: at.Format(civilTime)}
	s.ID, err = t.insert(ctx, 1, o, "INSERT INTO shipments (order_id, staff_id, carrier, tracking, shipped_at) VALUES (?, ?, ?, ?, ?)",
		s.OrderID, s.StaffID, s.Carrier, s.Tracking, at.Format(statementTime))
	if err != nil {
		return err
	}
	return t.note(o, load.Shipments, nil, s)
}

// refund pays back something of the oldest payment of which anything is left; where
// nothing is left of any, an order is paid.
func (t *transaction) refund(ctx context.Context) error {
	for _, id := range t.customers {
		for _, r := range t.owned(customerRef(id), load.Payments) {
			p := t.row(r).(payment)
			amount, err := load.Cents(p.Amount)
			if err != nil {
				return err
			}
			refunded, err := load.Cents(p.Refunded)
			if err != nil {
				return err
			}
			if refunded < amount {
				return t.payBack(ctx, r, p, refunded, amount-refunded)
			}
		}
	}
	return t.pay(ctx)
}

// payBack pays back all that is left of a payment, or a part of it.
func (t *transaction) payBack(ctx context.Context, r ref, p payment, refunded, left int64) error {
	back := left
	if t.random.IntN(2) == 0 {
		back = 1 + t.random.Int64N(left)
	}
	o, err := t.byClerk(ctx)
	if err != nil {
		return err
	}
	p.Refunded = load.Amount(refunded + back)
	p.Version++
	_, err = t.exec(ctx, 1, o, "UPDATE payments SET refunded = ?, version = version + 1 WHERE id = ? AND version = ?", p.Refunded, p.ID, p.Version-1)
	if err != nil {
		return err
	}
	if err := t.changed(o, r, p); err != nil {
		return err
	}
	at := now()
	f := refund{
		OrderID: p.OrderID, PaymentID: p.ID, StaffID: t.clerk, Amount: load.Amount(back), Currency: p.Currency,
		Reason: t.unique("It arrived cold."), At: at.Format(civilTime),
	}
	f.ID, err = t.insert(ctx, 1, o, "INSERT INTO refunds (order_id, payment_id, staff_id, amount, currency, reason, idempotency_key, request_hash, refunded_at) "+
		"VALUES (?, ?, ?, ?, ?, ?, ?, '', ?)", f.OrderID, f.PaymentID, f.StaffID, f.Amount, f.Currency, f.Reason, t.key(), at.Format(statementTime))
	if err != nil {
		return err
	}
	return t.note(o, load.Refunds, nil, f)
}

// byClerk is the origin of what the worker's clerk does, who can sign in nowhere and is
// hired when she is needed first.
func (t *transaction) byClerk(ctx context.Context) (o origin, err error) {
	if t.clerk == 0 {
		t.clerk, err = t.insert(ctx, 1, origin{}, "INSERT INTO staff (email, name, password_hash, created_at) VALUES (?, 'Load', 'no hash', UTC_TIMESTAMP(6))", t.email())
		if err != nil {
			return origin{}, err
		}
	}
	return origin{actor: "staff:" + strconv.FormatUint(t.clerk, 10), request: t.unique("request")}, nil
}

package web

import (
	"net/http"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/payment"
)

// receiptJSON is what never changes about a payment, and so the answer to whoever
// pays, however often she asks.
type receiptJSON struct {
	ID        uint64    `json:"id"`
	OrderID   uint64    `json:"order_id"`
	Method    string    `json:"method"`
	Amount    string    `json:"amount"`
	Currency  string    `json:"currency"`
	Reference string    `json:"reference"`
	PaidAt    time.Time `json:"paid_at"`
	// Invoice is the number of the order's invoice.
	Invoice string `json:"invoice"`
}

func newReceiptJSON(p payment.Payment) receiptJSON {
	return receiptJSON{
		ID: p.ID, OrderID: p.OrderID, Method: string(p.Method), Amount: p.Amount.String(), Currency: p.Currency,
		Reference: p.Reference, PaidAt: p.PaidAt, Invoice: p.Invoice.String(),
	}
}

// paymentJSON is a payment as the API shows it.
type paymentJSON struct {
	receiptJSON
	Refunded string       `json:"refunded"`
	Refunds  []refundJSON `json:"refunds"`
	Version  uint32       `json:"version"`
}

// refundJSON is a refund as the API shows it.
type refundJSON struct {
	ID         uint64    `json:"id"`
	OrderID    uint64    `json:"order_id"`
	Amount     string    `json:"amount"`
	Currency   string    `json:"currency"`
	Reason     string    `json:"reason"`
	RefundedAt time.Time `json:"refunded_at"`
}

func newRefundJSON(r payment.Refund) refundJSON {
	return refundJSON{ID: r.ID, OrderID: r.OrderID, Amount: r.Amount.String(), Currency: r.Currency, Reason: r.Reason, RefundedAt: r.RefundedAt}
}

// requestKey is the key under which a request may come again.
func requestKey(r *http.Request) string { return r.Header.Get("Idempotency-Key") }

func (s *server) apiPay(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	id, err := pathID(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body struct {
		Card string `json:"card"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	paid, err := s.payments.Pay(r.Context(), c.ID, id, requestKey(r), body.Card)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusCreated, newReceiptJSON(paid))
}

func (s *server) apiPayment(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	o, err := s.ownOrder(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.writePayment(w, r, o.ID)
}

// writePayment answers with the payment of an order, as those who may see the order
// see it.
func (s *server) writePayment(w http.ResponseWriter, r *http.Request, orderID uint64) {
	paid, err := s.payments.Of(r.Context(), orderID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	refunds, err := s.payments.Refunds(r.Context(), orderID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	shown := paymentJSON{receiptJSON: newReceiptJSON(paid), Refunded: paid.Refunded.String(), Refunds: make([]refundJSON, len(refunds)), Version: paid.Version}
	for i, one := range refunds {
		shown.Refunds[i] = newRefundJSON(one)
	}
	writeVersion(w, r, paid.Version, shown)
}

func (s *server) apiRecordTransfer(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	id, err := pathID(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body struct {
		Reference string `json:"reference"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	paid, err := s.payments.Record(r.Context(), staff.ID, id, requestKey(r), body.Reference)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusCreated, newReceiptJSON(paid))
}

func (s *server) apiStaffPayment(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	o, err := s.anyOrder(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.writePayment(w, r, o.ID)
}

func (s *server) apiRefund(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	id, err := pathID(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body struct {
		Amount string `json:"amount"`
		Reason string `json:"reason"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	refund, err := s.payments.Refund(r.Context(), staff.ID, id, requestKey(r), payment.RefundEntry(body))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusCreated, newRefundJSON(refund))
}

package faults

// The rows of an order's payment, as the record has them.
type (
	paymentRow struct {
		ID       uint64 `json:"id"`
		Order    uint64 `json:"order_id"`
		Customer uint64 `json:"customer_id"`
		// Staff is nil where the customer paid by herself.
		Staff     *uint64 `json:"staff_id"`
		Method    string  `json:"method"`
		Amount    string  `json:"amount"`
		Currency  string  `json:"currency"`
		Refunded  string  `json:"refunded"`
		Reference string  `json:"reference"`
		At        string  `json:"paid_at"`
	}
	refundRow struct {
		ID       uint64 `json:"id"`
		Order    uint64 `json:"order_id"`
		Payment  uint64 `json:"payment_id"`
		Staff    uint64 `json:"staff_id"`
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
		Reason   string `json:"reason"`
		At       string `json:"refunded_at"`
	}
	invoiceRow struct {
		Order  uint64 `json:"order_id"`
		Year   int    `json:"year"`
		Number int    `json:"number"`
		At     string `json:"issued_at"`
	}
)

func (b *builder) payment(before, after paymentRow) error {
	if before.ID == 0 {
		return b.event(payments, "PaymentReceived", values{
			"id": after.ID, "order": after.Order, "customer": after.Customer, "method": after.Method, "amount": after.Amount,
			"currency": after.Currency, "reference": after.Reference, "recorded_by": after.Staff, "at": after.At,
		})
	}
	if before.Refunded == before.Amount || after.Refunded != after.Amount {
		return nil // Something is left, or nothing was; or the row was deleted.
	}
	return b.event(payments, "PaymentReturned", values{
		"id": after.ID, "order": after.Order, "amount": after.Amount, "currency": after.Currency,
	})
}

func (b *builder) refund(before, after refundRow) error {
	if before.ID != 0 {
		return nil // No event tells of a refund that is taken back.
	}
	return b.event(payments, "PaymentRefunded", values{
		"id": after.ID, "order": after.Order, "payment": after.Payment, "amount": after.Amount, "currency": after.Currency,
		"reason": after.Reason, "refunded_by": after.Staff, "at": after.At,
	})
}

func (b *builder) invoice(before, after invoiceRow) error {
	if before.Order != 0 {
		return nil // Nor of an invoice that is corrected.
	}
	return b.event(payments, "InvoiceIssued", values{"order": after.Order, "year": after.Year, "number": after.Number, "at": after.At})
}

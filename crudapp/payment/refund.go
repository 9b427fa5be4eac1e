package payment

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
)

const maxReasonRunes = 200

// Refund is a part of a payment, or all of it, that was paid back.
type Refund struct {
	// ID is assigned by the store and never changes.
	ID                 uint64
	OrderID, PaymentID uint64
	// StaffID is who paid it back.
	StaffID uint32
	// Amount is more than nothing.
	Amount catalogue.Amount
	// Currency is the payment's.
	Currency string
	// Reason is 1 to 200 characters.
	Reason string
	// RefundedAt is in UTC with microseconds.
	RefundedAt time.Time
	// Request is what the refund was asked for with.
	Request Request
}

// RefundEntry is a refund as somebody typed it.
type RefundEntry struct {
	// Amount is text such as "3.20".
	Amount string
	Reason string
}

// refund returns what e says, and what is wrong with it by field.
func (e RefundEntry) refund() (Refund, map[string]string) {
	problems := map[string]string{}
	amount, err := catalogue.ParseAmount(strings.TrimSpace(e.Amount))
	if err != nil || amount == 0 {
		problems[FieldAmount] = "Enter an amount such as 3.20."
	}
	reason := strings.TrimSpace(e.Reason)
	switch {
	case reason == "":
		problems[FieldReason] = "Say why."
	case !crudapp.Printable(reason):
		problems[FieldReason] = "A reason cannot contain control characters."
	case utf8.RuneCountInString(reason) > maxReasonRunes:
		problems[FieldReason] = fmt.Sprintf("A reason can have at most %d characters.", maxReasonRunes)
	}
	return Refund{Amount: amount, Reason: reason}, problems
}

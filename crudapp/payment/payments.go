package payment

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// Options are the parts of Payments.
type Options struct {
	// Store keeps the data. Required.
	Store Store
	// Providers are the ways to pay that the shop takes. None by default.
	Providers map[Method]Provider
	// Now tells the time. Nil means time.Now.
	Now func() time.Time
}

// Payments does what customers and staff ask of payments. It may be used by several
// goroutines at once. Errors for people are *crudapp.Error or *order.StatusError;
// anything else is internal (see crudapp.ErrorCode).
type Payments struct {
	store     Store
	providers map[Method]Provider
	clock     crudapp.Clock
}

// New returns Payments over the given parts.
func New(o Options) *Payments {
	return &Payments{store: o.Store, providers: o.Providers, clock: crudapp.NewClock(o.Now)}
}

// Takes reports whether the shop takes a way to pay.
func (p *Payments) Takes(m Method) bool {
	_, ok := p.providers[m]
	return ok
}

// Of returns the payment of an order with its invoice, or crudapp.ErrNotFound. Who
// may see it is the caller's to decide.
func (p *Payments) Of(ctx context.Context, orderID uint64) (Payment, error) {
	return p.store.Payment(ctx, orderID)
}

// Pay pays a customer's order with a card and returns the payment; asked again under
// the same key it returns what it did, whatever happened since. It returns
// crudapp.ErrNotFound for an order that is not hers, an order.StatusError for one that
// does not wait to be paid, and an Error of CodeDeclined if the card is, and of
// CodeInvalid for a key that was used for something else or is none, and for a card
// that is none.
func (p *Payments) Pay(ctx context.Context, customerID, orderID uint64, key, card string) (Payment, error) {
	due, err := p.store.Order(ctx, orderID)
	if err != nil {
		return Payment{}, err
	}
	if due.CustomerID != customerID {
		return Payment{}, fmt.Errorf("pay order %d for customer %d: %w", orderID, customerID, crudapp.ErrNotFound)
	}
	return p.settle(ctx, due, Payment{Method: MethodCard}, key, card)
}

// Record notes that a customer's money came, under the reference that the bank has
// for it. Its errors are those of Pay.
func (p *Payments) Record(ctx context.Context, staffID uint32, orderID uint64, key, reference string) (Payment, error) {
	due, err := p.store.Order(ctx, orderID)
	if err != nil {
		return Payment{}, err
	}
	return p.settle(ctx, due, Payment{Method: MethodTransfer, StaffID: staffID}, key, reference)
}

// settle asks the provider for what is due and has the store take note. The order of
// the two matters: what dies in between left a promise that nobody calls in, not an
// order that is paid by nothing.
func (p *Payments) settle(ctx context.Context, due order.Order, payment Payment, key, credential string) (Payment, error) {
	if !order.ValidKey(key) {
		return Payment{}, crudapp.Invalid(map[string]string{FieldKey: badKey})
	}
	payment.OrderID, payment.CustomerID, payment.Amount, payment.Currency = due.ID, due.CustomerID, due.Total, due.Currency
	payment.Request = newRequest(key, strconv.FormatUint(due.ID, 10), string(payment.Method), credential)
	before, err := p.store.PaymentOf(ctx, due.CustomerID, key)
	switch {
	case err == nil && before.Request != payment.Request:
		return Payment{}, keyUsed()
	case err == nil || !errors.Is(err, crudapp.ErrNotFound):
		return before, err
	case !due.Status.Allows(order.StatusPaid, payment.By()):
		return Payment{}, &order.StatusError{Stored: due, To: order.StatusPaid}
	}
	if payment.Reference, err = p.authorise(ctx, payment, credential); err != nil {
		return Payment{}, err
	}
	payment.PaidAt = p.clock()
	settled, err := p.store.Settle(ctx, payment)
	if errors.Is(err, ErrKeyUsed) {
		return Payment{}, keyUsed()
	}
	return settled, err
}

func (p *Payments) authorise(ctx context.Context, payment Payment, credential string) (string, error) {
	provider, ok := p.providers[payment.Method]
	if !ok {
		return "", crudapp.Invalid(map[string]string{FieldMethod: "The shop does not take this way to pay."})
	}
	reference, err := provider.Authorise(ctx, Charge{
		Key: "order-" + strconv.FormatUint(payment.OrderID, 10), Amount: payment.Amount, Currency: payment.Currency, Credential: credential,
	})
	if bad, ok := errors.AsType[*BadCredential](err); ok {
		return "", crudapp.Invalid(map[string]string{credentialField(payment.Method): bad.Message})
	}
	if errors.Is(err, ErrDeclined) {
		return "", &crudapp.Error{Code: crudapp.CodeDeclined, Message: "The card was declined. Nothing was paid; try another one."}
	}
	if err != nil {
		return "", fmt.Errorf("ask for %s of order %d: %w", payment.Amount, payment.OrderID, err)
	}
	return reference, nil
}

// credentialField is what the credential of a way to pay is called.
func credentialField(m Method) string {
	if m == MethodTransfer {
		return FieldReference
	}
	return FieldCard
}

// badKey is what people are told about a key that is none.
const badKey = "Name the request in Idempotency-Key, in 1 to 64 visible ASCII characters."

func keyUsed() error {
	return crudapp.Invalid(map[string]string{FieldKey: "This key was used for another request."})
}

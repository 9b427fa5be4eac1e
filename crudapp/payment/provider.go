package payment

import (
	"context"
	"errors"

	"telltale/crudapp/catalogue"
)

// Charge is what a Provider is asked for.
type Charge struct {
	// Key stands for the order. Whatever number of requests ask for its money, and
	// however often one of them dies on the way, the provider sees one key.
	Key string
	// Amount is what is due, in Currency.
	Amount   catalogue.Amount
	Currency string
	// Credential is what is paid with: a card's number, or the bank's reference of
	// money that is there. Nobody logs or stores it.
	Credential string
}

// ErrDeclined is returned by a Provider that does not agree to a charge. The same
// may be agreed to another time.
var ErrDeclined = errors.New("the charge was declined")

// BadCredential is returned by a Provider that makes nothing of what is paid with.
type BadCredential struct {
	// Message is a sentence for people.
	Message string
}

// Error implements error.
func (b *BadCredential) Error() string { return b.Message }

// Provider stands between the shop and money.
type Provider interface {
	// Authorise agrees to a charge and returns the reference, of 1 to 64 characters,
	// that it is known by; or ErrDeclined, or a BadCredential. Asked again under a
	// key that it agreed to, it takes nothing more and returns the same reference.
	// What it agreed to and no payment of the shop refers to is not taken.
	Authorise(ctx context.Context, c Charge) (reference string, err error)
}

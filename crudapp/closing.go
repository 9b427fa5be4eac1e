package crudapp

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// FormerName is what a customer is called whose account was closed, where something
// of hers stays, as a review does.
const FormerName = "Former customer"

// Closing is a customer's wish to close the account.
type Closing struct {
	// Customer is who is signed in.
	Customer Customer
	// Password proves that it is she who sits there.
	Password string
	// Network is as in SignIn.
	Network string
}

// CustomerClosing is the closing of one account.
type CustomerClosing struct {
	ID uint64
	// Version is the version that it was decided from, or 0 for whichever is stored.
	Version uint32
	// Details are what takes the place of the customer's, which are forgotten.
	Details Details
	// At is when.
	At time.Time
}

// Close closes the customer's own account: her sessions end, and the shop forgets
// what it knows of her but for her country, what she ordered and what she wrote. Her
// e-mail address is free again. It returns an Error of CodeInvalid for another
// password than hers, and while an order of hers waits to be paid: it holds goods, and
// nobody could pay or cancel it any more. It limits attempts as SignIn does.
func (a *Accounts) Close(ctx context.Context, c Closing) error {
	attempt := SignIn{Email: c.Customer.Email, Password: c.Password, Network: c.Network}
	if err := admit(a.byAccount, a.byNetwork, attempt, a.now()); err != nil {
		return err
	}
	_, err := a.verify(ctx, attempt)
	if ErrorCode(err) == CodeUnauthenticated && err != nil {
		return Invalid(map[string]string{FieldPassword: "This is not your password."})
	}
	a.excuse(attempt)
	if err != nil {
		return err
	}
	_, err = a.store.CloseCustomer(ctx, a.closing(c.Customer.ID, 0))
	if errors.Is(err, ErrOrderWaits) {
		return Invalid(map[string]string{FieldPassword: "An order of yours waits to be paid. Pay for it or cancel it first."})
	}
	return err
}

// CloseFor closes a customer's account on behalf of staff, as Close does, from the
// version that they saw. It returns an Error of CodeConflict if somebody else changed
// the details in between, one of CodeInvalid while an order waits to be paid, and
// ErrNotFound if the account is closed already.
func (a *Accounts) CloseFor(ctx context.Context, id uint64, version uint32) error {
	if version == 0 {
		return closedTooLate()
	}
	won, err := a.store.CloseCustomer(ctx, a.closing(id, version))
	switch {
	case errors.Is(err, ErrOrderWaits):
		return &Error{Code: CodeInvalid, Message: "An order of this customer waits to be paid. Cancel it first."}
	case err != nil || won:
		return err
	}
	return closedTooLate()
}

func closedTooLate() *Error {
	return &Error{Code: CodeConflict, Message: "Somebody else changed these details first."}
}

// closing is the closing of an account now. The address that it is left with is
// nobody's: RFC 2606 keeps the top-level domain from being given out.
func (a *Accounts) closing(id uint64, version uint32) CustomerClosing {
	return CustomerClosing{
		ID: id, Version: version, At: a.clock(),
		Details: Details{Name: FormerName, Email: fmt.Sprintf("closed-%d@shop.invalid", id)},
	}
}

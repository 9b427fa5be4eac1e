package contact

import (
	"context"
	"errors"
	"fmt"
	"time"

	"telltale/crudapp"
)

// maxAddresses is how many addresses a customer has at most.
const maxAddresses = 20

// ErrTooMany is returned by a Store for an address beyond the limit.
var ErrTooMany = errors.New("the customer has as many addresses as allowed")

// Options are the parts of a Book.
type Options struct {
	// Store keeps the data. Required.
	Store Store
	// Now tells the time. Nil means time.Now.
	Now func() time.Time
}

// Book does what customers ask of their addresses and consents. It may be used by
// several goroutines at once. Errors for people are *crudapp.Error or
// *AddressConflict; anything else is internal (see crudapp.ErrorCode).
type Book struct {
	store Store
	clock crudapp.Clock
}

// New returns a Book over the given parts.
func New(o Options) *Book {
	return &Book{store: o.Store, clock: crudapp.NewClock(o.Now)}
}

// Addresses returns a customer's addresses, the default first.
func (b *Book) Addresses(ctx context.Context, customerID uint64) ([]Address, error) {
	return b.store.Addresses(ctx, customerID)
}

// Address returns one of a customer's addresses, or crudapp.ErrNotFound.
func (b *Book) Address(ctx context.Context, customerID, id uint64) (Address, error) {
	return b.store.Address(ctx, customerID, id)
}

// Add stores a new address of a customer's; the first becomes the default. It
// returns an Error of CodeInvalid for values that break a rule.
func (b *Book) Add(ctx context.Context, customerID uint64, p Postal) (Address, error) {
	p = p.Normalized()
	if fields := p.problems(); len(fields) > 0 {
		return Address{}, crudapp.Invalid(fields)
	}
	now := b.clock()
	a, err := b.store.CreateAddress(ctx, Address{CustomerID: customerID, Postal: p, Version: 1, CreatedAt: now, UpdatedAt: now}, maxAddresses)
	if errors.Is(err, ErrTooMany) {
		return Address{}, crudapp.Invalid(map[string]string{
			FieldRecipient: fmt.Sprintf("You have %d addresses, which is the most that we can keep. Remove one first.", maxAddresses),
		})
	}
	return a, err
}

// Change changes an address from the version that the person saw. It returns an
// AddressConflict if it was changed elsewhere in between, and an Error of
// CodeInvalid for values that break a rule. An address that already is as asked for
// is left alone, from whatever version.
func (b *Book) Change(ctx context.Context, customerID, id uint64, version uint32, p Postal) (Address, error) {
	p = p.Normalized()
	if fields := p.problems(); len(fields) > 0 {
		return Address{}, crudapp.Invalid(fields)
	}
	stored, err := b.store.Address(ctx, customerID, id)
	if err != nil || stored.Postal == p {
		return stored, err
	}
	u := AddressUpdate{ID: id, CustomerID: customerID, Version: version, Postal: p, At: b.clock()}
	won, err := b.store.UpdateAddress(ctx, u)
	if err != nil {
		return Address{}, err
	}
	if won {
		stored.Postal, stored.Version, stored.UpdatedAt = p, version+1, u.At
		return stored, nil
	}
	// The winner may have written the same.
	stored, err = b.store.Address(ctx, customerID, id)
	if err != nil || stored.Postal == p {
		return stored, err
	}
	return Address{}, &AddressConflict{Yours: &p, Stored: stored}
}

// Remove removes an address from the version that the person saw. It returns an
// AddressConflict if it was changed elsewhere in between.
func (b *Book) Remove(ctx context.Context, customerID, id uint64, version uint32) error {
	won, err := b.store.DeleteAddress(ctx, customerID, id, version, b.clock())
	if err != nil || won {
		return err
	}
	stored, err := b.store.Address(ctx, customerID, id)
	if err != nil {
		return err
	}
	return &AddressConflict{Stored: stored}
}

// MakeDefault makes an address the one that is offered first.
func (b *Book) MakeDefault(ctx context.Context, customerID, id uint64) error {
	return b.store.MakeDefault(ctx, customerID, id, b.clock())
}

// Consent returns whether the customer wants to hear of offers.
func (b *Book) Consent(ctx context.Context, customerID uint64) (Consent, error) {
	return b.store.Consent(ctx, customerID)
}

// Decide notes whether the customer wants to hear of offers. To decide the same
// again is no decision.
func (b *Book) Decide(ctx context.Context, customerID uint64, given bool) (Consent, error) {
	if err := b.store.Decide(ctx, Consent{CustomerID: customerID, Given: given, At: b.clock()}); err != nil {
		return Consent{}, err
	}
	return b.store.Consent(ctx, customerID)
}

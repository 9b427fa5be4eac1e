package contact

import (
	"context"
	"time"
)

// Consent is one decision of a customer's whether the shop may tell of offers. Each
// is kept, since the shop has to be able to prove what it was allowed when.
type Consent struct {
	CustomerID uint64
	// Given is set where the customer agreed, and unset where consent was withdrawn.
	Given bool
	// At is when, in UTC with microseconds.
	At time.Time
}

// Store keeps addresses and consents. Times are in UTC with microseconds. Each
// method is atomic. Rows that do not exist, or are another customer's, are
// crudapp.ErrNotFound.
type Store interface {
	// Addresses returns a customer's addresses, the default first.
	Addresses(ctx context.Context, customerID uint64) ([]Address, error)
	// Address returns one of a customer's addresses.
	Address(ctx context.Context, customerID, id uint64) (Address, error)
	// CreateAddress stores an address unless the customer has limit of them, and
	// returns it with its id; the first of a customer's is the default. It returns
	// ErrTooMany otherwise.
	CreateAddress(ctx context.Context, a Address, limit int) (Address, error)
	// UpdateAddress changes an address and counts its version up, if the stored
	// version is still the given one; otherwise it returns false and changes nothing.
	UpdateAddress(ctx context.Context, u AddressUpdate) (bool, error)
	// DeleteAddress removes an address on the same condition. Of those that are left
	// the oldest becomes the default if the one that was removed was it.
	DeleteAddress(ctx context.Context, customerID, id uint64, version uint32, at time.Time) (bool, error)
	// MakeDefault makes an address the one that is offered first. No version counts.
	MakeDefault(ctx context.Context, customerID, id uint64, at time.Time) error

	// Consent returns a customer's last decision; one who never made any has not
	// given consent, at the zero time.
	Consent(ctx context.Context, customerID uint64) (Consent, error)
	// Decide stores a decision, unless the last one was the same.
	Decide(ctx context.Context, c Consent) error
}

// AddressUpdate is one change of an address.
type AddressUpdate struct {
	ID, CustomerID uint64
	// Version is the version that the change was made from.
	Version uint32
	Postal  Postal
	// At becomes the address's UpdatedAt.
	At time.Time
}

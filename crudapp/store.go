package crudapp

import (
	"context"
	"time"
)

// Store keeps customers, sessions and sign-ins. Times are in UTC with microseconds. Each
// method is atomic; none is undone by a later one.
type Store interface {
	// CreateCustomer stores c with its password hash and returns the id that it
	// got. It returns ErrEmailTaken if another customer has the address.
	CreateCustomer(ctx context.Context, c Customer, passwordHash string) (uint64, error)
	// Customer returns a customer with an account, or ErrNotFound.
	Customer(ctx context.Context, id uint64) (Customer, error)
	// CustomerByEmail returns the customer with a normalized address and the
	// password hash, or ErrNotFound.
	CustomerByEmail(ctx context.Context, email string) (Customer, string, error)
	// UpdateDetails changes a customer's details and counts the version up, if
	// the stored version is still the given one; otherwise it returns false and
	// changes nothing. The country stays where the details have none. It returns
	// ErrEmailTaken as CreateCustomer does.
	UpdateDetails(ctx context.Context, u DetailsUpdate) (bool, error)
	// Customers returns customers with an account by id.
	Customers(ctx context.Context, q CustomerQuery) ([]Customer, error)
	// CloseCustomer closes an account if the stored version is the given one, or none
	// is given; otherwise it returns false and changes nothing. It replaces the details
	// but for the country, deletes password, sessions, sign-ins, addresses and basket,
	// withdraws consent, and keeps everything else. The customer then counts as not
	// found: it returns ErrNotFound for an account that is closed already. It returns
	// ErrOrderWaits while an order of the customer's waits to be paid.
	CloseCustomer(ctx context.Context, c CustomerClosing) (bool, error)
	// ReplacePasswordHash changes a customer's password hash if it is still old.
	ReplacePasswordHash(ctx context.Context, id uint64, old, replacement string) error

	// CreateSession stores a session.
	CreateSession(ctx context.Context, s Session) error
	// CreateSignIn stores a session and the sign-in that opened it, both or
	// neither. The store assigns the sign-in's ID.
	CreateSignIn(ctx context.Context, s Session, in SignedIn) error
	// SignIns returns up to limit sign-ins of a customer, the newest first.
	SignIns(ctx context.Context, customerID uint64, limit int) ([]SignedIn, error)
	// Session returns a session with its customer, or ErrNotFound.
	Session(ctx context.Context, hash TokenHash) (Session, Customer, error)
	// TouchSession notes that a session was used.
	TouchSession(ctx context.Context, hash TokenHash, at time.Time) error
	// DeleteSession removes a session if it exists.
	DeleteSession(ctx context.Context, hash TokenHash) error
	// DeleteExpiredSessions removes up to limit sessions that ended before now
	// or were last seen before idleSince.
	DeleteExpiredSessions(ctx context.Context, now, idleSince time.Time, limit int) error
}

// DetailsUpdate is one change of a customer's details.
type DetailsUpdate struct {
	ID uint64
	// Version is the version that the change was made from.
	Version uint32
	// Details are the new, normalized values.
	Details Details
	// At becomes the customer's UpdatedAt.
	At time.Time
}

// Passwords hashes passwords and checks them, both deliberately slowly. It may
// refuse with an Error of CodeUnavailable when too many wait.
type Passwords interface {
	// Hash returns a text from which Verify can recognize the password.
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether hash was made from password, and whether it was
	// made with settings that are no longer used. An empty hash matches nothing,
	// and to find that out takes as long as for any other.
	Verify(ctx context.Context, hash, password string) (match, stale bool, err error)
}

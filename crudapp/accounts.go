package crudapp

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The defaults of AccountsOptions, and the limits of sign-in attempts.
const (
	DefaultSessionIdle = 2 * time.Hour
	DefaultSessionLife = 24 * time.Hour

	// touchEvery spares a write on every page view: a session's last use is
	// noted once a minute at most.
	touchEvery = time.Minute

	accountBurst    = 10
	accountInterval = time.Minute
	networkBurst    = 60
	networkInterval = 5 * time.Second
)

// AccountsOptions are the parts and settings of Accounts.
type AccountsOptions struct {
	// Store keeps the data. Required.
	Store Store
	// Passwords hashes. Required.
	Passwords Passwords
	// SessionIdle ends a session that was not used for so long. 0 means
	// DefaultSessionIdle; it should be some minutes at least.
	SessionIdle time.Duration
	// SessionLife ends a session whatever its use. 0 means DefaultSessionLife.
	SessionLife time.Duration
	// Country is the shop's own, which whoever registers without one gets. Empty
	// means DefaultCountry.
	Country string
	// Now tells the time. Nil means time.Now.
	Now func() time.Time
}

// Accounts does what people ask of their accounts. It may be used by several
// goroutines at once. Errors for people are *Error or *ConflictError; anything
// else is internal (see ErrorCode).
type Accounts struct {
	store       Store
	passwords   Passwords
	sessionIdle time.Duration
	sessionLife time.Duration
	country     string
	now         func() time.Time
	byAccount   *attempts
	byNetwork   *attempts
}

// NewAccounts returns Accounts over the given parts.
func NewAccounts(o AccountsOptions) *Accounts {
	a := &Accounts{
		store: o.Store, passwords: o.Passwords,
		sessionIdle: o.SessionIdle, sessionLife: o.SessionLife, country: o.Country, now: o.Now,
		byAccount: newAttempts(accountBurst, accountInterval),
		byNetwork: newAttempts(networkBurst, networkInterval),
	}
	if a.sessionIdle == 0 {
		a.sessionIdle = DefaultSessionIdle
	}
	if a.sessionLife == 0 {
		a.sessionLife = DefaultSessionLife
	}
	if a.country == "" {
		a.country = DefaultCountry
	}
	if a.now == nil {
		a.now = time.Now
	}
	return a
}

// Country returns the shop's own country.
func (a *Accounts) Country() string { return a.country }

// SessionLife returns how long a session lasts at most.
func (a *Accounts) SessionLife() time.Duration { return a.sessionLife }

// clock returns the time in the resolution that the store keeps, so that what
// is returned equals what is read back.
func (a *Accounts) clock() time.Time {
	return a.now().UTC().Truncate(time.Microsecond)
}

// Register opens an account, in the shop's own country where r names none. It returns
// an Error of CodeInvalid for values that
// break a rule, among them an address that another account has.
func (a *Accounts) Register(ctx context.Context, r Registration) (Customer, error) {
	d := r.Normalized()
	if d.Country == "" {
		d.Country = a.country
	}
	fields := d.problems()
	note(fields, FieldPassword, passwordProblem(r.Password, d))
	if len(fields) > 0 {
		return Customer{}, Invalid(fields)
	}
	hash, err := a.passwords.Hash(ctx, r.Password)
	if err != nil {
		return Customer{}, fmt.Errorf("hash the password of a new customer: %w", err)
	}
	now := a.clock()
	c := Customer{Details: d, Version: 1, CreatedAt: now, UpdatedAt: now}
	c.ID, err = a.store.CreateCustomer(ctx, c, hash)
	if errors.Is(err, ErrEmailTaken) {
		return Customer{}, emailTaken()
	}
	return c, err
}

// ChangeDetails changes a customer's details from the version that the person
// saw. It returns a ConflictError if somebody else changed them in between, and
// an Error of CodeInvalid for values that break a rule.
//
// Details that are already as asked for are left alone, from whatever version:
// then there is nothing to overwrite, and a form that was sent twice succeeds
// twice. The country stays where d names none.
func (a *Accounts) ChangeDetails(ctx context.Context, id uint64, version uint32, d Details) (Customer, error) {
	d = d.Normalized()
	if fields := d.problems(); len(fields) > 0 {
		return Customer{}, Invalid(fields)
	}
	stored, err := a.store.Customer(ctx, id)
	if d.Country == "" {
		d.Country = stored.Country
	}
	if err != nil || stored.Details == d {
		return stored, err
	}
	if stored.Version != version {
		return Customer{}, &ConflictError{Yours: d, Stored: stored}
	}
	update := DetailsUpdate{ID: id, Version: version, Details: d, At: a.clock()}
	won, err := a.store.UpdateDetails(ctx, update)
	switch {
	case errors.Is(err, ErrEmailTaken):
		return Customer{}, emailTaken()
	case err != nil:
		return Customer{}, err
	case !won:
		return a.lost(ctx, update)
	}
	stored.Details, stored.Version, stored.UpdatedAt = d, version+1, update.At
	return stored, nil
}

// lost judges an update that came second: it fails unless the winner wrote the
// same.
func (a *Accounts) lost(ctx context.Context, u DetailsUpdate) (Customer, error) {
	stored, err := a.store.Customer(ctx, u.ID)
	if u.Details.Country == "" {
		u.Details.Country = stored.Country
	}
	if err != nil || stored.Details == u.Details {
		return stored, err
	}
	return Customer{}, &ConflictError{Yours: u.Details, Stored: stored}
}

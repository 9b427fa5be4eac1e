package crudapp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// StaffSessionLife ends a session of staff whatever its use: a working day.
const StaffSessionLife = 12 * time.Hour

// Staff is a person who works in the shop.
type Staff struct {
	// ID is assigned by the store.
	ID uint32
	// Email is the address that the person signs in with, in lower case, unique
	// among staff. A customer may have the same.
	Email string
	Name  string
	// CreatedAt is in UTC with microseconds.
	CreatedAt time.Time
}

// Actor names the person as the cause of a change, for example "staff:3".
func (s Staff) Actor() string { return "staff:" + strconv.FormatUint(uint64(s.ID), 10) }

// StaffSession is a member of staff's being signed in on one device.
type StaffSession struct {
	TokenHash  TokenHash
	StaffID    uint32
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastSeenAt time.Time
}

// StaffStore keeps staff and their sessions, apart from customers and theirs, so
// that no mistake in one makes anybody the other. Each method is atomic.
type StaffStore interface {
	// CreateStaff stores s with its password hash and returns the id that it got,
	// or ErrEmailTaken.
	CreateStaff(ctx context.Context, s Staff, passwordHash string) (uint32, error)
	// StaffByEmail returns who has a normalized address and the password hash, or
	// ErrNotFound.
	StaffByEmail(ctx context.Context, email string) (Staff, string, error)
	// CreateStaffSession stores a session.
	CreateStaffSession(ctx context.Context, s StaffSession) error
	// StaffSession returns a session with its person, or ErrNotFound.
	StaffSession(ctx context.Context, hash TokenHash) (StaffSession, Staff, error)
	// TouchStaffSession notes that a session was used.
	TouchStaffSession(ctx context.Context, hash TokenHash, at time.Time) error
	// DeleteStaffSession removes a session if it exists.
	DeleteStaffSession(ctx context.Context, hash TokenHash) error
	// DeleteStaffSessions removes a person's sessions that ended before now or were
	// last seen before idleSince.
	DeleteStaffSessions(ctx context.Context, staffID uint32, now, idleSince time.Time) error
}

// StaffOptions are the parts of StaffAccounts.
type StaffOptions struct {
	// Store keeps the data. Required.
	Store StaffStore
	// Passwords hashes. Required.
	Passwords Passwords
	// Now tells the time. Nil means time.Now.
	Now func() time.Time
}

// StaffAccounts lets staff in. It may be used by several goroutines at once.
// Errors are as those of Accounts.
type StaffAccounts struct {
	store     StaffStore
	passwords Passwords
	now       func() time.Time
	byAccount *attempts
	byNetwork *attempts
}

// NewStaffAccounts returns StaffAccounts over the given parts.
func NewStaffAccounts(o StaffOptions) *StaffAccounts {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &StaffAccounts{
		store: o.Store, passwords: o.Passwords, now: o.Now,
		byAccount: newAttempts(accountBurst, accountInterval),
		byNetwork: newAttempts(networkBurst, networkInterval),
	}
}

func (a *StaffAccounts) clock() time.Time { return a.now().UTC().Truncate(time.Microsecond) }

// Add lets somebody into the staff pages. It returns an Error of CodeInvalid for
// values that break a rule, among them an address that is staff's already.
func (a *StaffAccounts) Add(ctx context.Context, email, name, password string) (Staff, error) {
	d := Details{Email: email, Name: name}.Normalized()
	fields := d.problems()
	note(fields, FieldPassword, passwordProblem(password, d))
	if len(fields) > 0 {
		return Staff{}, Invalid(fields)
	}
	hash, err := a.passwords.Hash(ctx, password)
	if err != nil {
		return Staff{}, fmt.Errorf("hash the password of new staff: %w", err)
	}
	s := Staff{Email: d.Email, Name: d.Name, CreatedAt: a.clock()}
	s.ID, err = a.store.CreateStaff(ctx, s, hash)
	if errors.Is(err, ErrEmailTaken) {
		return Staff{}, Invalid(map[string]string{FieldEmail: "This address is staff's already."})
	}
	return s, err
}

// SignIn checks a password and opens a session. It answers and limits attempts as
// Accounts.SignIn does, but counts them apart and keeps no record.
func (a *StaffAccounts) SignIn(ctx context.Context, s SignIn) (Token, Staff, error) {
	s.Email = NormalizeEmail(s.Email)
	if err := admit(a.byAccount, a.byNetwork, s, a.now()); err != nil {
		return "", Staff{}, err
	}
	staff, err := a.verify(ctx, s)
	if ErrorCode(err) != CodeUnauthenticated {
		a.byAccount.giveBack(s.Email)
		a.byNetwork.giveBack(s.Network)
	}
	if err != nil {
		return "", Staff{}, err
	}
	token, err := a.open(WithActor(ctx, staff.Actor()), staff, s.Previous)
	return token, staff, err
}

func (a *StaffAccounts) verify(ctx context.Context, s SignIn) (Staff, error) {
	staff, hash, err := a.store.StaffByEmail(ctx, s.Email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Staff{}, err
	}
	// Nobody has the empty hash and takes as long to refuse.
	match, _, err := a.passwords.Verify(ctx, hash, s.Password)
	if err != nil {
		return Staff{}, fmt.Errorf("verify a password of staff: %w", err)
	}
	if !match {
		return Staff{}, wrongPassword()
	}
	return staff, nil
}

// open replaces the session of a browser by a new one.
func (a *StaffAccounts) open(ctx context.Context, staff Staff, previous Token) (Token, error) {
	if err := a.SignOut(ctx, previous); err != nil {
		return "", err
	}
	now := a.clock()
	if err := a.store.DeleteStaffSessions(ctx, staff.ID, now, now.Add(-DefaultSessionIdle)); err != nil {
		return "", err
	}
	token := newToken()
	hash, _ := token.hash()
	return token, a.store.CreateStaffSession(ctx, StaffSession{
		TokenHash: hash, StaffID: staff.ID, CreatedAt: now, ExpiresAt: now.Add(StaffSessionLife), LastSeenAt: now,
	})
}

// Authenticate returns whom token stands for. It returns an Error of
// CodeUnauthenticated for a token that is unknown, signed out or too old.
func (a *StaffAccounts) Authenticate(ctx context.Context, token Token) (Staff, error) {
	hash, ok := token.hash()
	if !ok {
		return Staff{}, pleaseSignInAsStaff()
	}
	session, staff, err := a.store.StaffSession(ctx, hash)
	if errors.Is(err, ErrNotFound) {
		return Staff{}, pleaseSignInAsStaff()
	}
	if err != nil {
		return Staff{}, err
	}
	now := a.clock()
	if !now.Before(session.ExpiresAt) || !now.Before(session.LastSeenAt.Add(DefaultSessionIdle)) {
		return Staff{}, pleaseSignInAsStaff()
	}
	if now.Before(session.LastSeenAt.Add(touchEvery)) {
		return staff, nil
	}
	return staff, a.store.TouchStaffSession(WithActor(ctx, staff.Actor()), hash, now)
}

// SignOut ends a session. A token without one is no error.
func (a *StaffAccounts) SignOut(ctx context.Context, token Token) error {
	hash, ok := token.hash()
	if !ok {
		return nil
	}
	return a.store.DeleteStaffSession(ctx, hash)
}

func pleaseSignInAsStaff() *Error {
	return &Error{Code: CodeUnauthenticated, Message: "Please sign in as staff."}
}

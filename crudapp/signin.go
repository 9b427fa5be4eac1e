package crudapp

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweepLimit bounds how many ended sessions a sign-in removes, so that nobody
// waits for a backlog. Each sign-in adds one session and removes up to so many,
// which keeps the table from growing.
const sweepLimit = 20

// SignIn is an attempt to sign in.
type SignIn struct {
	Email    string
	Password string
	// Address is the client's network address, as the customer is shown it.
	Address string
	// Network is where the attempt comes from, as far as limits of attempts
	// should tell places apart.
	Network string
	// UserAgent is what the client calls itself; optional.
	UserAgent string
	// Previous is the token that the browser already had, if any. Its session
	// ends: a token from before a sign-in is never worth anything after it.
	Previous Token
}

// SignIn checks a password and opens a session. An unknown address and a wrong
// password get the same answer, an Error of CodeUnauthenticated, after the same
// time. Too many failures for the account or from the address get CodeTooMany.
func (a *Accounts) SignIn(ctx context.Context, s SignIn) (Token, Customer, error) {
	s.Email = NormalizeEmail(s.Email)
	if err := admit(a.byAccount, a.byNetwork, s, a.now()); err != nil {
		return "", Customer{}, err
	}
	customer, err := a.verify(ctx, s)
	if err != nil {
		if ErrorCode(err) != CodeUnauthenticated {
			a.excuse(s)
		}
		return "", Customer{}, err
	}
	a.excuse(s)
	token, err := a.open(ctx, customer, s.Previous, func(ctx context.Context, session Session) error {
		return a.store.CreateSignIn(ctx, session, SignedIn{
			CustomerID: customer.ID, At: session.CreatedAt,
			Address: fitting(s.Address, maxAddressRunes), UserAgent: fitting(s.UserAgent, maxUserAgentRunes),
		})
	})
	if err != nil {
		return "", Customer{}, err
	}
	return token, customer, nil
}

// admit counts an attempt as a failure, before it is known to be one: attempts
// made all at once are limited too.
func admit(byAccount, byNetwork *attempts, s SignIn, now time.Time) error {
	wait := byAccount.take(s.Email, now)
	if wait == 0 {
		if wait = byNetwork.take(s.Network, now); wait == 0 {
			return nil
		}
		byAccount.giveBack(s.Email)
	}
	return &Error{
		Code: CodeTooMany, Message: "Too many attempts to sign in. Please wait a moment and try again.",
		RetryAfter: wait,
	}
}

// excuse takes back what admit counted.
func (a *Accounts) excuse(s SignIn) {
	a.byAccount.giveBack(s.Email)
	a.byNetwork.giveBack(s.Network)
}

func (a *Accounts) verify(ctx context.Context, s SignIn) (Customer, error) {
	customer, hash, err := a.store.CustomerByEmail(ctx, s.Email)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Customer{}, err
	}
	// An unknown customer has the empty hash and takes as long to refuse.
	match, stale, err := a.passwords.Verify(ctx, hash, s.Password)
	if err != nil {
		return Customer{}, fmt.Errorf("verify a password: %w", err)
	}
	if !match {
		return Customer{}, wrongPassword()
	}
	if stale {
		return customer, a.rehash(ctx, customer, hash, s.Password)
	}
	return customer, nil
}

func wrongPassword() *Error {
	return &Error{Code: CodeUnauthenticated, Message: "The e-mail address or the password is wrong."}
}

func pleaseSignIn() *Error {
	return &Error{Code: CodeUnauthenticated, Message: "Please sign in."}
}

// rehash replaces a hash that was made with settings of the past, now that the
// password is at hand.
func (a *Accounts) rehash(ctx context.Context, c Customer, old, password string) error {
	replacement, err := a.passwords.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("hash the password of customer %d anew: %w", c.ID, err)
	}
	return a.store.ReplacePasswordHash(WithActor(ctx, c.Actor()), c.ID, old, replacement)
}

// OpenSession signs c in without a password, as after a registration, and ends
// the session of the token that the browser had before, if any. It is no sign-in
// and leaves no SignedIn.
func (a *Accounts) OpenSession(ctx context.Context, c Customer, previous Token) (Token, error) {
	return a.open(ctx, c, previous, a.store.CreateSession)
}

// open replaces the session of a browser by a new one, which create stores.
func (a *Accounts) open(ctx context.Context, c Customer, previous Token, create func(context.Context, Session) error) (Token, error) {
	ctx = WithActor(ctx, c.Actor())
	if err := a.SignOut(ctx, previous); err != nil {
		return "", err
	}
	now := a.clock()
	if err := a.store.DeleteExpiredSessions(ctx, now, now.Add(-a.sessionIdle), sweepLimit); err != nil {
		return "", err
	}
	token := newToken()
	hash, _ := token.hash()
	session := Session{
		TokenHash: hash, CustomerID: c.ID,
		CreatedAt: now, ExpiresAt: now.Add(a.sessionLife), LastSeenAt: now,
	}
	if err := create(ctx, session); err != nil {
		return "", err
	}
	return token, nil
}

// Authenticate returns the customer that token stands for. It returns an Error
// of CodeUnauthenticated for a token that is unknown, signed out or too old.
func (a *Accounts) Authenticate(ctx context.Context, token Token) (Customer, error) {
	hash, ok := token.hash()
	if !ok {
		return Customer{}, pleaseSignIn()
	}
	session, customer, err := a.store.Session(ctx, hash)
	if errors.Is(err, ErrNotFound) {
		return Customer{}, pleaseSignIn()
	}
	if err != nil {
		return Customer{}, err
	}
	now := a.clock()
	if !session.alive(now, a.sessionIdle) {
		return Customer{}, pleaseSignIn()
	}
	return customer, a.touch(WithActor(ctx, customer.Actor()), session, now)
}

func (a *Accounts) touch(ctx context.Context, s Session, now time.Time) error {
	if now.Before(s.LastSeenAt.Add(touchEvery)) {
		return nil
	}
	return a.store.TouchSession(ctx, s.TokenHash, now)
}

// SignOut ends a session. A token without one is no error.
func (a *Accounts) SignOut(ctx context.Context, token Token) error {
	hash, ok := token.hash()
	if !ok {
		return nil
	}
	return a.store.DeleteSession(ctx, hash)
}

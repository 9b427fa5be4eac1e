package crudapp

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Code says what kind of failure an error is. Its text is part of the API.
type Code string

// The codes that ErrorCode returns.
const (
	// CodeInvalid: a value breaks a rule; Error.Fields says which.
	CodeInvalid Code = "invalid"
	// CodeConflict: somebody else changed the same thing first.
	CodeConflict Code = "conflict"
	// CodeNotFound: the thing asked for does not exist.
	CodeNotFound Code = "not_found"
	// CodeUnauthenticated: nobody is signed in, or the sign-in was refused.
	CodeUnauthenticated Code = "unauthenticated"
	// CodeDeclined: what was to be paid with was refused; nothing was paid.
	CodeDeclined Code = "declined"
	// CodeTooMany: too many attempts; Error.RetryAfter says when to come back.
	CodeTooMany Code = "too_many"
	// CodeUnavailable: the application has more to do than it can; it is worth
	// trying again after Error.RetryAfter.
	CodeUnavailable Code = "unavailable"
	// CodeInternal: everything else. Its text is not for customers.
	CodeInternal Code = "internal"
)

// Error is a failure that the person who asked can understand.
type Error struct {
	// Code is the kind of failure.
	Code Code
	// Message is a sentence for people.
	Message string
	// Fields holds a sentence for each field with a bad value, by field name.
	Fields map[string]string
	// RetryAfter is how long to wait before another attempt; 0 where waiting
	// does not help.
	RetryAfter time.Duration
}

// Error implements error. It names the fields, never their values.
func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Message
	}
	fields := slices.Sorted(maps.Keys(e.Fields))
	return fmt.Sprintf("%s (%s)", e.Message, strings.Join(fields, ", "))
}

// ConflictError is returned for a change that was made from a version that is
// no longer the stored one. It holds both sides, so that the person can decide.
type ConflictError struct {
	// Yours is what the change asked for.
	Yours Details
	// Stored is the customer as stored now.
	Stored Customer
}

// Error implements error without the personal values that it carries.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("change customer %d: somebody else changed it first, to version %d", e.Stored.ID, e.Stored.Version)
}

var (
	// ErrNotFound is returned by a Store for a row that does not exist.
	ErrNotFound = errors.New("not found")
	// ErrOrderWaits is returned by a Store when an order of a customer's waits to
	// be paid.
	ErrOrderWaits = errors.New("an order waits to be paid")
	// ErrEmailTaken is returned by a Store when another customer has the
	// address.
	ErrEmailTaken = errors.New("another customer has this e-mail address")
)

// ErrorCode returns the kind of err: the code of an Error or ConflictError
// within it, CodeNotFound for ErrNotFound, otherwise CodeInternal.
func ErrorCode(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if _, ok := errors.AsType[*ConflictError](err); ok {
		return CodeConflict
	}
	if errors.Is(err, ErrNotFound) {
		return CodeNotFound
	}
	return CodeInternal
}

// Invalid returns an Error of CodeInvalid for the fields, with what is wrong with
// each.
func Invalid(fields map[string]string) *Error {
	return &Error{Code: CodeInvalid, Message: "Some values need another look.", Fields: fields}
}

func emailTaken() *Error {
	return Invalid(map[string]string{FieldEmail: "There is already an account with this e-mail address."})
}

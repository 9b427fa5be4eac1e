package crudapp

import (
	"strconv"
	"strings"
	"time"
)

// Customer is a person with an account.
type Customer struct {
	// ID is assigned by the store and never changes.
	ID uint64
	Details
	// Version counts the changes of Details, from 1. A change names the version
	// that it was made from, so that it cannot overwrite another unseen.
	Version uint32
	// CreatedAt is when the account was opened, in UTC with microseconds.
	CreatedAt time.Time
	// UpdatedAt is when the row last changed, in UTC with microseconds. It may
	// move while Version stays, since not every column is part of Details.
	UpdatedAt time.Time
}

// Actor names the customer as the cause of a change, for example "customer:7".
func (c Customer) Actor() string {
	return "customer:" + strconv.FormatUint(c.ID, 10)
}

// Details is what customers may change about themselves.
type Details struct {
	// Email is the address that the customer signs in with, in lower case,
	// unique among customers.
	Email string
	// Name is what the customer wants to be called: 1 to 100 characters.
	Name string
	// Phone is a telephone number as the customer writes it, or empty.
	Phone string
	// Country is the code of one of Countries, where the customer lives. It is empty
	// only for accounts that are older than the question, until it is filled in.
	Country string
}

// Normalized returns d as it is stored: without surrounding space, the code of the
// country in capitals and the e-mail address in lower case. Mail servers do not tell the case of local
// parts apart in practice, and two accounts that differ in it alone would.
func (d Details) Normalized() Details {
	return Details{
		Email:   NormalizeEmail(d.Email),
		Name:    strings.TrimSpace(d.Name),
		Phone:   strings.TrimSpace(d.Phone),
		Country: strings.ToUpper(strings.TrimSpace(d.Country)),
	}
}

// NormalizeEmail returns an e-mail address in the form that accounts are found
// by.
func NormalizeEmail(email string) string {
	return strings.ToLower(strings.TrimSpace(email))
}

// Registration is what a person gives to open an account.
type Registration struct {
	Details
	// Password is the password as typed. It is never stored or logged.
	Password string
}

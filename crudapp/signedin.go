package crudapp

import (
	"context"
	"strings"
	"time"
)

const (
	// maxAddressRunes and maxUserAgentRunes are what the store has room for.
	maxAddressRunes   = 45
	maxUserAgentRunes = 255
	// signInsShown is how many sign-ins a customer is shown.
	signInsShown = 10
)

// SignedIn is one successful signing in with a password. To be signed in by
// registering is none.
type SignedIn struct {
	// ID is assigned by the store, in order for each customer.
	ID         uint64
	CustomerID uint64
	// Address is the client's network address as text, at most 45 characters.
	Address string
	// UserAgent is what the client calls itself, at most 255 characters. It may
	// be empty, and it may be made up.
	UserAgent string
	// At is when, in UTC with microseconds.
	At time.Time
}

// SignIns returns a customer's last ten sign-ins, the newest first.
func (a *Accounts) SignIns(ctx context.Context, customerID uint64) ([]SignedIn, error) {
	return a.store.SignIns(ctx, customerID, signInsShown)
}

// fitting returns what a client said about itself as text that the store takes:
// valid UTF-8 of at most limit characters.
func fitting(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	for i := range text {
		if limit == 0 {
			return text[:i]
		}
		limit--
	}
	return text
}

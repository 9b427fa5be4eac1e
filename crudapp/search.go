package crudapp

import (
	"context"
	"strings"
)

// customersShown is how many customers a search returns at once.
const customersShown = 50

// CustomerQuery says which customers to find.
type CustomerQuery struct {
	// Text is part of the name or of the e-mail address, in whatever case; empty for
	// all.
	Text string
	// After is the id behind which the search goes on, or 0.
	After uint64
	// Limit is how many to return at most.
	Limit int
}

// FoundCustomers is a page of customers.
type FoundCustomers struct {
	Customers []Customer
	// Next is the After of what follows, or 0.
	Next uint64
}

// Search returns customers with an account by part of the name or e-mail address, in
// the order of their ids, from behind after on.
func (a *Accounts) Search(ctx context.Context, text string, after uint64) (FoundCustomers, error) {
	q := CustomerQuery{Text: strings.TrimSpace(text), After: after, Limit: customersShown + 1}
	found, err := a.store.Customers(ctx, q)
	if err != nil || len(found) <= customersShown {
		return FoundCustomers{Customers: found}, err
	}
	found = found[:customersShown]
	return FoundCustomers{Customers: found, Next: found[customersShown-1].ID}, nil
}

// Customer returns a customer with an account, or ErrNotFound.
func (a *Accounts) Customer(ctx context.Context, id uint64) (Customer, error) {
	return a.store.Customer(ctx, id)
}

package direct

import (
	"context"
	"fmt"

	"telltale/load"
)

// address is a row of the addresses as the load knows it.
type address struct {
	ID         uint64        `json:"id"`
	CustomerID uint64        `json:"customer_id"`
	Recipient  string        `json:"recipient"`
	Street     string        `json:"street"`
	Postcode   load.Nullable `json:"postcode"`
	City       string        `json:"city"`
	Country    string        `json:"country"`
	Default    int           `json:"is_default"`
	Version    uint32        `json:"version"`
}

// maxAddresses is how many a customer has at most.
const maxAddresses = 4

// address adds one, corrects one or removes one, as the shop does.
func (t *transaction) address(ctx context.Context) error {
	id := t.pick()
	// The shop locks the customer first, too.
	if err := t.command(ctx, fmt.Sprintf("SELECT id FROM customers WHERE id = %d FOR UPDATE", id)); err != nil {
		return err
	}
	there := t.owned(customerRef(id), load.Addresses)
	what := t.random.IntN(4)
	switch {
	case len(there) == 0 || what == 0 && len(there) < maxAddresses:
		return t.addAddress(ctx, id, len(there) == 0)
	case what < 3:
		return t.correctAddress(ctx, there[t.random.IntN(len(there))])
	default:
		return t.removeAddress(ctx, there)
	}
}

func (t *transaction) addAddress(ctx context.Context, id uint64, first bool) error {
	o := t.request(id)
	a := address{
		CustomerID: id, Recipient: t.customer(id).Name, Street: t.unique("Harrow Road"), City: "Köln", Country: "DE", Version: 1,
	}
	if t.random.IntN(2) == 0 {
		a.Postcode = load.Nullable(fmt.Sprintf("%05d", t.random.IntN(100_000)))
	}
	if first {
		a.Default = 1
	}
	var err error
	a.ID, err = t.insert(ctx, 1, o, "INSERT INTO addresses (customer_id, recipient, street, postcode, city, country, is_default, created_at) "+
		"VALUES (?, ?, ?, NULLIF(?, ''), ?, ?, ?, UTC_TIMESTAMP(6))", id, a.Recipient, a.Street, string(a.Postcode), a.City, a.Country, a.Default)
	if err != nil {
		return err
	}
	return t.created(o, ref{table: load.Addresses, id: a.ID}, customerRef(id), a)
}

func (t *transaction) correctAddress(ctx context.Context, r ref) error {
	a := t.row(r).(address)
	o := t.request(a.CustomerID)
	a.Street, a.Country = t.unique("Rue de la Paix"), "FR"
	a.Version++
	_, err := t.exec(ctx, 1, o, "UPDATE addresses SET street = ?, country = ?, version = version + 1 WHERE id = ? AND version = ?",
		a.Street, a.Country, a.ID, a.Version-1)
	if err != nil {
		return err
	}
	return t.changed(o, r, a)
}

// removeAddress removes the default; the oldest that is left becomes it.
func (t *transaction) removeAddress(ctx context.Context, there []ref) error {
	at := 0
	for i, r := range there {
		if t.row(r).(address).Default == 1 {
			at = i
		}
	}
	id := t.row(there[at]).(address).CustomerID
	o := t.request(id)
	if _, err := t.exec(ctx, 1, o, "DELETE FROM addresses WHERE id = ?", there[at].id); err != nil {
		return err
	}
	if err := t.deleted(o, there[at]); err != nil {
		return err
	}
	for _, r := range there {
		a, left := t.row(r).(address)
		if !left {
			continue
		}
		a.Default = 1
		if _, err := t.exec(ctx, 1, o, "UPDATE addresses SET is_default = 1 WHERE id = ?", a.ID); err != nil {
			return err
		}
		return t.changed(o, r, a)
	}
	return nil
}

// consent is a row of the consents as the load knows it.
type consent struct {
	ID         uint64 `json:"id"`
	CustomerID uint64 `json:"customer_id"`
	Purpose    string `json:"purpose"`
	Given      int    `json:"given"`
	At         string `json:"decided_at"`
}

// consent decides otherwise than last time.
func (t *transaction) consent(ctx context.Context) error {
	c := consent{CustomerID: t.pick(), Purpose: "marketing", Given: 1}
	owner := customerRef(c.CustomerID)
	if all := t.owned(owner, load.Consents); len(all) > 0 {
		c.Given = 1 - t.row(all[len(all)-1]).(consent).Given
	}
	o := t.request(c.CustomerID)
	at := t.moment()
	c.At = at.Format(recordTime)
	var err error
	c.ID, err = t.insert(ctx, 1, o, "INSERT INTO consents (customer_id, purpose, given, decided_at) VALUES (?, ?, ?, ?)",
		c.CustomerID, c.Purpose, c.Given, at.Format(statementTime))
	if err != nil {
		return err
	}
	return t.created(o, ref{table: load.Consents, id: c.ID}, owner, c)
}

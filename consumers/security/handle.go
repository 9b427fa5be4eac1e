package security

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"strings"

	"telltale/consumers"
	"telltale/consumers/customer"
	"telltale/consumers/mail"
)

// toCustomer is the only mail of a sign-in.
const toCustomer = "customer"

// handle keeps the customer's name and e-mail address, and plans a mail for a
// sign-in from an address that is new. That an address is known is the only
// thing that a sign-in leaves behind; so one that comes again means nothing.
func (g *guard) handle(ctx context.Context, tx *sql.Tx, d consumers.Delivery) error {
	if d.Type != customer.TypeSignedIn {
		_, err := g.book.Apply(ctx, tx, d)
		return err
	}
	if err := d.RequireKey(); err != nil {
		return err
	}
	data, err := consumers.Data[customer.SignedIn](d)
	if err != nil {
		return err
	}
	address := normal(data.Address)
	fresh, err := remember(ctx, tx, d, address)
	if err != nil || !fresh {
		return err
	}
	known, err := g.book.Find(ctx, tx, d.Key)
	if err != nil {
		return err
	}
	text, err := g.letters.newSignIn(signIn{
		name: known.Name, at: cmp.Or(data.At, d.Time), address: address, browser: data.UserAgent,
	})
	if err != nil {
		return err
	}
	_, err = g.outbox.Plan(ctx, tx, d, mail.Mail{Role: toCustomer, To: known.Email, Text: text})
	return err
}

// normal gives an IP address the one form that it is known by: an IPv4 address
// that was written as IPv6 is IPv4, and a zone says nothing to others. What is
// no address stays as it is, in one line.
func normal(s string) string {
	ip, err := netip.ParseAddr(strings.TrimSpace(s))
	if err != nil {
		return mail.Line(s)
	}
	return ip.Unmap().WithZone("").String()
}

// remember keeps an address of a customer and reports whether it is new. Two
// sign-ins of a customer never race here: they are in one partition.
func remember(ctx context.Context, tx *sql.Tx, d consumers.Delivery, address string) (fresh bool, err error) {
	const insert = `INSERT INTO security_addresses (customer_id, address, event_id, seen_at) VALUES (?, ?, ?, ?)
ON DUPLICATE KEY UPDATE customer_id = customer_id`
	r, err := tx.ExecContext(ctx, insert, d.Key, address, d.ID, d.Time.UTC())
	if err != nil {
		return false, fmt.Errorf("remember the address of sign-in %s of customer %s: %w", d.ID, d.Key, err)
	}
	n, err := r.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("remember the address of sign-in %s of customer %s: %w", d.ID, d.Key, err)
	}
	return n == 1, nil
}

package mailer

import (
	"context"
	"database/sql"
	"errors"

	"telltale/consumers"
)

// The events that the mailer takes.
const (
	registered   = "CustomerRegistered"
	nameChanged  = "CustomerNameChanged"
	emailChanged = "CustomerEmailChanged"
	phoneChanged = "CustomerPhoneChanged"
)

// Which of an event's mails a ledger row is.
const (
	toCustomer   = "customer"
	toOldAddress = "old-address"
	toNewAddress = "new-address"
)

type registration struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type nameChange struct {
	Old string `json:"old_name"`
	New string `json:"new_name"`
}

type emailChange struct {
	Old string `json:"old_email"`
	New string `json:"new_email"`
}

type phoneChange struct {
	Old *string `json:"old_phone"`
	New *string `json:"new_phone"`
}

var (
	errNoKey     = errors.New("the record has no key, so there is no telling whose event it is")
	errNoAddress = errors.New("the data holds no e-mail address")
)

// handle plans an event's mails and keeps the customer's address. The ledger
// also remembers which events were handled: one that comes a second time finds
// its row and changes nothing (I7), neither mails nor an address that later
// events have changed since.
func (m *mailer) handle(ctx context.Context, tx *sql.Tx, d consumers.Delivery) error {
	if d.Key == "" {
		return consumers.Poison(errNoKey)
	}
	switch d.Type {
	case registered:
		return m.registered(ctx, tx, d)
	case nameChanged:
		return m.nameChanged(ctx, tx, d)
	case emailChanged:
		return m.emailChanged(ctx, tx, d)
	default:
		return m.phoneChanged(ctx, tx, d)
	}
}

func (m *mailer) registered(ctx context.Context, tx *sql.Tx, d consumers.Delivery) error {
	data, err := consumers.Data[registration](d)
	if err != nil {
		return err
	}
	if data.Email == "" {
		return consumers.Poison(errNoAddress)
	}
	text, err := m.letters.welcome(data.Name)
	if err != nil {
		return err
	}
	fresh, err := plan(ctx, tx, d, toCustomer, data.Email, text)
	if err != nil || !fresh {
		return err
	}
	return saveCustomer(ctx, tx, d.Key, customer{name: data.Name, email: data.Email})
}

func (m *mailer) nameChanged(ctx context.Context, tx *sql.Tx, d consumers.Delivery) error {
	data, err := consumers.Data[nameChange](d)
	if err != nil {
		return err
	}
	c, err := loadCustomer(ctx, tx, d.Key)
	if err != nil {
		return err
	}
	text, err := m.letters.nameChanged(data.Old, data.New)
	if err != nil {
		return err
	}
	fresh, err := plan(ctx, tx, d, toCustomer, c.email, text)
	if err != nil || !fresh || c.email == "" {
		return err
	}
	c.name = data.New
	return saveCustomer(ctx, tx, d.Key, c)
}

// emailChanged writes to both addresses: the new one learns that it is in use,
// and the old one hears of it if somebody else made the change. The old one is
// not told the new address, for the same reason.
func (m *mailer) emailChanged(ctx context.Context, tx *sql.Tx, d consumers.Delivery) error {
	data, err := consumers.Data[emailChange](d)
	if err != nil {
		return err
	}
	if data.New == "" {
		return consumers.Poison(errNoAddress)
	}
	c, err := loadCustomer(ctx, tx, d.Key)
	if err != nil {
		return err
	}
	left, err := m.letters.addressLeft(c.name)
	if err != nil {
		return err
	}
	fresh, err := plan(ctx, tx, d, toOldAddress, data.Old, left)
	if err != nil || !fresh {
		return err
	}
	taken, err := m.letters.addressTaken(c.name)
	if err != nil {
		return err
	}
	if _, err := plan(ctx, tx, d, toNewAddress, data.New, taken); err != nil {
		return err
	}
	c.email = data.New
	return saveCustomer(ctx, tx, d.Key, c)
}

func (m *mailer) phoneChanged(ctx context.Context, tx *sql.Tx, d consumers.Delivery) error {
	data, err := consumers.Data[phoneChange](d)
	if err != nil {
		return err
	}
	c, err := loadCustomer(ctx, tx, d.Key)
	if err != nil {
		return err
	}
	text, err := m.letters.phoneChanged(c.name, data.Old, data.New)
	if err != nil {
		return err
	}
	_, err = plan(ctx, tx, d, toCustomer, c.email, text)
	return err
}

package mailer

import (
	"context"
	"database/sql"

	"telltale/consumers"
	"telltale/consumers/customer"
	"telltale/consumers/mail"
)

// Which of an event's mails one is.
const (
	toCustomer   = "customer"
	toOldAddress = "old-address"
	toNewAddress = "new-address"
)

// handle plans an event's mails and keeps the customer's address. The ledger
// also remembers which events were handled: one that comes a second time finds
// its row and changes nothing (I7), neither mails nor an address that later
// events have changed since.
func (m *mailer) handle(ctx context.Context, tx *sql.Tx, d consumers.Delivery) error {
	known, err := m.book.Find(ctx, tx, d.Key)
	if err != nil {
		return err
	}
	mails, err := m.mails(d, known)
	if err != nil {
		return err
	}
	fresh := false
	for _, one := range mails {
		if fresh, err = m.outbox.Plan(ctx, tx, d, one); err != nil {
			return err
		}
	}
	if !fresh {
		return nil
	}
	_, err = m.book.Apply(ctx, tx, d)
	return err
}

// mails writes what there is to say about an event.
func (m *mailer) mails(d consumers.Delivery, known customer.Customer) ([]mail.Mail, error) {
	switch d.Type {
	case customer.TypeRegistered:
		data, err := consumers.Data[customer.Registered](d)
		if err != nil {
			return nil, err
		}
		return one(data.Email)(m.letters.welcome(data.Name))
	case customer.TypeNameChanged:
		data, err := consumers.Data[customer.NameChanged](d)
		if err != nil {
			return nil, err
		}
		return one(known.Email)(m.letters.nameChanged(data.Old, data.New))
	case customer.TypeEmailChanged:
		data, err := consumers.Data[customer.EmailChanged](d)
		if err != nil {
			return nil, err
		}
		return m.emailChanged(data, known)
	default:
		data, err := consumers.Data[customer.PhoneChanged](d)
		if err != nil {
			return nil, err
		}
		return one(known.Email)(m.letters.phoneChanged(known.Name, data.Old, data.New))
	}
}

// one makes a text the only mail of an event.
func one(to string) func(mail.Text, error) ([]mail.Mail, error) {
	return func(text mail.Text, err error) ([]mail.Mail, error) {
		return []mail.Mail{{Role: toCustomer, To: to, Text: text}}, err
	}
}

// emailChanged writes to both addresses: the new one learns that it is in use,
// and the old one hears of it if somebody else made the change. The old one is
// not told the new address, for the same reason.
func (m *mailer) emailChanged(data customer.EmailChanged, known customer.Customer) ([]mail.Mail, error) {
	left, err := m.letters.addressLeft(known.Name)
	if err != nil {
		return nil, err
	}
	taken, err := m.letters.addressTaken(known.Name)
	return []mail.Mail{
		{Role: toOldAddress, To: data.Old, Text: left},
		{Role: toNewAddress, To: data.New, Text: taken},
	}, err
}

// Package mailer writes to customers when something about their account
// changed. It is an effect consumer: package mail keeps the ledger and sends. It
// knows customers from events alone and never reads the shop's database.
package mailer

import (
	"cmp"

	"telltale/consumers"
	"telltale/consumers/customer"
	"telltale/consumers/mail"
	"telltale/schemas/event"
)

// Name is the consumer's name.
const Name = "mailer"

// Options say how mails look and where they go.
type Options struct {
	// Mail says where mails go; its Consumer is set here.
	Mail mail.Options
	// Topic holds the customers' events. Default "events.customer".
	Topic string
	// Shop is the name that mails are signed with. Default "Corner Shop".
	Shop string
}

// mailer is what the handlers share.
type mailer struct {
	outbox  *mail.Outbox
	book    customer.Book
	letters letters
}

// New makes the consumer. It fails where the options do not make sense; it does
// not reach for the server.
func New(o Options) (consumers.Consumer, error) {
	o.Mail.Consumer = Name
	outbox, err := mail.NewOutbox(o.Mail)
	if err != nil {
		return consumers.Consumer{}, err
	}
	w := &mailer{outbox: outbox, book: customer.Book{Consumer: Name}, letters: newLetters(cmp.Or(o.Shop, "Corner Shop"))}
	return consumers.Consumer{
		Name:   Name,
		Topics: []string{cmp.Or(o.Topic, event.Topic("customer"))},
		Types:  []string{customer.TypeRegistered, customer.TypeNameChanged, customer.TypeEmailChanged, customer.TypePhoneChanged},
		Handle: consumers.Each(w.handle),
		Shared: []consumers.Tables{mail.Tables(), customer.Tables()},
		Work:   outbox.Work,
	}, nil
}

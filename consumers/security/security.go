// Package security tells customers of sign-ins from addresses that were never
// seen for them. It knows the addresses from events alone, and where to write
// to; package mail keeps the ledger and sends.
package security

import (
	"cmp"
	"embed"
	"io/fs"

	"telltale/consumers"
	"telltale/consumers/customer"
	"telltale/consumers/mail"
	"telltale/schemas/event"
)

// Name is the consumer's name.
const Name = "security"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns goose's files of the table of known addresses.
func Migrations() fs.FS {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // The folder is part of the binary.
	}
	return files
}

// Options say how mails look and where they go.
type Options struct {
	// Mail says where mails go; its Consumer is set here.
	Mail mail.Options
	// Topic holds the customers' events. Default "events.customer".
	Topic string
	// Shop is the name that mails are signed with. Default "Corner Shop".
	Shop string
}

// guard is what the handlers share.
type guard struct {
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
	g := &guard{outbox: outbox, book: customer.Book{Consumer: Name}, letters: newLetters(cmp.Or(o.Shop, "Corner Shop"))}
	return consumers.Consumer{
		Name:       Name,
		Topics:     []string{cmp.Or(o.Topic, event.Topic("customer"))},
		Types:      []string{customer.TypeRegistered, customer.TypeNameChanged, customer.TypeEmailChanged, customer.TypeSignedIn},
		Handle:     consumers.Each(g.handle),
		Migrations: Migrations(),
		Shared:     []consumers.Tables{mail.Tables(), customer.Tables()},
		Work:       outbox.Work,
	}, nil
}

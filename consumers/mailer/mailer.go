// Package mailer writes to customers when something about their account
// changed. It is an effect consumer: what it handles in the transaction of the
// offset is a row of its ledger; a sender turns rows into mails afterwards. It
// knows customers from events alone and never reads the shop's database.
package mailer

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/consumers"
	"telltale/schemas/event"
)

// Name is the consumer's name.
const Name = "mailer"

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns goose's files of the mailer's tables.
func Migrations() fs.FS {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // The folder is part of the binary.
	}
	return files
}

// Options say how mails look and where they go.
type Options struct {
	// SMTP is the server that takes the mails.
	SMTP SMTP
	// Topic holds the customers' events. Default "events.customer".
	Topic string
	// Shop is the name that mails are signed with. Default "Corner Shop".
	Shop string
	// GiveUp is for how long a mail that its recipient's server refuses for the
	// time being is tried again before it counts as failed. A server that
	// cannot be reached uses up none of it. Default 72 hours.
	GiveUp time.Duration
	// Logger gets mails that failed for good, by event; nil drops it.
	Logger *slog.Logger
	// Registerer gets the metrics; nil drops them.
	Registerer prometheus.Registerer

	// failpoint lets a test end the sender between two steps.
	failpoint func(point string) error
	// maxBackoff bounds the pauses of the sender; tests shorten it.
	maxBackoff time.Duration
}

func (o Options) withDefaults() Options {
	if o.Topic == "" {
		o.Topic = event.Topic("customer")
	}
	if o.Shop == "" {
		o.Shop = "Corner Shop"
	}
	if o.GiveUp == 0 {
		o.GiveUp = 72 * time.Hour
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.failpoint == nil {
		o.failpoint = func(string) error { return nil }
	}
	if o.maxBackoff == 0 {
		o.maxBackoff = 15 * time.Second
	}
	o.SMTP = o.SMTP.withDefaults()
	return o
}

// mailer is what the handlers and the senders share.
type mailer struct {
	options Options
	letters *letters
	post    *post
	metrics *metrics
}

// New makes the consumer. It fails where the options do not make sense; it does
// not reach for the server.
func New(o Options) (consumers.Consumer, error) {
	o = o.withDefaults()
	p, err := newPost(o.SMTP)
	if err != nil {
		return consumers.Consumer{}, fmt.Errorf("mailer: %w", err)
	}
	if o.GiveUp < 0 {
		return consumers.Consumer{}, errors.New("mailer: it cannot give up before it tried")
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return consumers.Consumer{}, err
	}
	w := &mailer{options: o, letters: newLetters(o.Shop), post: p, metrics: m}
	return consumers.Consumer{
		Name:       Name,
		Topics:     []string{o.Topic},
		Types:      []string{registered, nameChanged, emailChanged, phoneChanged},
		Handle:     consumers.Each(w.handle),
		Migrations: Migrations(),
		Work:       func(ctx context.Context, p *consumers.Partition) error { return newSender(w, p).run(ctx) },
	}, nil
}

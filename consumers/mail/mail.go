// Package mail is for consumers whose effect is a mail. What such a consumer
// handles in the transaction of its offset is a row of a ledger; afterwards a
// sender turns rows into mails: each at least once, under the same Message-ID,
// a customer's in their order.
package mail

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"telltale/consumers"
	"telltale/internal/tracing"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Tables are the ledger.
func Tables() consumers.Tables {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // The folder is part of the binary.
	}
	return consumers.Tables{Name: "mail", Files: files}
}

// Options say whose mails they are and where they go.
type Options struct {
	// Consumer is the consumer's name. Required.
	Consumer string
	// SMTP is the server that takes the mails.
	SMTP SMTP
	// GiveUp is for how long a mail is tried again, from when it was first refused
	// for the time being, before it counts as failed. How long it waited before
	// that for a server that could not be reached does not count. Default 72
	// hours.
	GiveUp time.Duration
	// Logger gets mails that failed for good, by event; nil drops it.
	Logger *slog.Logger
	// Registerer gets the metrics; nil drops them.
	Registerer prometheus.Registerer
	// Traces gets a span for each attempt to send a mail that a traced request
	// caused; nil means none.
	Traces trace.TracerProvider
	// Failpoint lets a test end the sender between two steps: it is called with
	// an attempt's outcome before that is noted, and with "noted" after it was.
	// Nil: none.
	Failpoint func(point string) error
	// MaxBackoff bounds the pauses before a server that is away is tried again.
	// Default 15 s.
	MaxBackoff time.Duration
}

func (o Options) withDefaults() Options {
	if o.GiveUp == 0 {
		o.GiveUp = 72 * time.Hour
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Failpoint == nil {
		o.Failpoint = func(string) error { return nil }
	}
	if o.MaxBackoff == 0 {
		o.MaxBackoff = 15 * time.Second
	}
	o.SMTP = o.SMTP.withDefaults()
	return o
}

// Outbox holds a consumer's mails. It is safe for concurrent use.
type Outbox struct {
	options Options
	post    *post
	pool    *pool
	metrics *metrics
	tracer  *tracing.Tracer
}

// NewOutbox makes an outbox. It fails where the options do not make sense; it
// does not reach for the server.
func NewOutbox(o Options) (*Outbox, error) {
	o = o.withDefaults()
	if o.Consumer == "" {
		return nil, errors.New("mail: no consumer is named")
	}
	if o.GiveUp < 0 {
		return nil, fmt.Errorf("mails of %s: they cannot be given up before they were tried", o.Consumer)
	}
	p, err := newPost(o.SMTP)
	if err != nil {
		return nil, fmt.Errorf("mails of %s: %w", o.Consumer, err)
	}
	m, err := newMetrics(o.Registerer, o.Consumer)
	if err != nil {
		return nil, err
	}
	return &Outbox{options: o, post: p, pool: newPool(p, o.SMTP.Connections), metrics: m, tracer: tracing.New(o.Traces)}, nil
}

// Work sends the planned mails of one partition for as long as it is owned. It
// is the consumer's background work.
func (b *Outbox) Work(ctx context.Context, p *consumers.Partition) error {
	b.pool.join()
	defer b.pool.leave()
	s := &sender{Outbox: b, partition: p}
	defer b.metrics.forget(p)
	return s.run(ctx)
}

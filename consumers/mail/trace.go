package mail

import (
	"errors"
	"time"

	"github.com/wneessen/go-mail"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"telltale/internal/tracing"
)

// trace makes a span of an attempt to send a mail that a traced request caused.
// It says nothing of the recipient (I12).
func (b *Outbox) trace(e entry, o outcome, began time.Time) {
	parent, ok := b.tracer.Sampled(e.traceparent)
	if !ok {
		return
	}
	b.tracer.Record(tracing.Step{
		Parent: parent, Name: "send mail", Kind: trace.SpanKindClient, Began: began, Err: o.public(),
		Attributes: []attribute.KeyValue{
			semconv.CloudEventsEventID(e.eventID), attribute.String("telltale.consumer", b.options.Consumer),
			semconv.ServerAddress(b.post.host), semconv.ServerPort(b.post.port),
		},
	}, time.Now())
}

// errUncomposed stands for a reason that holds the recipient's address.
var errUncomposed = errors.New("the mail cannot be composed, see last_error in mail_ledger")

// public is the error as anybody may see it.
func (o outcome) public() error {
	if _, ok := errors.AsType[*mail.SendError](o.err); o.verdict == rejected && !ok {
		return errUncomposed
	}
	return o.summary()
}

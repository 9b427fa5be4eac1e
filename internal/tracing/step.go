package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Scope names this program as the one that made a span.
const Scope = "telltale"

// Tracer adds spans to the traces of requests. A nil Tracer adds none.
type Tracer struct{ tracer trace.Tracer }

// New returns the tracer of a stage; it is nil where p is.
func New(p trace.TracerProvider) *Tracer {
	if p == nil {
		return nil
	}
	return &Tracer{p.Tracer(Scope)}
}

// Now is the time, for the beginning of a step. Without traces nobody needs it,
// and it is not asked for.
func (t *Tracer) Now() time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.Now()
}

// Sampled reads a traceparent in the form of W3C Trace Context and reports
// whether a span is to be made for it: where it is well formed and whoever
// began the trace records it.
func (t *Tracer) Sampled(traceparent string) (trace.SpanContext, bool) {
	if t == nil || !flagged(traceparent) {
		return trace.SpanContext{}, false
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), header(traceparent))
	c := trace.SpanContextFromContext(ctx)
	return c, c.IsSampled()
}

// flagged sorts out by one byte, before anything is allocated, what is not
// sampled: the lowest bit of the flags, whose second digit is the last of a
// traceparent.
func flagged(traceparent string) bool {
	const flags = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0")
	return len(traceparent) > flags && traceparent[flags]&1 == 1
}

// header is a carrier that holds a traceparent alone.
type header string

// Get implements propagation.TextMapCarrier.
func (h header) Get(key string) string {
	if key == "traceparent" {
		return string(h)
	}
	return ""
}

// Set implements propagation.TextMapCarrier.
func (header) Set(string, string) {}

// Keys implements propagation.TextMapCarrier.
func (header) Keys() []string { return []string{"traceparent"} }

// Step is a span that is made when its work is done.
type Step struct {
	// Parent is the span of the request, from [Tracer.Sampled].
	Parent trace.SpanContext
	Name   string
	Kind   trace.SpanKind
	// Began is when the work was taken up.
	Began      time.Time
	Attributes []attribute.KeyValue
	// Err is why the work failed; nil otherwise.
	Err error
}

// Record makes a span of a step that ended now.
func (t *Tracer) Record(s Step, now time.Time) {
	if t == nil {
		return
	}
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), s.Parent)
	_, span := t.tracer.Start(ctx, s.Name, trace.WithSpanKind(s.Kind),
		trace.WithTimestamp(s.Began), trace.WithAttributes(s.Attributes...))
	if s.Err != nil {
		span.SetStatus(codes.Error, s.Err.Error())
		span.SetAttributes(semconv.ErrorType(s.Err))
	}
	span.End(trace.WithTimestamp(now))
}

// MaxPending bounds the spans of one batch. It is the default size of the queue
// before the exporter, which would drop what is more.
const MaxPending = 2048

// Pending are the steps of a batch that is not committed yet. Its zero value is
// empty. It is not safe for concurrent use.
type Pending struct{ steps []Step }

// Add keeps a step until the batch ends; those beyond [MaxPending] are dropped.
func (p *Pending) Add(s Step) {
	if len(p.steps) < MaxPending {
		p.steps = append(p.steps, s)
	}
}

// Commit makes spans of all steps, which ended now.
func (p *Pending) Commit(t *Tracer, now time.Time) {
	for i := range p.steps {
		t.Record(p.steps[i], now)
	}
	p.Discard()
}

// Discard forgets the steps of a batch that was taken back.
func (p *Pending) Discard() {
	clear(p.steps)
	p.steps = p.steps[:0]
}

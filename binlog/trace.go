package binlog

import (
	"bytes"
	"time"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"telltale/internal/tracing"
)

// traced is what one traced request changed in one topic by one transaction: a
// span to be, once the batch is committed.
type traced struct {
	parent  trace.SpanContext
	topic   *topic
	serial  uint64 // The transaction's.
	gtid    string
	began   int64 // When its first event was read, in nanoseconds since 1970.
	records int
}

// trace notes that a rows event of the open transaction made n records, where
// the request behind its statement is traced.
func (s *stream) trace(t *topic, n int) {
	parent, ok := s.options.tracer.Sampled(traceparent(s.tx.context))
	if !ok {
		return
	}
	b := s.cur
	if i := len(b.traced) - 1; i >= 0 && b.traced[i].serial == s.tx.serial && b.traced[i].topic == t && b.traced[i].parent.Equal(parent) {
		b.traced[i].records += n
		return
	}
	b.traced = append(b.traced, traced{
		parent: parent, topic: t, serial: s.tx.serial, gtid: string(s.tx.gtid), began: s.tx.handled, records: n,
	})
}

// traceparent finds the trace context in what appendContext wrote. Quotes inside
// of other values are escaped there, so that none can look like it.
func traceparent(context []byte) string {
	_, value, ok := bytes.Cut(context, []byte(`"traceparent":"`))
	if !ok {
		return ""
	}
	value, _, _ = bytes.Cut(value, []byte{'"'})
	return string(value)
}

// step is the span of what was published.
func (t traced) step() tracing.Step {
	return tracing.Step{
		Parent: t.parent, Name: "send " + t.topic.name, Kind: trace.SpanKindProducer, Began: time.Unix(0, t.began),
		Attributes: tracing.Sending(t.topic.name, semconv.MessagingBatchMessageCount(t.records), tracing.GTID(t.gtid)),
	}
}

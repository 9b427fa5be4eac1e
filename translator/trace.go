package translator

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"telltale/internal/tracing"
)

// traceEvents keeps a span for each event of a traced request, until the open
// transaction is committed.
func (s *session) traceEvents(out []outgoing, from place, began time.Time) {
	if s.tracer == nil {
		return
	}
	for i := range out {
		o := &out[i]
		parent, ok := s.tracer.Sampled(o.event.Traceparent)
		if !ok {
			continue
		}
		s.spans.Add(tracing.Step{
			Parent: parent, Name: "send " + o.topic, Kind: trace.SpanKindProducer, Began: began,
			Attributes: tracing.Sending(o.topic, append(tracing.Event(o.event.ID, o.event.Type),
				tracing.GTID(o.event.Cause), attribute.String("telltale.input", from.topic))...),
		})
	}
}

// traceFailure makes a span of changes of one key that could not be translated,
// in the trace of the first. The error names the one that failed.
func (s *session) traceFailure(group []rawChange, began time.Time, err error) {
	c := &group[0]
	if parent, ok := s.tracer.Sampled(c.traceparent); ok {
		s.tracer.Record(tracing.Step{
			Parent: parent, Name: "process " + c.place.topic, Kind: trace.SpanKindConsumer, Began: began, Err: err,
			Attributes: tracing.Processing(c.place.topic, c.place.partition, c.place.offset, tracing.GTID(c.gtid)),
		}, time.Now())
	}
}

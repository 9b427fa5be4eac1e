package consumers

import (
	"time"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"telltale/internal/tracing"
)

// trace makes a span for each handled event of a traced request, from the begin
// of the batch's transaction to now; err says why the handling failed for good.
func (w *worker) trace(records []record, began time.Time, err error) {
	tracer := w.engine.tracer
	if tracer == nil {
		return
	}
	now := time.Now()
	for i := range records {
		d := &records[i].Delivery
		parent, ok := tracer.Sampled(d.Traceparent)
		if !ok || records[i].passed {
			continue
		}
		tracer.Record(tracing.Step{
			Parent: parent, Name: "process " + d.Topic, Kind: trace.SpanKindConsumer, Began: began, Err: err,
			Attributes: tracing.Processing(d.Topic, d.Partition, d.Offset,
				append(tracing.Event(d.ID, d.Type), semconv.MessagingConsumerGroupName(w.consumer.group()))...),
		}, now)
	}
}

package consumers

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"telltale/schemas/event"
)

// spans has one handled event of a traced request, one that cannot be handled,
// and events that have no span: passed, not sampled, without a trace.
func spans(t *testing.T, w *world) {
	const traceID = "0af7651916cd43dd8448eb211c80319c"
	by := func(m *kafka.Message, spanID, flags string) *kafka.Message {
		value := "00-" + traceID + "-" + spanID + "-" + flags
		m.Headers = append(m.Headers, kafka.Header{Key: event.HeaderTraceparent, Value: []byte(value)})
		return m
	}
	const handled, failed, other = "00000000000000a1", "00000000000000a2", "00000000000000a3"
	recorded := tracetest.NewInMemoryExporter()
	o := w.options()
	o.Traces = sdk.NewTracerProvider(sdk.WithSyncer(recorded))
	c := tallyConsumer()
	c.Types = []string{"Happened"}
	c.Handle = Each(func(ctx context.Context, tx *sql.Tx, d Delivery) error {
		if d.ID == "bad" {
			return Poison(errors.New("no such customer"))
		}
		return tally(ctx, tx, d)
	})
	w.commit(
		by(message("e000000", "Happened", 1, 3), handled, "01"),
		by(message("passed", "Other", 1, 3), other, "01"),
		by(message("e000001", "Happened", 1, 3), other, "00"),
		message("e000002", "Happened", 1, 3),
		by(message("bad", "Happened", 1, 3), failed, "01"),
	)
	if err := w.start(o, c).wait(); err == nil {
		t.Fatal("Run ended without an error")
	}
	got := recorded.GetSpans()
	if len(got) != 2 {
		t.Fatalf("%d spans, want 2: %+v", len(got), got)
	}
	for i, want := range []struct {
		id, parent, offset string
		status             sdk.Status
	}{
		{"e000000", handled, "0", sdk.Status{}},
		{"bad", failed, "4", sdk.Status{Code: codes.Error, Description: "no such customer"}},
	} {
		s := got[i]
		if s.Name != "process events.customer" || s.SpanKind != trace.SpanKindConsumer || s.Status != want.status ||
			s.SpanContext.TraceID().String() != traceID || s.Parent.SpanID().String() != want.parent || s.EndTime.Before(s.StartTime) {
			t.Errorf("span %d: %+v", i, s)
		}
		attributes := attribute.NewSet(s.Attributes...)
		for key, value := range map[attribute.Key]string{
			"messaging.system": "kafka", "messaging.operation.type": "process", "messaging.destination.name": topic,
			"messaging.consumer.group.name": "telltale-tally", "messaging.message.id": want.id,
			"messaging.kafka.offset": want.offset, "cloudevents.event_type": "Happened",
		} {
			if v, ok := attributes.Value(key); !ok || v.String() != value {
				t.Errorf("span %d: attribute %s is %q, want %q", i, key, v.String(), value)
			}
		}
	}
}

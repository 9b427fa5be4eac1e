package translator

import (
	"bytes"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

const (
	sampled    = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	notSampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
)

// rename renames customer 1 by a request with a trace.
func (b *bench) rename(traceparent string) {
	b.t.Helper()
	value := b.envelope(change.Update, &customer{ID: 1, Name: "Bob", Version: 1}, &customer{ID: 1, Name: "Alice", Version: 2})
	with := bytes.Replace(value, []byte(`"request_id":"req-1"`), []byte(`"request_id":"req-1","traceparent":"`+traceparent+`"`), 1)
	if bytes.Equal(with, value) {
		b.t.Fatalf("no request in %s", value)
	}
	const key = `{"id":1}`
	b.produce("shop.customer", kafkaclient.Partition([]byte(key), 3), key, with)
	b.flush()
}

// TestTraces translates changes of requests that are traced, not sampled, and
// nonsense: one span, however they are batched.
func TestTraces(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	recorded := tracetest.NewInMemoryExporter()
	o := b.options()
	o.Traces = sdk.NewTracerProvider(sdk.WithSyncer(recorded))
	stop := b.start(o)
	began := time.Now()
	for _, traceparent := range []string{sampled, notSampled, "nonsense-1"} {
		b.rename(traceparent)
	}
	events := b.await(3)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{sampled, notSampled, "nonsense-1"} {
		if got := events[i].Traceparent; got != want {
			t.Errorf("event %d has the traceparent %q, want %q", i, got, want)
		}
	}
	spans := recorded.GetSpans()
	if len(spans) != 1 {
		t.Fatalf("%d spans, want 1: %+v", len(spans), spans)
	}
	got := spans[0]
	if got.Name != "send events.customer" || got.SpanKind != trace.SpanKindProducer || got.Status.Code != codes.Unset ||
		got.Parent.TraceID().String() != sampled[3:35] || got.Parent.SpanID().String() != sampled[36:52] {
		t.Errorf("span %+v", got)
	}
	if got.StartTime.Before(began) || got.EndTime.Before(got.StartTime) {
		t.Errorf("span from %v to %v", got.StartTime, got.EndTime)
	}
	checkAttributes(t, got, map[attribute.Key]string{
		"messaging.system": "kafka", "messaging.operation.type": "send", "messaging.destination.name": "events.customer",
		"messaging.message.id": events[0].ID, "cloudevents.event_id": events[0].ID, "cloudevents.event_type": "CustomerNameChanged",
		"telltale.gtid": events[0].Cause, "telltale.input": "shop.customer",
	})
}

// TestTraceOfAFailure ends with a change that its rule cannot handle.
func TestTraceOfAFailure(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishShape(b.shape)
	recorded := tracetest.NewInMemoryExporter()
	o := b.options()
	o.Traces = sdk.NewTracerProvider(sdk.WithSyncer(recorded))
	o.Rules = copyRules(t, "new_name: after.name", "new_name: \"[after.name][after.version]\"")
	b.rename(sampled)
	if err := Run(t.Context(), o); err == nil {
		t.Fatal("Run ended without an error")
	}
	spans := recorded.GetSpans()
	if len(spans) != 1 || spans[0].Name != "process shop.customer" || spans[0].Status.Code != codes.Error ||
		spans[0].Parent.TraceID().String() != sampled[3:35] {
		t.Fatalf("spans %+v, want one with an error", spans)
	}
	checkAttributes(t, spans[0], map[attribute.Key]string{
		"messaging.operation.type": "process", "messaging.destination.name": "shop.customer", "messaging.kafka.offset": "0",
	})
}

func checkAttributes(t *testing.T, s tracetest.SpanStub, want map[attribute.Key]string) {
	t.Helper()
	attributes := attribute.NewSet(s.Attributes...)
	for key, value := range want {
		if got, ok := attributes.Value(key); !ok || got.String() != value {
			t.Errorf("span %q: attribute %s is %q, want %q", s.Name, key, got.String(), value)
		}
	}
}

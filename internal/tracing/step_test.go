package tracing

import (
	"errors"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

const (
	sampled    = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	notSampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
)

func recorder() (*Tracer, *tracetest.InMemoryExporter) {
	recorded := tracetest.NewInMemoryExporter()
	return New(sdk.NewTracerProvider(sdk.WithSyncer(recorded))), recorded
}

func TestSampled(t *testing.T) {
	t.Parallel()
	tracer, _ := recorder()
	for traceparent, want := range map[string]bool{
		sampled: true,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03":       true, // With a random trace id.
		"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later": true, // A version to come.
		notSampled:     false,
		"":             false,
		"nonsense":     false,
		sampled + "-x": false,
		"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01": false,
		"00-00000000000000000000000000000000-b7ad6b7169203331-01": false,
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01": false,
		"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": false,
		"00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01": false,
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff": false,
	} {
		c, ok := tracer.Sampled(traceparent)
		if ok != want || ok != c.IsValid() {
			t.Errorf("Sampled(%q) = %v, %v, want %v", traceparent, c, ok, want)
		}
		if ok && (c.TraceID().String() != traceparent[3:35] || c.SpanID().String() != traceparent[36:52] || !c.IsRemote()) {
			t.Errorf("Sampled(%q) = %v", traceparent, c)
		}
	}
}

// TestNoCost measures what a record costs where traces are off, and one whose
// request is not sampled where they are on.
func TestNoCost(t *testing.T) {
	on, _ := recorder()
	for name, tracer := range map[string]*Tracer{"off": nil, "on": on} {
		traceparent := notSampled
		if tracer == nil {
			traceparent = sampled
		}
		var pending Pending
		allocs := testing.AllocsPerRun(100, func() {
			began := tracer.Now()
			if parent, ok := tracer.Sampled(traceparent); ok {
				pending.Add(Step{Parent: parent, Began: began})
			}
			pending.Commit(tracer, began)
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations, want none", name, allocs)
		}
	}
	if New(nil) != nil {
		t.Error("a tracer without a provider is not nil")
	}
}

func TestPending(t *testing.T) {
	t.Parallel()
	tracer, recorded := recorder()
	parent, _ := tracer.Sampled(sampled)
	began := time.Unix(1_700_000_000, 1000)
	ended := began.Add(time.Millisecond)
	var pending Pending
	pending.Add(Step{Parent: parent, Name: "taken back", Began: began})
	pending.Discard()
	pending.Add(Step{Parent: parent, Name: "well", Kind: trace.SpanKindProducer, Began: began, Attributes: Sending("t", GTID("u:1"))})
	pending.Add(Step{Parent: parent, Name: "badly", Began: began, Err: errors.New("no")})
	pending.Commit(tracer, ended)
	pending.Commit(tracer, ended)
	spans := recorded.GetSpans()
	if len(spans) != 2 || spans[0].Name != "well" || spans[1].Name != "badly" {
		t.Fatalf("spans %+v, want the two that were committed, once", spans)
	}
	for _, s := range spans {
		if !s.StartTime.Equal(began) || !s.EndTime.Equal(ended) || s.Parent.SpanID() != parent.SpanID() || s.SpanContext.TraceID() != parent.TraceID() {
			t.Errorf("span %+v", s)
		}
	}
	if spans[0].Status.Code != codes.Unset || spans[1].Status != (sdk.Status{Code: codes.Error, Description: "no"}) {
		t.Errorf("status %v and %v", spans[0].Status, spans[1].Status)
	}

	recorded.Reset()
	for range MaxPending + 10 {
		pending.Add(Step{Parent: parent, Name: "one of many", Began: began})
	}
	pending.Commit(tracer, ended)
	if n := len(recorded.GetSpans()); n != MaxPending {
		t.Errorf("%d spans of one batch, want %d", n, MaxPending)
	}
}

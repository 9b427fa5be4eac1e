// Package tracingtest is a collector of traces for tests: it takes what an
// exporter sends by OTLP over HTTP, as a real collector does.
package tracingtest

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Span is a span that was received.
type Span struct {
	// Service is the name of the service that made it.
	Service string
	// TraceID, SpanID and ParentID are lower-case hex; ParentID is empty for the
	// first span of a trace.
	TraceID, SpanID, ParentID string
	Name                      string
	Kind                      otlp.Span_SpanKind
	Start, End                time.Time
	// Attributes are texts and numbers as they are, and all else in the form of
	// the protocol.
	Attributes map[string]any
	// Error is the description of a span that failed.
	Error string
}

// Collector keeps the spans that it receives. It is safe for concurrent use.
type Collector struct {
	// URL is for OTEL_EXPORTER_OTLP_ENDPOINT.
	URL string

	t     testing.TB
	mu    sync.Mutex
	spans []Span
}

// Start starts a collector that ends with the test.
func Start(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", c.take)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// Spans returns the spans received so far in the order in which they began.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := slices.Clone(c.spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	return spans
}

func (c *Collector) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // The sender was killed.
		return
	}
	var request collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		c.t.Errorf("a request of %d bytes to the collector: %v", len(body), err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.ResourceSpans {
		service, _ := values(resource.GetResource().GetAttributes())["service.name"].(string)
		for _, scope := range resource.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans = append(c.spans, received(service, s))
			}
		}
	}
}

func received(service string, s *otlp.Span) Span {
	span := Span{
		Service: service, Name: s.Name, Kind: s.Kind, Attributes: values(s.Attributes),
		TraceID: hex.EncodeToString(s.TraceId), SpanID: hex.EncodeToString(s.SpanId), ParentID: hex.EncodeToString(s.ParentSpanId),
		Start: time.Unix(0, int64(s.StartTimeUnixNano)), End: time.Unix(0, int64(s.EndTimeUnixNano)),
	}
	if s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR {
		span.Error = s.GetStatus().GetMessage()
	}
	return span
}

func values(attributes []*common.KeyValue) map[string]any {
	m := make(map[string]any, len(attributes))
	for _, a := range attributes {
		switch v := a.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			m[a.Key] = v.StringValue
		case *common.AnyValue_IntValue:
			m[a.Key] = v.IntValue
		default:
			m[a.Key] = a.GetValue()
		}
	}
	return m
}

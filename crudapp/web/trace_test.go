package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"telltale/crudapp/web"
)

func testSpans(t *testing.T, s *shop) {
	recorded := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(recorded))
	store := &recording{allStores: s.store}
	traced := newShop(t, store, web.Options{InsecureCookies: true, Traces: provider})
	email := traced.register(t)

	const traceID, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	version := 1
	change := func(sampled string) tracetest.SpanStubs {
		t.Helper()
		traced.settle()
		recorded.Reset()
		check(t, traced.send(t, http.MethodPut, "/api/customers/me",
			fmt.Sprintf(`{"email":%q,"name":"Name %d","version":%d}`, email, version, version),
			"Content-Type", "application/json", "X-Request-Id", "req-1", "Traceparent", "00-"+traceID+"-"+caller+"-"+sampled), http.StatusOK)
		version++
		traced.settle()
		return recorded.GetSpans()
	}

	spans := change("01")
	if len(spans) != 1 {
		t.Fatalf("%d spans of one request, want 1: %+v", len(spans), spans)
	}
	got := spans[0]
	if got.Name != "PUT /api/customers/me" || got.SpanKind != trace.SpanKindServer || got.Status.Code != codes.Unset {
		t.Errorf("span %q, kind %v, status %v", got.Name, got.SpanKind, got.Status)
	}
	if got.SpanContext.TraceID().String() != traceID || got.Parent.SpanID().String() != caller || !got.Parent.IsRemote() {
		t.Errorf("span in trace %s under %s, want %s under %s", got.SpanContext.TraceID(), got.Parent.SpanID(), traceID, caller)
	}
	if want := "00-" + traceID + "-" + got.SpanContext.SpanID().String() + "-01"; store.got.Traceparent != want || store.got.RequestID != "req-1" {
		t.Errorf("the store got %+v, want the span as traceparent, %s", store.got, want)
	}
	attributes := attribute.NewSet(got.Attributes...)
	for key, want := range map[attribute.Key]string{
		"http.request.method": "PUT", "http.route": "/api/customers/me", "url.path": "/api/customers/me", "url.scheme": "http",
		"http.response.status_code": "200", "http.response.header.x-request-id": `["req-1"]`,
	} {
		if value, ok := attributes.Value(key); !ok || value.String() != want {
			t.Errorf("attribute %s is %q, want %q", key, value.String(), want)
		}
	}

	if spans := change("00"); len(spans) != 0 {
		t.Errorf("a request that is not sampled has spans: %+v", spans)
	}
	if !strings.HasPrefix(store.got.Traceparent, "00-"+traceID+"-") || !strings.HasSuffix(store.got.Traceparent, "-00") {
		t.Errorf("the store got the traceparent %q, want the same trace, not sampled", store.got.Traceparent)
	}
}

func testSpanNames(t *testing.T, s *shop) {
	recorded := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(recorded))
	broken := newShop(t, failing{s.store}, web.Options{InsecureCookies: true, Traces: provider})
	for _, test := range []struct {
		method, path, name string
		status             codes.Code
	}{
		{http.MethodGet, "/nowhere/7", "GET", codes.Unset},
		{"BREW", "/", "HTTP", codes.Unset},
		{http.MethodGet, "/static/shop.css", "GET /static/{name}", codes.Unset},
		{http.MethodPost, "/api/session", "POST /api/session", codes.Error},
	} {
		recorded.Reset()
		broken.call(t, test.method, test.path, `{"email":"bob@example.com","password":"x"}`)
		broken.settle()
		spans := recorded.GetSpans()
		if len(spans) != 1 || spans[0].Name != test.name || spans[0].Status.Code != test.status || spans[0].Parent.IsValid() {
			t.Errorf("%s %s: got %+v, want one root span %q with status %v", test.method, test.path, spans, test.name, test.status)
		}
	}
	failed := recorded.GetSpans()[0].SpanContext.TraceID().String()
	if lines := broken.log.lines(); len(lines) != 1 || !strings.Contains(lines[0], "trace_id="+failed) {
		t.Errorf("the log says %q, want the trace %s", lines, failed)
	}
}

package web

import (
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"telltale/crudapp"
)

// withSpan gives each request a span, in the trace that it brings or in a new
// one, and makes that span the origin of what the request causes. Without a
// provider it changes nothing.
func withSpan(next http.Handler, provider trace.TracerProvider) http.Handler {
	if provider == nil {
		return next
	}
	tracer := provider.Tracer("telltale/crudapp/web")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		name, method := spanMethod(r.Method)
		ctx, span := tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(method, semconv.URLPath(r.URL.Path), semconv.URLScheme(scheme(r))))
		defer span.End()

		origin := crudapp.OriginFrom(ctx)
		carrier := propagation.MapCarrier{}
		propagation.TraceContext{}.Inject(ctx, carrier)
		origin.Traceparent = carrier["traceparent"]
		r = r.WithContext(crudapp.WithOrigin(ctx, origin))
		noted := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(noted, r)
		describeAnswer(span, r, noted.status)
	})
}

// describeAnswer says what is known of a request once it is answered. The mux
// has noted the pattern on r itself.
func describeAnswer(span trace.Span, r *http.Request, status int) {
	if _, route, ok := strings.Cut(r.Pattern, " "); ok {
		span.SetName(r.Pattern)
		span.SetAttributes(semconv.HTTPRoute(route))
	}
	span.SetAttributes(
		semconv.HTTPResponseStatusCode(status),
		semconv.HTTPResponseHeader("x-request-id", crudapp.OriginFrom(r.Context()).RequestID),
	)
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
}

// spanMethod keeps what anyone can make up out of the names of spans.
func spanMethod(method string) (name string, a attribute.KeyValue) {
	if slices.Contains([]string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace,
	}, method) {
		return method, semconv.HTTPRequestMethodKey.String(method)
	}
	return "HTTP", semconv.HTTPRequestMethodOther
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

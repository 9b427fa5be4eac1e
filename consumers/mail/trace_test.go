package mail

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// TestTrace makes attempts for mails of requests that are traced and of others.
func TestTrace(t *testing.T) {
	t.Parallel()
	const (
		traced    = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		recipient = "bob@example.com"
	)
	recorded := tracetest.NewInMemoryExporter()
	b, err := NewOutbox(Options{
		Consumer: "mailer", SMTP: SMTP{Addr: "mail.example.com:587", From: "shop@example.com"},
		Traces: sdk.NewTracerProvider(sdk.WithSyncer(recorded)),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, composeErr := b.post.compose(entry{recipient: recipient + " <"})
	if composeErr == nil || !strings.Contains(composeErr.Error(), recipient) {
		t.Fatalf("a recipient that is none: %v", composeErr)
	}
	for _, test := range []struct {
		traceparent string
		outcome     outcome
		spans       int
		description string
	}{
		{traced, outcome{verdict: sent}, 1, ""},
		{traced, outcome{verdict: away, err: errors.New("connection refused")}, 1, "connection refused"},
		{traced, outcome{verdict: rejected, err: composeErr}, 1, errUncomposed.Error()},
		{strings.TrimSuffix(traced, "1") + "0", outcome{verdict: sent}, 0, ""},
		{"", outcome{verdict: sent}, 0, ""},
	} {
		recorded.Reset()
		b.trace(entry{traceparent: test.traceparent, eventID: "e1", recipient: recipient}, test.outcome, time.Now())
		spans := recorded.GetSpans()
		if len(spans) != test.spans {
			t.Errorf("%v of %q: %d spans, want %d", test.outcome, test.traceparent, len(spans), test.spans)
		}
		for _, s := range spans {
			if s.Name != "send mail" || s.Status.Description != test.description || s.Parent.SpanID().String() != traced[36:52] {
				t.Errorf("%v: span %+v", test.outcome, s)
			}
			if text := fmt.Sprint(s.Attributes, s.Status); strings.Contains(text, recipient) || !strings.Contains(text, "mail.example.com") {
				t.Errorf("the span says %s, want the server and never the recipient", text)
			}
		}
	}
}

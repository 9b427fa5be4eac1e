package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"telltale/internal/binarytest"
	"telltale/internal/smtpserver"
	"telltale/internal/tracing/tracingtest"
)

// The traces that callers of the shop began, and their spans there.
const (
	followedTrace, followedSpan = "0af7651916cd43dd8448eb211c80319c", "00000000000000f1"
	passedTrace, passedSpan     = "1bf7651916cd43dd8448eb211c80319c", "00000000000000f2"
	silentTrace, silentSpan     = "2cf7651916cd43dd8448eb211c80319c", "00000000000000f3"
)

// TestTrace follows requests through processes of all stages, each of which
// exports what it did to a collector.
func TestTrace(t *testing.T) {
	w := newWorld(t)
	w.exec(t, "CREATE USER shop IDENTIFIED BY '"+password+"'", "GRANT ALL ON shop.* TO shop")
	mails, err := smtpserver.Start(smtpserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mails.Close() })
	collector := tracingtest.Start(t)
	environ := slices.Concat(w.environ(map[string]string{
		"CONSUMERS_SMTP_ADDR": mails.Addr(), "CONSUMERS_SMTP_USERNAME": "", "CONSUMERS_SMTP_PASSWORD": "",
	}), []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL, "OTEL_BSP_SCHEDULE_DELAY=20"})
	var stages []*child
	for _, stage := range []string{"binlog", "translator", "consumers mailer"} {
		stages = append(stages, startStage(t, environ, append(strings.Fields(stage), "--config", w.config)...))
	}
	eventually(t, "position", func() (bool, string) {
		r := w.command(t.Context(), environ, "positions", "show")
		return r.status == exitOK, r.stderr
	})
	tracedShop := w.startShop(t, environ)
	otherShop := w.startShop(t, slices.Concat(environ, []string{"OTEL_TRACES_EXPORTER=none"}))

	register(t, tracedShop, "silent", "00-"+silentTrace+"-"+silentSpan+"-00")
	register(t, tracedShop, "followed", "00-"+followedTrace+"-"+followedSpan+"-01")
	register(t, otherShop, "passed", "00-"+passedTrace+"-"+passedSpan+"-01")
	byTrace := func(id string) (spans []tracingtest.Span) {
		for _, s := range collector.Spans() {
			if s.TraceID == id {
				spans = append(spans, s)
			}
		}
		return spans
	}
	eventually(t, "spans of all stages", func() (bool, string) {
		followed, passed := byTrace(followedTrace), byTrace(passedTrace)
		return len(followed) >= 1+len(pipelineSpans) && len(passed) >= len(pipelineSpans), fmt.Sprintf("%+v\n%+v", followed, passed)
	})
	for _, c := range stages { // What is left is handed over at the end.
		c.signal(t, syscall.SIGTERM)
		if state, _ := c.end(t); state.ExitCode() != exitOK {
			t.Errorf("%v ended with %v\n%s", c.Args, state, c.stderr.String())
		}
	}

	request := byTrace(followedTrace)[0]
	if request.Service != "telltale-crudapp" || request.Name != "POST /api/customers" || request.ParentID != followedSpan ||
		request.Kind != otlp.Span_SPAN_KIND_SERVER || request.Attributes["http.response.status_code"] != int64(http.StatusCreated) {
		t.Errorf("the request's span is %+v", request)
	}
	checkPipeline(t, byTrace(followedTrace)[1:], request.SpanID)
	checkPipeline(t, byTrace(passedTrace), passedSpan)
	if spans := byTrace(silentTrace); len(spans) != 0 {
		t.Errorf("a request that is not sampled has spans: %+v", spans)
	}
}

// pipelineSpans are what the stages add to the trace of a registration, in the
// order in which their work begins.
var pipelineSpans = []struct {
	service, name string
	kind          otlp.Span_SpanKind
	attributes    map[string]any
}{
	{"telltale-binlog", "send shop.customer", otlp.Span_SPAN_KIND_PRODUCER, map[string]any{
		"messaging.system": "kafka", "messaging.operation.type": "send", "messaging.destination.name": "shop.customer",
		"messaging.batch.message_count": int64(1),
	}},
	{"telltale-translator", "send events.customer", otlp.Span_SPAN_KIND_PRODUCER, map[string]any{
		"messaging.system": "kafka", "messaging.operation.type": "send", "messaging.destination.name": "events.customer",
		"cloudevents.event_type": "CustomerRegistered", "telltale.input": "shop.customer",
	}},
	{"telltale-consumers", "process events.customer", otlp.Span_SPAN_KIND_CONSUMER, map[string]any{
		"messaging.system": "kafka", "messaging.operation.type": "process", "messaging.destination.name": "events.customer",
		"messaging.consumer.group.name": "telltale-mailer", "cloudevents.event_type": "CustomerRegistered",
	}},
	{"telltale-consumers", "send mail", otlp.Span_SPAN_KIND_CLIENT, map[string]any{
		"telltale.consumer": "mailer", "server.address": "127.0.0.1",
	}},
}

// checkPipeline compares a trace's spans, each of which shall be a child of one.
func checkPipeline(t *testing.T, spans []tracingtest.Span, parent string) {
	t.Helper()
	if len(spans) != len(pipelineSpans) {
		t.Fatalf("%d spans of the stages, want %d: %+v", len(spans), len(pipelineSpans), spans)
	}
	for i, want := range pipelineSpans {
		got := spans[i]
		if got.Service != want.service || got.Name != want.name || got.Kind != want.kind || got.ParentID != parent || got.Error != "" {
			t.Errorf("span %d is %+v, want %s of %s under %s", i, got, want.name, want.service, parent)
		}
		for key, value := range want.attributes {
			if got.Attributes[key] != value {
				t.Errorf("span %s: attribute %s is %v, want %v", got.Name, key, got.Attributes[key], value)
			}
		}
	}
	if binlog, translator := spans[0].Attributes["telltale.gtid"], spans[1].Attributes["telltale.gtid"]; binlog != translator || binlog == nil {
		t.Errorf("the reader says transaction %v, the translator %v", binlog, translator)
	}
	for _, s := range spans[2:] {
		if made, handled := spans[1].Attributes["cloudevents.event_id"], s.Attributes["cloudevents.event_id"]; made != handled || made == nil {
			t.Errorf("the translator says event %v, %s %v", made, s.Name, handled)
		}
	}
}

// startShop starts the shop as a process and returns its address.
func (w *world) startShop(t *testing.T, environ []string) string {
	t.Helper()
	addr := binarytest.FreeAddr(t)
	startStage(t, slices.Concat(environ, []string{"TELLTALE_CRUDAPP_DSN=" + w.dsn("shop", "shop"), "TELLTALE_HTTP_LISTEN=" + addr}), "crudapp")
	eventually(t, "the shop", func() (bool, string) {
		status, body := binarytest.Get(t, "http://"+addr+"/sign-in")
		return status == http.StatusOK, body
	})
	return addr
}

// startStage starts a process whose log is shown where the test fails.
func startStage(t *testing.T, environ []string, args ...string) *child {
	t.Helper()
	c := startChild(t, environ, args...)
	t.Cleanup(func() {
		if t.Failed() { // The test's context has ended, and the process with it.
			<-c.done
			t.Logf("telltale %s:\n%s", strings.Join(args, " "), c.stderr.String())
		}
	})
	return c
}

// register opens an account at a shop by its API.
func register(t *testing.T, shop, name, traceparent string) {
	t.Helper()
	body := strings.NewReader(fmt.Sprintf(`{"email":"%[1]s@example.com","name":%[1]q,"password":"correct horse battery"}`, name))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+shop+"/api/customers", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Traceparent", traceparent)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("register %s: %s", name, response.Status)
	}
}

// TestTraceSettings starts stages whose environment asks for what is not there.
// They say so before they look at a server.
func TestTraceSettings(t *testing.T) {
	for _, command := range []string{"binlog", "crudapp", "crudapp migrate"} {
		t.Run(command, func(t *testing.T) {
			c := startChild(t, []string{
				"TELLTALE_SOURCE_NAME=shop", "TELLTALE_SOURCE_DSN=telltale@tcp(127.0.0.1:1)/", "TELLTALE_SOURCE_TABLES=shop.*",
				"TELLTALE_CRUDAPP_DSN=shop@tcp(127.0.0.1:1)/shop",
				"TELLTALE_KAFKA_BROKERS=127.0.0.1:1", "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
			}, strings.Fields(command)...)
			state, _ := c.end(t)
			const want = `environment variable OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" is not supported; use one of http/protobuf, http/json`
			if state.ExitCode() != exitFailure || !strings.Contains(c.stderr.String(), want) {
				t.Errorf("ended with %v\n%s\nwant %s", state, c.stderr.String(), want)
			}
		})
	}
}

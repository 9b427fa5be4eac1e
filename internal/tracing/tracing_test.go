package tracing_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"telltale/internal/tracing"
	"telltale/internal/tracing/tracingtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// setenv sets variables, and takes away what the machine may have set.
func setenv(t *testing.T, values map[string]string) {
	for _, name := range []string{
		"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER", "OTEL_BSP_SCHEDULE_DELAY",
	} {
		t.Setenv(name, values[name])
	}
}

// record makes n spans of one stage.
func record(t *testing.T, to *tracing.Tracing, stage string, n int) {
	t.Helper()
	tracer := tracing.New(to.Provider(stage))
	parent, ok := tracer.Sampled(sampled)
	if !ok {
		t.Fatal("not sampled")
	}
	for range n {
		tracer.Record(tracing.Step{Parent: parent, Name: "send t", Kind: trace.SpanKindProducer, Began: time.Now()}, time.Now())
	}
}

func TestOff(t *testing.T) {
	setenv(t, nil)
	registry := prometheus.NewRegistry()
	off, err := tracing.Open(t.Context(), tracing.Options{Registerer: registry})
	if err != nil || off != nil {
		t.Fatalf("Open: %v, %v, want nothing", off, err)
	}
	if p := off.Provider("binlog"); p != nil {
		t.Errorf("a provider %v where traces are off", p)
	}
	off.Close()
	if n, err := testutil.GatherAndCount(registry); n != 0 || err != nil {
		t.Errorf("%d metrics, %v, want none", n, err)
	}
}

func TestWrong(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"OTEL_TRACES_EXPORTER":     {"OTEL_TRACES_EXPORTER": "jaeger"},
		"OTEL_TRACES_SAMPLER":      {"OTEL_TRACES_EXPORTER": "console", "OTEL_TRACES_SAMPLER": "never"},
		"describe this process":    {"OTEL_TRACES_EXPORTER": "console", "OTEL_RESOURCE_ATTRIBUTES": "team"},
		"want true or false":       {"OTEL_SDK_DISABLED": "1"},
		"the address of a collect": {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector"},
	} {
		t.Run(name, func(t *testing.T) {
			setenv(t, env)
			if _, err := tracing.Open(t.Context(), tracing.Options{}); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("error %v, want %s", err, name)
			}
		})
	}
}

func TestExport(t *testing.T) {
	collector := tracingtest.Start(t)
	setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL})
	registry := prometheus.NewRegistry()
	on, err := tracing.Open(t.Context(), tracing.Options{Version: "v1", Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	record(t, on, "binlog", 1)
	record(t, on, "translator", 2)
	on.Close() // Long before the queue's own five seconds.
	services := map[string]int{}
	for _, s := range collector.Spans() {
		services[s.Service]++
		if s.TraceID != sampled[3:35] || s.ParentID != sampled[36:52] || s.Name != "send t" {
			t.Errorf("span %+v", s)
		}
	}
	if services["telltale-binlog"] != 1 || services["telltale-translator"] != 2 || len(services) != 2 {
		t.Errorf("spans by service %v, want 1 of binlog and 2 of translator", services)
	}
	const want = `
# HELP telltale_tracing_exported_spans_total Spans that the exporter was given, by outcome: ok or failed. Those that were neither wait, or were dropped because the queue was full.
# TYPE telltale_tracing_exported_spans_total counter
telltale_tracing_exported_spans_total{outcome="ok"} 3
# HELP telltale_tracing_spans_total Spans of traced requests.
# TYPE telltale_tracing_spans_total counter
telltale_tracing_spans_total 3
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestServiceName(t *testing.T) {
	collector := tracingtest.Start(t)
	setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_SERVICE_NAME": "pipeline"})
	on, err := tracing.Open(t.Context(), tracing.Options{})
	if err != nil {
		t.Fatal(err)
	}
	record(t, on, "binlog", 1)
	on.Close()
	if spans := collector.Spans(); len(spans) != 1 || spans[0].Service != "pipeline" {
		t.Errorf("spans %+v, want one of the service that the environment names", spans)
	}
}

func TestConsole(t *testing.T) {
	setenv(t, map[string]string{"OTEL_TRACES_EXPORTER": "console"})
	var out bytes.Buffer
	on, err := tracing.Open(t.Context(), tracing.Options{Console: &out})
	if err != nil {
		t.Fatal(err)
	}
	record(t, on, "binlog", 1)
	on.Close()
	if !strings.Contains(out.String(), sampled[3:35]) {
		t.Errorf("the console shows %q, want the trace", out.String())
	}
}

// TestCollectorAway makes far more spans than the queue holds for a collector
// that is not there, and for one that takes them and never answers. Neither
// holds up the stage, which goes on at once, or the end of the process.
func TestCollectorAway(t *testing.T) {
	release := make(chan struct{})
	stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer stuck.Close()
	defer close(release)
	absent := httptest.NewServer(http.NotFoundHandler())
	absent.Close()
	for name, url := range map[string]string{"absent": absent.URL, "stuck": stuck.URL} {
		t.Run(name, func(t *testing.T) {
			setenv(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": url})
			registry := prometheus.NewRegistry()
			var log bytes.Buffer
			on, err := tracing.Open(t.Context(), tracing.Options{Registerer: registry, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			const n = 10_000
			record(t, on, "binlog", n)
			began := time.Now()
			on.Close()
			// One second is promised; the rest is for a machine that is busy.
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("Close took %v", took)
			}
			metrics, err := registry.Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range metrics {
				got := m.GetMetric()[0].GetCounter().GetValue()
				switch m.GetName() {
				case "telltale_tracing_spans_total":
					if got != n {
						t.Errorf("%v spans counted, want %d", got, n)
					}
				case "telltale_tracing_exported_spans_total":
					if label := m.GetMetric()[0].GetLabel()[0].GetValue(); label != "failed" || got == 0 || len(m.GetMetric()) != 1 {
						t.Errorf("%v spans %s, want all that were tried to have failed", got, label)
					}
				}
			}
			if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "spans are lost") {
				t.Errorf("the log says %q, want one line", log.String())
			}
		})
	}
}

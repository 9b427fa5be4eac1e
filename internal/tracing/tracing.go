package tracing

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Options are what a process gives to its traces.
type Options struct {
	// Version is the program's version, which every span names.
	Version string
	// Console gets the spans where OTEL_TRACES_EXPORTER is "console". Nil drops
	// them.
	Console io.Writer
	// Logger is told when the collector stops taking spans and when it takes
	// them again. Nil drops it.
	Logger *slog.Logger
	// Registerer gets the metrics. Nil means none.
	Registerer prometheus.Registerer
}

// Tracing is where the spans of a process go. A nil Tracing makes none.
type Tracing struct {
	process  *resource.Resource
	exporter *exporter
	queue    sdk.SpanProcessor
}

// flushWithin bounds how long Close waits for the collector.
const flushWithin = time.Second

// Open reads the environment and returns where spans go, or nil where none are
// wanted. The variables, which are OpenTelemetry's:
//
//	OTEL_TRACES_EXPORTER          otlp, console or none. Default: otlp where an
//	                              endpoint is set, none otherwise.
//	OTEL_EXPORTER_OTLP_ENDPOINT   the collector, for example http://127.0.0.1:4318
//	OTEL_EXPORTER_OTLP_PROTOCOL   http/protobuf (default) or http/json
//	OTEL_EXPORTER_OTLP_…          HEADERS, TIMEOUT, COMPRESSION, CERTIFICATE,
//	                              CLIENT_CERTIFICATE, CLIENT_KEY; each also as
//	                              OTEL_EXPORTER_OTLP_TRACES_…
//	OTEL_TRACES_SAMPLER, …_ARG    default parentbased_always_on
//	OTEL_SERVICE_NAME             default telltale-<stage>
//	OTEL_RESOURCE_ATTRIBUTES      added to every span
//	OTEL_BSP_…                    the queue before the exporter
//	OTEL_SDK_DISABLED             true: no spans, whatever else is set
//
// A value that is not understood is an error that names the variable. Open
// does not reach for the collector.
func Open(ctx context.Context, o Options) (*Tracing, error) {
	env := environment(os.Getenv)
	kind, err := env.exporter()
	if err != nil || kind == exporterNone {
		return nil, err
	}
	if err := env.validate(kind); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	process, err := resource.New(
		ctx,
		resource.WithAttributes(semconv.ServiceVersion(o.Version)),
		resource.WithHost(), resource.WithTelemetrySDK(), resource.WithFromEnv(),
	)
	if err != nil {
		return nil, fmt.Errorf("describe this process for traces: %w", err)
	}
	to, err := newExporter(ctx, kind, o.Console)
	if err != nil {
		return nil, fmt.Errorf("open the exporter of traces %q: %w", kind, err)
	}
	m := newMetrics(o.Registerer)
	e := &exporter{SpanExporter: to, logger: o.Logger, metrics: m}
	return &Tracing{process: process, exporter: e, queue: &counted{sdk.NewBatchSpanProcessor(e), m}}, nil
}

func newExporter(ctx context.Context, kind string, console io.Writer) (sdk.SpanExporter, error) {
	if kind == exporterOTLP {
		return otlptracehttp.New(ctx)
	}
	if console == nil {
		console = io.Discard
	}
	return stdouttrace.New(stdouttrace.WithWriter(console))
}

// Provider makes the spans of one stage, which has a service of its own in the
// trace, also where it shares the process with others. It is nil where t is.
func (t *Tracing) Provider(stage string) trace.TracerProvider {
	if t == nil {
		return nil
	}
	// The environment's name, where it gives one, stands later and so wins.
	attributes := append([]attribute.KeyValue{semconv.ServiceName("telltale-" + stage)}, t.process.Attributes()...)
	// The provider itself holds nothing that must be closed.
	return sdk.NewTracerProvider(
		sdk.WithResource(resource.NewWithAttributes(t.process.SchemaURL(), attributes...)),
		sdk.WithSpanProcessor(t.queue),
	)
}

// Close hands over what waits and returns within about a second, whether or not
// the collector took it. Spans that end later are dropped.
func (t *Tracing) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*flushWithin)
	defer cancel()
	// The exporter's own end cuts a request that is under way, and the queue
	// waits for no more than that.
	cut := time.AfterFunc(flushWithin, func() { _ = t.exporter.Shutdown(ctx) })
	defer cut.Stop()
	if err := t.queue.Shutdown(ctx); err != nil {
		t.exporter.logger.Warn("traces were not handed over to the end", "error", err)
	}
}

package tracing

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// exporter keeps a failure to hand over spans away from OpenTelemetry's global
// error handler: it is counted, and logged when it begins and when it is over.
// The queue calls it from one goroutine at a time.
type exporter struct {
	sdk.SpanExporter
	logger  *slog.Logger
	metrics *metrics
	failing bool
}

// ExportSpans implements sdk.SpanExporter. It returns nil even where the spans
// are lost: nothing can be done about it, and no stage may suffer from it.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil:
		e.metrics.exported.WithLabelValues("failed").Add(float64(len(spans)))
		if !e.failing {
			e.logger.Warn("spans are lost: the collector does not take them", "error", err)
		}
	default:
		e.metrics.exported.WithLabelValues("ok").Add(float64(len(spans)))
		if e.failing {
			e.logger.Info("the collector takes spans again")
		}
	}
	e.failing = err != nil
	return nil
}

// counted is the queue before the exporter, which drops what does not fit.
type counted struct {
	sdk.SpanProcessor
	metrics *metrics
}

// OnEnd implements sdk.SpanProcessor.
func (c *counted) OnEnd(s sdk.ReadOnlySpan) {
	c.metrics.ended.Inc()
	c.SpanProcessor.OnEnd(s)
}

type metrics struct {
	ended    prometheus.Counter
	exported *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		ended: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "telltale_tracing_spans_total",
			Help: "Spans of traced requests.",
		}),
		exported: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "telltale_tracing_exported_spans_total",
			Help: "Spans that the exporter was given, by outcome: ok or failed. " +
				"Those that were neither wait, or were dropped because the queue was full.",
		}, []string{"outcome"}),
	}
	if reg != nil {
		reg.MustRegister(m.ended, m.exported)
	}
	return m
}

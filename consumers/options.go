package consumers

import (
	"crypto/tls"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"telltale/internal/kafkaclient"
	"telltale/internal/ops"
)

// What the bounds bound (I11). The queues of one consumer share queueBytes;
// librdkafka holds as much again on its side.
const (
	defaultBatch  = 1000
	batchBytes    = 4 << 20
	queueBytes    = 32 << 20
	minQueueBytes = 256 << 10
)

// Options say where a consumer runs.
type Options struct {
	// DSN is the consumer's own MySQL database in go-sql-driver's form; the
	// database is created if it is missing and the user may. Required.
	DSN string
	// TLS is how connections to that database are encrypted; nil leaves it to DSN.
	TLS *tls.Config
	// Kafka is the cluster to read from.
	Kafka kafkaclient.Config
	// Batch is how many events one transaction takes at most. Default 1000.
	Batch int
	// Logger gets the lifecycle; nil drops it.
	Logger *slog.Logger
	// Registerer gets the metrics; nil drops them.
	Registerer prometheus.Registerer
	// Health learns per partition whether it can make progress; nil drops it.
	Health *ops.Health
	// Traces gets a span for each handled event of a traced request; nil means
	// none.
	Traces trace.TracerProvider

	// failpoint lets a test end the consumer between two steps.
	failpoint func(point string) error
	// queueBytes is what the queues share; tests make it small.
	queueBytes int
}

func (o Options) withDefaults() Options {
	if o.Batch == 0 {
		o.Batch = defaultBatch
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.failpoint == nil {
		o.failpoint = func(string) error { return nil }
	}
	if o.queueBytes == 0 {
		o.queueBytes = queueBytes
	}
	return o
}

func (o Options) validate() error {
	if o.DSN == "" {
		return errors.New("consumers: no DSN of a database to keep offsets in")
	}
	if o.Batch < 1 {
		return errors.New("consumers: a batch must hold at least one event")
	}
	return nil
}

package translator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"telltale/internal/kafkaclient"
	"telltale/internal/ops"
	"telltale/internal/tracing"
	"telltale/schemas/change"
)

// Options configure a translator.
type Options struct {
	// Source is the name of the source whose changes are translated, the first
	// part of its topics. Required.
	Source string
	// Rules is the directory of the rule files. Required.
	Rules string
	// Group is the consumer group; its offsets are the translator's only
	// state. Default "<Source>-translator".
	Group string
	Kafka kafkaclient.Config
	// Partitions and ReplicationFactor are those of the event topics that the
	// translator creates. Defaults 6 and 1.
	Partitions        int
	ReplicationFactor int
	// CreateTopics allows it to create event topics that are missing; without
	// it a missing topic is an error that prints the commands.
	CreateTopics bool
	// Logger, Registerer and Health default to none.
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Health     *ops.Health
	// Traces gets a span for each event of a traced request. Nil means none.
	Traces trace.TracerProvider
}

func (o Options) withDefaults() Options {
	if o.Group == "" {
		o.Group = o.Source + "-translator"
	}
	if o.Partitions == 0 {
		o.Partitions = 6
	}
	if o.ReplicationFactor == 0 {
		o.ReplicationFactor = 1
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	return o
}

var errStarting = errors.New("starting")

// HealthPart is the part of the health that is well once the stage has joined its
// group and for as long as the brokers answer.
const HealthPart = "kafka"

// Parts of the health that are well where every table that the rules name is known,
// and while the brokers take what a transaction asks of them.
const (
	partShapes      = "shapes"
	partTransaction = "kafka transaction"
)

// stage is what outlives a session: the compiled rules and where events go.
type stage struct {
	options    Options
	translator *translator
	metrics    *metrics
	tracer     *tracing.Tracer
	// partitions is how many each event topic has.
	partitions map[string]int32
	// inputs are the raw topics of the tables that the rules name, and schemasEnd
	// is where the schemas topic ended when a session last read it for them.
	inputs     []string
	schemasEnd int64
	log        *slog.Logger
}

// Run translates until ctx is cancelled, then commits what is whole and returns
// nil. It waits, not ready, for tables that have no shape or topic yet and for
// a broker that does not answer. It returns an error for rules that do not
// compile, for missing topics that it may not create, and for a change that
// the rules cannot handle (RuleError).
func Run(ctx context.Context, options Options) error {
	o := options.withDefaults()
	o.Health.Set(HealthPart, errStarting) // Until a session has joined the group.
	rules, err := loadRules(o.Rules)
	if err != nil {
		return err
	}
	s := &stage{
		options: o, translator: newTranslator(o.Source, rules),
		metrics: newMetrics(o.Registerer), tracer: tracing.New(o.Traces), log: o.Logger,
	}
	err = s.run(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return err
}

func (s *stage) run(ctx context.Context) error {
	if err := s.awaitTables(ctx); err != nil {
		return err
	}
	if err := s.retry(ctx, s.prepareTopics); err != nil {
		return err
	}
	return s.sessions(ctx)
}

// prepareTopics makes sure that the event topics are there and notes their
// partition counts, by which keys are spread.
func (s *stage) prepareTopics(ctx context.Context) error {
	specs := topicSpecs(s.options, s.translator.rules)
	var missing *kafkaclient.MissingTopicsError
	if err := kafkaclient.EnsureTopics(ctx, s.options.Kafka, specs, s.options.CreateTopics); errors.As(err, &missing) {
		return err
	} else if err != nil {
		return lost(err)
	}
	s.partitions = make(map[string]int32)
	for _, spec := range specs {
		n, err := kafkaclient.Partitions(ctx, s.options.Kafka, spec.Name)
		if err != nil {
			return lost(err)
		}
		s.partitions[spec.Name] = n
	}
	return nil
}

// topicSpecs are the topics that the rules write.
func topicSpecs(o Options, rules *ruleSet) []kafkaclient.TopicSpec {
	var specs []kafkaclient.TopicSpec
	for _, name := range rules.topics() {
		specs = append(specs, kafkaclient.TopicSpec{
			Name: name, Partitions: o.Partitions, ReplicationFactor: o.ReplicationFactor,
			// Read models are rebuilt from events, so events are kept for ever.
			Settings: map[string]string{"cleanup.policy": "delete", "retention.ms": "-1"},
		})
	}
	return specs
}

// Back-off between attempts at what Kafka refuses.
const (
	firstPause = 200 * time.Millisecond
	maxPause   = 5 * time.Second
)

// retry calls f until it returns something else than a lostError, and shows
// why not meanwhile.
func (s *stage) retry(ctx context.Context, f func(context.Context) error) error {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		began := time.Now()
		err := f(ctx)
		if !isLost(err) {
			return err
		}
		if time.Since(began) > maxPause { // It worked for a while.
			pause = firstPause
		}
		s.options.Health.Set(HealthPart, err)
		s.log.WarnContext(ctx, "kafka is in the way, trying again", "error", err, "pause", pause)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// sessions run one after the other: each ends with a lost broker, a fenced
// producer or topics to read beside the others, and the next goes on from the
// committed offsets.
func (s *stage) sessions(ctx context.Context) error {
	return s.retry(ctx, func(ctx context.Context) error {
		for ctx.Err() == nil {
			if err := s.session(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// schemasTopic is where the reader publishes the shapes.
func (s *stage) schemasTopic() string { return change.SchemasTopic(s.options.Source) }

// lostError is a failure of Kafka that a new session may mend.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// lost marks a failure of Kafka, but for one that would come back for ever.
func lost(err error) error {
	if err == nil || kafkaclient.RemedyOf(err) == kafkaclient.End {
		return kafkaclient.Refused(err)
	}
	return &lostError{err}
}

func isLost(err error) bool {
	var l *lostError
	return errors.As(err, &l)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", context.Cause(ctx))
	case <-time.After(d):
		return nil
	}
}

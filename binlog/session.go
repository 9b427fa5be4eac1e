package binlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	driver "github.com/go-sql-driver/mysql"

	"telltale/internal/kafkaclient"
	"telltale/internal/tracing"
	"telltale/schemas/change"
)

// transactionTimeout is the longest that brokers allow unless told otherwise,
// so that a huge MySQL transaction fits. A dead reader's open transaction does
// not wait for it: the next reader of the source aborts it.
const transactionTimeout = 15 * time.Minute

// reader reads one source. It holds what outlives a session.
type reader struct {
	o        Options
	dsn      *driver.Config
	filter   filter
	encoding encoding
	metrics  *metrics
	tracer   *tracing.Tracer
	// broken says that the last session ended with an error, and that this one has
	// not shown yet that it goes on.
	broken atomic.Bool
}

// session goes from taking over the producer to the first error: everything
// that it knows it has read from Kafka and from the server.
func (r *reader) session(ctx context.Context, progressed func()) error {
	srv, err := openServer(ctx, r.dsn)
	if err != nil {
		return err
	}
	defer srv.Close()
	seen, err := srv.survey(ctx, r.o, r.filter, r.encoding)
	if err != nil {
		return err
	}
	producer, err := kafkaclient.NewTxnProducer(ctx, r.o.Kafka, kafkaclient.TxnOptions{
		TransactionalID: producerID(r.o.Name), Timeout: transactionTimeout,
		Report: func(err error) { r.o.Health.Set(partTransaction, err) },
	})
	if err != nil {
		return err
	}
	defer producer.Close()
	topics := &topics{o: r.o}
	if err := topics.load(ctx, seen.plans); err != nil {
		return err
	}
	position, err := r.start(ctx, srv, producer, topics, seen.plans)
	if err != nil {
		return err
	}
	published, err := srv.dialect.parse(position.GTIDSet)
	if err != nil {
		return err
	}
	r.o.Logger.Info("reading the binlog", "source", r.o.Name, "server", position.ServerUUID,
		"gtid_set", position.GTIDSet, "tables", len(seen.plans))
	marks, err := topics.marks(ctx)
	if err != nil {
		return err
	}
	s := newStream(streamOptions{
		connected: r.connected,
		flavor: srv.dialect.flavor(), source: r.o.Name, version: r.o.Version, filter: r.filter, colls: seen.collations, encoding: r.encoding,
		position: position, progress: srv.dialect.progress(published),
		complete: func(d *tableDef) error { return srv.dialect.complete(ctx, srv, d) },
		cascades: seen.cascades, noBackslashEscapes: seen.noBackslashEscapes,
		onVanish: func(statement, table string) {
			r.metrics.vanished.WithLabelValues(statement).Inc()
			r.o.Logger.Warn("rows went with a statement that logs none of them", "statement", statement, "table", table)
		},
		open:    func(p *plan) (*topic, *schemaRecord, error) { return topics.open(ctx, p) },
		now:     time.Now,
		metrics: r.metrics, tracer: r.tracer, marks: marks, noTombstones: r.o.NoTombstones,
	})
	overflow, err := newOverflow(r.o)
	if err != nil {
		return err
	}
	overflow.letters = topics.letters
	p := &publisher{
		overflow: overflow, source: r.o.Name, producer: producer, stream: s, metrics: r.metrics, tracer: r.tracer, now: time.Now, progressed: progressed,
	}
	r.metrics.lag.begin()
	defer r.observe(ctx, srv, &s.track)()
	return r.pump(ctx, dumpOptions{flavor: srv.dialect.flavor(), serverID: r.o.ServerID, from: published}, s, p)
}

// pump runs the connection and the publisher until one of them fails, and
// returns the first failure.
func (r *reader) pump(ctx context.Context, from dumpOptions, s *stream, p *publisher) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { s.end(context.Cause(ctx)) })
	defer stop()
	dumped := make(chan struct{})
	go func() {
		defer close(dumped)
		s.end(dump(ctx, r.dsn, from, s))
	}()
	err := p.run(ctx)
	cancel(err)
	<-dumped
	return err
}

// start finds where to begin. On the first start that is the server's newest
// transaction; it is committed at once, with the shapes of all tables, so that
// a crash from here on loses nothing.
func (r *reader) start(ctx context.Context, srv *server, producer *kafkaclient.TxnProducer, topics *topics, plans []*plan) (Position, error) {
	position, found, err := ReadPosition(ctx, r.o.Kafka, r.o.Name)
	if err != nil {
		return position, err
	}
	h, err := srv.dialect.history(ctx, srv)
	if err != nil {
		return position, err
	}
	if found {
		if err := resume(ctx, r.o, r.dsn, srv.dialect, position, h); err != nil {
			return position, err
		}
	} else if len(topics.known) > 0 {
		return position, &ResumeError{
			Source: r.o.Name,
			Reason: "its position is gone from topic " + PositionsTopic(r.o.Name) + ", although it has published before",
			Mend:   "telltale positions reset (starts at the server's newest transaction; what lies between is never published)",
		}
	} else {
		position = h.position(srv.dialect)
	}
	position.ServerUUID = h.server
	var news []*schemaRecord
	for _, p := range plans {
		_, record, err := topics.open(ctx, p)
		if err != nil {
			return position, err
		}
		if record != nil {
			news = append(news, record)
		}
	}
	if found && len(news) == 0 {
		return position, nil
	}
	return position, announce(ctx, producer, r.o.Name, position, news)
}

// announce commits a position together with the shapes of tables.
func announce(ctx context.Context, producer *kafkaclient.TxnProducer, source string, position Position, shapes []*schemaRecord) error {
	if err := producer.Begin(); err != nil {
		return err
	}
	for _, s := range shapes {
		m := &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &s.topic.name, Partition: 0}, Key: s.key, Value: s.value}
		if err := producer.Produce(ctx, m); err != nil {
			return err
		}
	}
	m, err := position.message(source)
	if err != nil {
		return err
	}
	if err := producer.Produce(ctx, m); err != nil {
		return err
	}
	return producer.Commit(ctx)
}

// topics are the Kafka topics of a source, opened as tables turn up.
type topics struct {
	o      Options
	byName map[string]*topic // Raw topics; tables of an aggregate share one.
	known  map[string]bool   // Shapes by the key of their record.
	// newest is each table's shape that was published last, by the same key:
	// one that comes back is published again, since its readers go by the newest.
	newest  map[string]string
	schemas *topic
	// letters is the topic of dead letters, where records can go there.
	letters *topic
}

// load reads which shapes are known and makes sure of all topics at once.
func (t *topics) load(ctx context.Context, plans []*plan) error {
	t.byName, t.known, t.newest = map[string]*topic{}, map[string]bool{}, map[string]string{}
	specs := []kafkaclient.TopicSpec{t.compacted(PositionsTopic(t.o.Name)), t.compacted(change.SchemasTopic(t.o.Name))}
	raw := map[string]bool{} // Tables of an aggregate share one.
	for _, p := range plans {
		if spec := t.raw(p); !raw[spec.Name] {
			raw[spec.Name] = true
			specs = append(specs, spec)
		}
	}
	if t.o.Oversize == oversizeDeadLetter {
		specs = append(specs, t.deadLetters())
	}
	if err := kafkaclient.EnsureTopics(ctx, t.o.Kafka, specs, t.o.CreateTopics); err != nil {
		return err
	}
	partitions, err := kafkaclient.AllPartitions(ctx, t.o.Kafka)
	if err != nil {
		return err
	}
	for name := range raw {
		if n := partitions[name]; n > 0 {
			t.byName[name] = newTopic(name, n)
		}
	}
	t.letters = newTopic(DeadLettersTopic(t.o.Name), partitions[DeadLettersTopic(t.o.Name)])
	if err := t.limit(ctx, slices.Collect(maps.Values(t.byName))...); err != nil {
		return err
	}
	t.schemas = newTopic(change.SchemasTopic(t.o.Name), 1)
	return kafkaclient.ReadToEnd(ctx, t.o.Kafka, t.schemas.name, func(m *kafka.Message) error {
		key := string(m.Key)
		t.known[key] = m.Value != nil
		t.newest[tableOfShape(key)] = key
		return nil
	})
}

func (t *topics) compacted(name string) kafkaclient.TopicSpec {
	return kafkaclient.TopicSpec{
		Name: name, Partitions: 1, ReplicationFactor: t.o.ReplicationFactor,
		Settings: map[string]string{"cleanup.policy": "compact"},
	}
}

func (t *topics) raw(p *plan) kafkaclient.TopicSpec {
	return t.kept(p.shape.Topic(t.o.Name), t.o.Partitions)
}

// kept is a topic of which a week is kept.
func (t *topics) kept(name string, partitions int) kafkaclient.TopicSpec {
	return kafkaclient.TopicSpec{
		Name: name, Partitions: partitions, ReplicationFactor: t.o.ReplicationFactor,
		Settings: map[string]string{"cleanup.policy": "delete", "retention.ms": "604800000"},
	}
}

// ensured returns a topic that is there, made where it was not.
func (t *topics) ensured(ctx context.Context, spec kafkaclient.TopicSpec) (*topic, error) {
	if one := t.byName[spec.Name]; one != nil {
		return one, nil
	}
	if err := kafkaclient.EnsureTopics(ctx, t.o.Kafka, []kafkaclient.TopicSpec{spec}, t.o.CreateTopics); err != nil {
		return nil, err
	}
	n, err := kafkaclient.Partitions(ctx, t.o.Kafka, spec.Name)
	if err != nil {
		return nil, err
	}
	one := newTopic(spec.Name, n)
	if err := t.limit(ctx, one); err != nil {
		return nil, err
	}
	t.byName[spec.Name] = one
	return one, nil
}

// marks opens the topic of transactions, where it is asked for: of one partition
// unless somebody made it with more, so that they stand in commit order.
func (t *topics) marks(ctx context.Context) (*transactionMarks, error) {
	if !t.o.TransactionTopic {
		return nil, nil
	}
	one, err := t.ensured(ctx, t.kept(TransactionTopic(t.o.Name), 1))
	if err != nil {
		return nil, err
	}
	return newTransactionMarks(one, t.o.Format == formatWithSchema), nil
}

// open returns a table's topic, and the record of a shape that the schemas
// topic does not know or no longer holds for the newest.
func (t *topics) open(ctx context.Context, p *plan) (*topic, *schemaRecord, error) {
	shape := p.shape
	one, err := t.ensured(ctx, t.raw(p))
	if err != nil {
		return nil, nil, err
	}
	key := shape.Key()
	if t.known[key] && t.newest[tableOfShape(key)] == key {
		return one, nil, nil
	}
	value, err := json.Marshal(shape)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the shape of table %s.%s: %w", shape.DB, shape.Table, err)
	}
	t.known[key], t.newest[tableOfShape(key)] = true, key
	return one, &schemaRecord{topic: t.schemas, key: []byte(key), value: value}, nil
}

// tableOfShape is the table that the key of a shape's record names.
func tableOfShape(key string) string { return key[:max(0, strings.LastIndexByte(key, '@'))] }

var errStarting = errors.New("starting")

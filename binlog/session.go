package binlog

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/go-mysql-org/go-mysql/replication"
	driver "github.com/go-sql-driver/mysql"

	"telltale/internal/kafkaclient"
	"telltale/internal/tracing"
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
	// unknown are XA branches whose commit was met and whose PREPARE was not.
	unknown []unknownBranchError
	// unsent is where the binlog ended when a session was detached.
	unsent coordinates
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
		TransactionalID: producerID(r.o.Name), Timeout: transactionTimeout, QueueBytes: queueOf(r.o.Memory),
		Report: func(err error) { r.o.Health.Set(partTransaction, err) },
	})
	if err != nil {
		return err
	}
	defer producer.Close()
	to, err := r.sink(producer)
	if err != nil {
		return err
	}
	defer to.close()
	topics := &topics{o: r.o}
	if err := topics.load(ctx, seen.plans); err != nil {
		return err
	}
	marks, err := topics.marks(ctx)
	if err != nil {
		return err
	}
	position, err := r.start(ctx, srv, producer, topics, seen.plans)
	if err != nil {
		return err
	}
	from, done, err := originOf(position, srv.dialect)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.o.Logger.Info("reading the binlog", "source", r.o.Name, "server", position.ServerUUID,
		"gtid_set", position.GTIDSet, "file", position.File, "pos", position.Pos, "tables", len(seen.plans))
	var truncates map[string]tableDef
	if r.o.Truncates {
		truncates = seen.defs
	}
	s := newStream(streamOptions{
		connected: r.connected, truncates: truncates,
		flavor: srv.dialect.flavor(), source: r.o.Name, version: r.o.Version, filter: r.filter, colls: seen.collations, encoding: r.encoding,
		position: position, progress: done,
		complete: func(d *tableDef) error { return srv.dialect.complete(ctx, srv, d) },
		cascades: seen.cascades, mode: seen.mode, foldNames: seen.foldNames,
		onVanish: func(statement, table string) {
			r.metrics.vanished.WithLabelValues(statement).Inc()
			r.o.Logger.Warn("rows went with a statement that logs none of them", "statement", statement, "table", table)
		},
		again: func(b Branch, h replication.EventHandler) error { return r.again(ctx, srv, position.ByFile, b, h) },
		open:  func(p *plan) (*topic, []*stateRecord, error) { return topics.open(ctx, p) },
		now:   r.o.now, batchBytes: batchOf(r.o.Memory),
		metrics: r.metrics, tracer: r.tracer, marks: marks, noTombstones: r.o.NoTombstones,
	})
	defer s.close()
	overflow, err := newOverflow(r.o)
	if err != nil {
		return err
	}
	overflow.letters = topics.letters
	p := &publisher{
		overflow: overflow, sink: to, stream: s, metrics: r.metrics, tracer: r.tracer, now: r.o.now, progressed: progressed,
	}
	r.metrics.lag.begin()
	defer r.observe(ctx, srv, &s.track, cancel)()
	stop := topics.watch(ctx, cancel)
	defer stop()
	err = r.pump(ctx, cancel, dumpOptions{flavor: srv.dialect.flavor(), source: r.o.Name, serverID: r.o.ServerID, from: from}, s, p)
	if u, ok := errors.AsType[*unknownBranchError](err); ok {
		r.unknown = append(r.unknown, *u)
	}
	return err
}

// pump runs the connection and the publisher until one of them fails, and
// returns the first failure. It cancels ctx.
func (r *reader) pump(ctx context.Context, cancel context.CancelCauseFunc, from dumpOptions, s *stream, p *publisher) error {
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
	if cause := context.Cause(ctx); fatal(cause) { // A commit that was cut short for it says less.
		return cause
	}
	return err
}

// start finds where to begin. On the first start that is the server's newest
// transaction; it is committed at once, with the shapes of all tables, so that
// a crash from here on loses nothing.
func (r *reader) start(ctx context.Context, srv *server, producer *kafkaclient.TxnProducer, topics *topics, plans []*plan) (Position, error) {
	position, found := topics.stored.position, topics.stored.found
	h, err := srv.dialect.history(ctx, srv)
	if err != nil {
		return position, err
	}
	if found {
		p := proof{options: r.o, dsn: r.dsn, server: srv, position: position, history: h}
		if err := p.run(ctx); err != nil {
			return position, err
		}
	} else if len(topics.known) > 0 {
		return position, &ResumeError{
			Source: r.o.Name,
			Kind:   refusedPositions,
			Reason: "its position is gone from topic " + PositionsTopic(r.o.Name) + ", although it has published before",
			Mend:   resetCommand,
		}
	} else {
		position = h.position(srv.dialect)
	}
	if err := r.findBranches(ctx, srv, h, &position); err != nil {
		return position, err
	}
	position.ServerUUID = h.server
	var news []*stateRecord
	for _, p := range plans {
		_, records, err := topics.open(ctx, p)
		if err != nil {
			return position, err
		}
		news = append(news, records...)
	}
	if found && len(news) == 0 {
		return position, nil
	}
	return position, announce(ctx, producer, r.o.Name, position, news)
}

// announce commits a position together with what else is to be remembered.
func announce(ctx context.Context, producer *kafkaclient.TxnProducer, source string, position Position, others []*stateRecord) error {
	if err := producer.Begin(); err != nil {
		return err
	}
	for _, s := range others {
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

var errStarting = errors.New("starting")

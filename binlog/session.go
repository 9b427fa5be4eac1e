package binlog

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
	driver "github.com/go-sql-driver/mysql"

	"telltale/internal/kafkaclient"
	"telltale/internal/resident"
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

// session is what a session has found out from the server and from Kafka when
// it begins to read.
type session struct {
	server   *server
	seen     surveyed
	topics   *topics
	marks    *transactionMarks
	sink     sink
	overflow overflow
	position Position
	// tables is how many are captured.
	tables int
	// progressed is told after every commit.
	progressed func()
}

// session goes from taking over the producer to the first error: everything
// that it knows it has read from Kafka and from the server.
func (r *reader) session(ctx context.Context, progressed func()) error {
	// Kafka's client allocates on the calling thread, from an arena that the thread
	// keeps: wandering from thread to thread, what the start asks for and the
	// publisher's queue would be there many times.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	srv, err := openServer(ctx, r.dsn)
	if err != nil {
		return err
	}
	defer srv.Close()
	seen, err := srv.survey(ctx, r.o, r.filter, r.encoding)
	if err != nil {
		return err
	}
	producer, err := r.producer(ctx)
	if err != nil {
		return err
	}
	defer producer.Close()
	to, err := r.sink(producer)
	if err != nil {
		return err
	}
	defer to.close()
	w := session{server: srv, seen: seen, topics: &topics{o: r.o}, sink: to, progressed: progressed}
	if err := w.topics.load(ctx, seen.shapes); err != nil {
		return err
	}
	if w.marks, err = w.topics.marks(ctx); err != nil {
		return err
	}
	if w.overflow, err = newOverflow(ctx, r.o, r.metrics); err != nil {
		return err
	}
	defer w.overflow.close()
	w.overflow.letters = w.topics.letters
	if w.position, err = r.start(ctx, srv, producer, w.topics, seen.shapes); err != nil {
		return err
	}
	// What is known of each table is as much as all the rest where there are
	// thousands, and not asked for again: a stream learns from table maps.
	w.tables, w.seen.shapes = len(seen.shapes), nil
	resident.Release()
	return r.read(ctx, w)
}

// producer makes the transactional producer, which fences that of the reader
// before and resolves its open transaction.
func (r *reader) producer(ctx context.Context) (*kafkaclient.TxnProducer, error) {
	return kafkaclient.NewTxnProducer(ctx, r.o.Kafka, kafkaclient.TxnOptions{
		TransactionalID: producerID(r.o.Name), Timeout: transactionTimeout, QueueBytes: queueOf(r.o.Memory),
		Report: func(err error) { r.o.Health.Set(partTransaction, err) },
	})
}

// read publishes what follows the session's position until something fails.
func (r *reader) read(ctx context.Context, w session) error {
	from, done, err := originOf(w.position, w.server.dialect)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.o.Logger.Info("reading the binlog", "source", r.o.Name, "server", w.position.ServerUUID,
		"gtid_set", w.position.GTIDSet, "file", w.position.File, "pos", w.position.Pos, "tables", w.tables)
	s := r.stream(ctx, w, done)
	defer s.close()
	tails := newTails(w.topics)
	w.overflow.note = tails.note
	p := &publisher{
		overflow: w.overflow, tails: tails, sink: w.sink, stream: s, metrics: r.metrics, tracer: r.tracer, now: r.o.now, progressed: w.progressed,
	}
	r.metrics.lag.begin()
	defer r.observe(ctx, w.server, &s.track, cancel)()
	defer w.topics.watch(ctx, cancel)()
	err = r.pump(ctx, cancel, dumpOptions{
		flavor: w.server.dialect.flavor(), source: r.o.Name, serverID: r.o.ServerID, heartbeat: r.o.heartbeat, from: from,
	}, s, p)
	if u, ok := errors.AsType[*unknownBranchError](err); ok {
		r.unknown = append(r.unknown, *u)
	}
	return err
}

// stream makes the session's stream. What it asks of the server and of Kafka
// while it decodes ends with ctx.
func (r *reader) stream(ctx context.Context, w session, done progress) *stream {
	o := streamOptions{
		connected: r.connected, flavor: w.server.dialect.flavor(), source: r.o.Name, version: r.o.Version,
		filter: r.filter, colls: w.seen.collations, encoding: r.encoding,
		position: w.position, progress: done,
		complete: func(d *tableDef) error { return w.server.dialect.complete(ctx, w.server, d) },
		cascades: w.seen.cascades, mode: w.seen.mode, foldNames: w.seen.foldNames,
		onVanish: r.vanished,
		again: func(b Branch, h replication.EventHandler) error {
			return r.again(ctx, w.server, w.position.ByFile, b, h)
		},
		open: func(p *plan) (*topic, []*stateRecord, error) { return w.topics.open(ctx, &p.shape) },
		now:  r.o.now, batchBytes: batchOf(r.o.Memory),
		metrics: r.metrics, tracer: r.tracer, marks: w.marks, noTombstones: r.o.NoTombstones,
		truncates: w.seen.defs,
	}
	return newStream(o)
}

// vanished tells the operator of rows that went without an event of their own.
func (r *reader) vanished(statement, table string) {
	r.metrics.vanished.WithLabelValues(statement).Inc()
	r.o.Logger.Warn("rows went with a statement that logs none of them", "statement", statement, "table", table)
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

var errStarting = errors.New("starting")

package binlog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"telltale/internal/kafkaclient"
	"telltale/internal/tracing"
)

// HealthPart is the part of the health that is well while a reader publishes.
const HealthPart = "binlog"

// Parts of the health that are well while the brokers answer, and while they take
// what a transaction asks of them.
const (
	partBrokers     = "kafka"
	partTransaction = "kafka transaction"
)

// Run publishes the row changes of one source until ctx ends, when it returns
// nil, or until going on would break a promise, when it says why. A lost
// connection to the server or to Kafka is taken up again from what was
// committed; a second reader of the same source stands by.
func Run(ctx context.Context, o Options) error {
	o.Health.Set(HealthPart, errStarting) // Before anything that takes time: a change made now may not be seen.
	r, err := newReader(ctx, o, Check)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return notStarted(o.Name, err)
	}
	leader := func(is standing) {
		r.metrics.standing(is)
		switch is {
		case standingBy:
			r.o.Health.Set(HealthPart, errors.New("standing by: another reader holds the lease of source "+r.o.Name))
		case leaderless:
			r.o.Health.Set(HealthPart, errors.New("waiting for the lease of source "+r.o.Name))
		}
	}
	told := leaseReports{standing: leader, trouble: func(err error) { r.o.Health.Set(partBrokers, err) }}
	return holdLease(ctx, r.o.Kafka, r.o.Name, r.o.Logger, told, r.sessions)
}

// newReader checks what the caller needs before anything is touched.
func newReader(ctx context.Context, o Options, check func(context.Context, Options) error) (*reader, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	f, err := newFilter(o)
	if err != nil {
		return nil, err
	}
	e, err := o.encoding()
	if err != nil {
		return nil, err
	}
	dsn, err := o.dsn()
	if err != nil {
		return nil, err
	}
	if err := check(ctx, o); err != nil {
		return nil, err
	}
	t := &topics{o: o}
	err = kafkaclient.EnsureTopics(ctx, o.Kafka, []kafkaclient.TopicSpec{t.compacted(PositionsTopic(o.Name))}, o.CreateTopics)
	if err != nil {
		return nil, err
	}
	return &reader{o: o, dsn: dsn, filter: f, encoding: e, metrics: newMetrics(o.Registerer), tracer: tracing.New(o.Traces)}, nil
}

// Limits of the pause between two sessions.
const (
	minPause = 100 * time.Millisecond
	maxPause = 10 * time.Second
)

// sessions runs one session after the other until one fails for good. The
// pause between them grows, with full jitter, while nothing is published.
func (r *reader) sessions(ctx context.Context) error {
	r.unknown = nil // Another reader may have decided over them meanwhile.
	limit, refused := minPause, 0
	for {
		err := r.session(ctx, func() { limit, refused = minPause, 0; r.works() })
		if ctx.Err() != nil {
			return nil
		}
		if binlogRefused(err) || errors.Is(err, errChecksum) || errors.Is(err, errServerID) {
			refused++ // The next session may find out why, and say it better, or all is well.
		}
		if fatal(err) || refused > 1 {
			r.metrics.sessions.WithLabelValues("fatal", causeOf(err)).Inc()
			return fmt.Errorf("source %s: %w", r.o.Name, final(err))
		}
		r.broke(err)
		pause := rand.N(limit)
		r.o.Logger.Warn("session ended, starting over", "source", r.o.Name, "error", err, "pause", pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		limit = min(2*limit, maxPause)
	}
}

// Reset moves a source's position to the server's newest transaction: what lies
// between is never published. It fails while a reader of the source runs.
func Reset(ctx context.Context, o Options) (Position, error) {
	return rewrite(ctx, o, false, func(old, newest Position) Position {
		newest.Incarnation = old.Incarnation + 1
		return newest
	})
}

// Trust keeps a source's GTID set and forgets the fingerprint of its last
// transaction: the operator vouches that the server's history is the one that
// was published. It fails while a reader of the source runs.
func Trust(ctx context.Context, o Options) (Position, error) {
	return rewrite(ctx, o, true, func(old, newest Position) Position {
		old.ServerUUID, old.Last, old.Previous, old.Fingerprint = newest.ServerUUID, "", "", ""
		old.Incarnation++
		return old
	})
}

// leaseWait is how long an operator's command waits for the lease: longer than
// it takes Kafka to notice that a reader died.
const leaseWait = 3 * leaseTimeout

// rewrite replaces the position by what change makes of it and of the server's
// newest one.
func rewrite(ctx context.Context, o Options, needed bool, change func(old, newest Position) Position) (Position, error) {
	return underLease(ctx, o, func(ctx context.Context, r *reader, producer *kafkaclient.TxnProducer) (Position, error) {
		srv, err := openServer(ctx, r.dsn)
		if err != nil {
			return Position{}, err
		}
		defer srv.Close()
		h, err := srv.dialect.history(ctx, srv)
		if err != nil {
			return Position{}, err
		}
		p, found, err := ReadPosition(ctx, r.o.Kafka, r.o.Name)
		if err != nil {
			return p, err
		}
		if !found && needed {
			return p, errNoPosition(r.o.Name)
		}
		p = change(p, h.position(srv.dialect))
		return p, announce(ctx, producer, r.o.Name, p, nil)
	})
}

func errNoPosition(source string) error {
	return fmt.Errorf("source %s has no position to keep; telltale positions reset makes one", source)
}

// underLease calls f while the caller holds the lease of the source and no
// transaction of a reader is open.
func underLease(ctx context.Context, o Options, f func(context.Context, *reader, *kafkaclient.TxnProducer) (Position, error)) (Position, error) {
	var p Position
	r, err := newReader(ctx, o, checkServers)
	if err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, leaseWait,
		fmt.Errorf("source %s: a reader holds its lease; stop it first", r.o.Name))
	defer cancel()
	done := false
	told := leaseReports{standing: func(standing) {}, trouble: func(error) {}}
	err = holdLease(ctx, r.o.Kafka, r.o.Name, r.o.Logger, told, func(ctx context.Context) error {
		producer, err := kafkaclient.NewTxnProducer(ctx, r.o.Kafka, kafkaclient.TxnOptions{
			TransactionalID: producerID(r.o.Name), Timeout: transactionTimeout,
		})
		if err != nil {
			return err
		}
		defer producer.Close()
		p, err = f(ctx, r, producer)
		done = err == nil
		return err
	})
	if err == nil && !done {
		err = context.Cause(ctx)
	}
	return p, err
}

package translator

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/tracing"
)

const (
	// txnTimeout is after how long the broker aborts the transaction of an
	// instance that died. Until then its partitions stand still, so it is short.
	txnTimeout = 10 * time.Second
	// A Kafka transaction is committed when no record waits, or at one of
	// these bounds, far below txnTimeout.
	maxTxnRecords = 20_000
	maxTxnAge     = 500 * time.Millisecond
	// idlePoll is how long one look for records takes where none waits.
	idlePoll = 100 * time.Millisecond
	// pollTimeout is how long the group waits at a rebalance for a member that died
	// while it was joining, and joiningMargin how much longer than that one may take
	// to join before it is thrown away.
	pollTimeout   = 45 * time.Second
	joiningMargin = 15 * time.Second
)

// partition identifies a topic's partition.
type partition struct {
	topic string
	index int32
}

// session is one consumer and one producer, from joining the group until Kafka
// takes that away. One goroutine does everything, rebalances included: they are
// called from within poll.
type session struct {
	*stage
	// ctx is the session's; the rebalance callback has no other way to it.
	ctx      context.Context
	consumer *kafkaclient.Consumer
	producer *kafkaclient.TxnProducer
	parser   *envelopeParser
	// joining finds a client that does not become a member.
	joining kafkaclient.Joining
	// gathered are the MySQL transactions that are not whole yet.
	gathered map[partition]*gatherer
	// next are the offsets that the open transaction commits: each stands
	// behind a whole MySQL transaction.
	next map[partition]kafka.Offset
	// open is whether a Kafka transaction is open, since when, with how many records.
	open    bool
	since   time.Time
	records int
	// newest is the MySQL commit of the newest change in it.
	newest time.Time
	// spans are those of the open transaction's events.
	spans tracing.Pending
	// rewind asks to seek back to the committed offsets before anything else
	// is handled; failed is what the rebalance callback could not do.
	rewind bool
	failed error
	// closing is set for the last commit and for leaving the group.
	closing bool
	// looked is when it last looked how tables are routed; rerouted ends the
	// session for one that reads more topics.
	looked   time.Time
	rerouted bool
}

// session joins the group and translates until ctx ends or there are more topics
// to read (nil), Kafka is lost (lostError) or a change cannot be translated.
func (s *stage) session(ctx context.Context) (err error) {
	producer, err := kafkaclient.NewTxnProducer(ctx, s.options.Kafka, kafkaclient.TxnOptions{
		TransactionalID: s.options.Group + "-" + rand.Text(), Timeout: txnTimeout,
		Report: func(err error) { s.options.Health.Set(partTransaction, err) },
	})
	if err != nil {
		return lost(err)
	}
	defer producer.Close()
	consumer, err := kafkaclient.NewConsumer(s.options.Kafka, kafkaclient.ConsumerOptions{
		Group: s.options.Group, PollTimeout: pollTimeout, TellJoining: true,
	})
	if err != nil {
		return err
	}
	n := &session{
		stage: s, ctx: ctx, consumer: consumer, producer: producer, parser: newEnvelopeParser(),
		joining:  kafkaclient.Joining{Limit: pollTimeout + joiningMargin},
		gathered: make(map[partition]*gatherer), next: make(map[partition]kafka.Offset), looked: time.Now(),
	}
	defer func() { err = n.close(err) }()
	if err := consumer.SubscribeTopics(s.inputs, n.rebalance); err != nil {
		return lost(fmt.Errorf("subscribe to %q: %w", s.inputs, err))
	}
	s.options.Health.Set(HealthPart, nil)
	s.log.InfoContext(ctx, "translating", "topics", s.inputs, "group", s.options.Group)
	for ctx.Err() == nil && !n.rerouted {
		if err := n.step(); err != nil {
			return err
		}
	}
	return nil
}

// close ends the session: what is whole is committed where that makes sense,
// an open transaction is aborted at once rather than by its timeout, and the
// group is left.
func (s *session) close(err error) error {
	s.closing = true
	if isLost(err) && s.open {
		aerr := s.abort()
		s.log.Debug("abort at the end of the session", "error", aerr)
	} else if cerr := s.commit(); cerr != nil {
		// A change that could not be translated is here too: all before it could.
		s.log.Warn("commit at the end of the session", "error", cerr)
	}
	if cerr := s.consumer.Close(); err == nil && cerr != nil {
		s.log.Warn("leave the consumer group", "error", cerr)
	}
	return err
}

// step handles the next event from Kafka.
func (s *session) step() error {
	wait := idlePoll
	if s.open {
		wait = 0
	}
	ev := s.consumer.Poll(int(wait.Milliseconds()))
	switch {
	case s.failed != nil:
		return s.failed
	case s.rewind: // What was polled is read again.
		return s.seekBack()
	}
	var err error
	switch e := ev.(type) {
	case nil:
		err = s.idle()
	case *kafka.Message:
		err = s.handle(e)
	case kafka.Error:
		err = s.kafkaError(e)
	case *kafka.Stats:
		err = s.joining.Note(e, time.Now())
	}
	if err == nil {
		err = lost(s.joining.Err(time.Now()))
	}
	if err != nil {
		return err
	}
	if s.open && (s.records >= maxTxnRecords || time.Since(s.since) >= maxTxnAge) {
		return s.commit()
	}
	return nil
}

// idle commits, since nothing waits to be added to the transaction. Where Kafka
// was in the way, it looks whether it still is.
func (s *session) idle() error {
	if s.open {
		return s.commit()
	}
	if _, bad := s.options.Health.Reasons()[HealthPart]; bad {
		if _, err := s.consumer.GetMetadata(nil, false, 500); err == nil {
			s.options.Health.Set(HealthPart, nil)
		}
	}
	return s.noticeRoutes()
}

// kafkaError sorts what the client reports beside records. It reconnects by
// itself; only what it cannot mend ends the session.
func (s *session) kafkaError(e kafka.Error) error {
	if e.Code() == kafka.ErrAutoOffsetReset {
		return fmt.Errorf("group %s: records behind its committed offset are gone (%w); changes are lost to the topic's retention. "+
			"To go on with what is left: kafka-consumer-groups.sh --bootstrap-server %s --group %s --reset-offsets --to-earliest --all-topics --execute",
			s.options.Group, e, s.options.Kafka.Brokers, s.options.Group)
	}
	s.options.Health.Set(HealthPart, e)
	s.joining.Away()
	if e.IsFatal() {
		return lost(fmt.Errorf("kafka consumer of group %s: %w", s.options.Group, e))
	}
	return nil
}

// handle takes one record: a tombstone is passed over, a change is gathered, and
// a MySQL transaction that is whole is translated.
func (s *session) handle(m *kafka.Message) error {
	at := partition{*m.TopicPartition.Topic, m.TopicPartition.Partition}
	if m.TopicPartition.Error != nil {
		return lost(fmt.Errorf("read topic %s, partition %d: %w", at.topic, at.index, m.TopicPartition.Error))
	}
	g := s.gathered[at]
	if g == nil {
		g = new(gatherer)
		s.gathered[at] = g
	}
	where := place{at.topic, at.index, int64(m.TopicPartition.Offset)}
	if len(m.Value) == 0 {
		s.metrics.tombstones.WithLabelValues(at.topic).Inc()
		if len(g.held) > 0 {
			return nil // The offset passes it with the transaction it stands in.
		}
		return s.advance(at, m.TopicPartition.Offset, 1)
	}
	c, err := s.parser.parse(m.Value)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	c.key, c.place = m.Key, where
	c.markHalf(m.Headers)
	if !s.translator.concerns(&c) {
		c.before, c.after = nil, nil // It may end its transaction; no rule reads it.
	} else if err := s.learnShape(&c); err != nil || s.rewind {
		return err // What went before it may have been taken back.
	}
	ready, dropped := g.add(c, len(m.Value))
	if dropped > 0 {
		s.metrics.dropped.Add(float64(dropped))
		s.log.Warn("the reader began a transaction anew", "changes", dropped, "before", where.String())
	}
	if ready == nil {
		return nil
	}
	if err := s.publish(ready); err != nil {
		return err
	}
	return s.advance(at, m.TopicPartition.Offset, len(ready))
}

// learnShape makes sure that the rules are compiled against the change's shape.
// The wait must not outlast the transaction, so that is committed first.
func (s *session) learnShape(c *rawChange) error {
	if s.translator.knows(c) {
		return nil
	}
	if err := s.commit(); err != nil {
		return err
	}
	return s.awaitShape(s.ctx, c)
}

// publish translates a whole transaction, key by key, and only then produces
// its events: a change that fails leaves none of its transaction behind.
func (s *session) publish(changes []rawChange) error {
	began := s.tracer.Now()
	var out []outgoing
	for _, group := range byKey(changes) {
		events, err := s.translator.translate(group)
		if err != nil {
			var rule *RuleError
			if errors.As(err, &rule) {
				s.metrics.ruleErrors.Inc()
			}
			s.traceFailure(group, began, err)
			return err
		}
		out = append(out, events...)
	}
	if err := s.begin(); err != nil {
		return err
	}
	for i := range out {
		if err := s.producer.Produce(s.ctx, s.message(&out[i])); err != nil {
			return lost(err)
		}
		s.metrics.events.WithLabelValues(out[i].event.Type).Inc()
	}
	s.count(changes)
	s.newest = changes[len(changes)-1].at
	s.traceEvents(out, changes[0].place, began)
	return nil
}

// count counts the changes of a transaction, which may be of several tables,
// run by run.
func (s *session) count(changes []rawChange) {
	for from := 0; from < len(changes); {
		to := from + 1
		for to < len(changes) && changes[to].table == changes[from].table {
			to++
		}
		counter := s.metrics.records
		if !s.translator.concerns(&changes[from]) {
			counter = s.metrics.passed
		}
		counter.WithLabelValues(changes[from].table).Add(float64(to - from))
		from = to
	}
}

// message makes the record of an event. Its timestamp is the event's time, but
// never the future's, which would keep the segment from expiring.
func (s *session) message(o *outgoing) *kafka.Message {
	headers := o.event.Headers()
	kh := make([]kafka.Header, len(headers))
	for i, h := range headers {
		kh[i] = kafka.Header{Key: h.Key, Value: h.Value}
	}
	at := o.event.Time
	if now := time.Now(); at.After(now) {
		at = now
	}
	key := []byte(o.key)
	return &kafka.Message{
		TopicPartition: kafka.TopicPartition{Topic: &o.topic, Partition: kafkaclient.Partition(key, s.partitions[o.topic])},
		Key:            key, Value: o.event.Data, Headers: kh, Timestamp: at,
	}
}

package consumers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/tracing"
)

// engine polls Kafka for one consumer and hands each partition's records to
// the partition's worker. Its goroutine alone polls, assigns, seeks and pauses;
// so no record of before a seek can be at hand after it.
//
//	poll loop ──queue──► worker events.customer/0 ──► MySQL
//	    ▲   └────queue──► worker events.customer/1 ──► MySQL
//	    └──requests (seek)──┘
type engine struct {
	options  Options
	consumer Consumer
	store    *store
	metrics  *metrics
	tracer   *tracing.Tracer
	logger   *slog.Logger
	kafka    *kafkaclient.Consumer
	admin    *kafka.AdminClient
	workers  map[place]*worker
	paused   int         // How many workers' partitions are paused.
	requests chan func() // What workers ask of the loop, done between two polls.
	fail     context.CancelCauseFunc
	watch    *kafkaclient.Watch
	joining  kafkaclient.Joining
}

// pollTimeout is short because the loop never waits for anything but workers
// that are told to stop.
const pollTimeout = 15 * time.Second

func newEngine(o Options, c Consumer, s *store, m *metrics) (*engine, error) {
	cfg := o.Kafka
	// A partition that is claimed joins the next fetch. A fetch that waits for
	// partitions without news must not hold it up for long.
	cfg.Properties = slices.Concat([]string{"fetch.wait.max.ms=100"}, cfg.Properties)
	k, err := kafkaclient.NewConsumer(cfg, kafkaclient.ConsumerOptions{
		Group: c.group(), PollTimeout: pollTimeout, TellJoining: true,
	})
	if err != nil {
		return nil, fmt.Errorf("consumer %s: %w", c.Name, err)
	}
	admin, err := kafka.NewAdminClientFromConsumer(k.Consumer)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("consumer %s: make an admin client: %w", c.Name, err), k.Close())
	}
	e := &engine{
		options: o, consumer: c, store: s, logger: o.Logger,
		metrics: m, tracer: tracing.New(o.Traces), kafka: k, admin: admin,
		workers: make(map[place]*worker), requests: make(chan func()),
		joining: kafkaclient.Joining{Limit: pollTimeout + joiningMargin},
	}
	e.watch = kafkaclient.NewWatch(k, c.Topics, func(err error) {
		if err != nil {
			e.joining.Away()
		}
		o.Health.Set(healthPart(c, "kafka"), err)
	})
	return e, nil
}

// joiningMargin is how much longer than the group waits for a member that died it
// may take this one to join.
const joiningMargin = 15 * time.Second

// run polls until ctx ends or a worker fails, then stops the workers and leaves
// the group.
func (e *engine) run(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	e.fail = fail
	err := e.kafka.SubscribeTopics(e.consumer.Topics, func(_ *kafka.Consumer, ev kafka.Event) error {
		return e.rebalance(ctx, ev)
	})
	if err != nil {
		fail(fmt.Errorf("consumer %s: subscribe to %v: %w", e.consumer.Name, e.consumer.Topics, err))
	}
	e.loop(ctx)
	e.stop(e.workers)
	e.watch.Up()
	e.admin.Close()
	if err := e.kafka.Close(); err != nil {
		e.logger.Warn("left the consumer group untidily; it notices after the session timeout", "error", err)
	}
	return context.Cause(ctx)
}

// rebalance runs inside Poll and Close.
func (e *engine) rebalance(ctx context.Context, ev kafka.Event) error {
	var err error
	switch ev := ev.(type) {
	case kafka.AssignedPartitions:
		if ctx.Err() != nil {
			return nil // Nobody waits for workers that start while the group is left.
		}
		err = e.assign(ctx, ev.Partitions)
		e.options.Health.Set(healthPart(e.consumer, partStart), nil)
	case kafka.RevokedPartitions:
		err = e.revoke(ev.Partitions)
	}
	if err != nil {
		// The client ignores what this function returns.
		e.fail(fmt.Errorf("consumer %s: rebalance: %w", e.consumer.Name, err))
	}
	return nil
}

// assign starts a worker a partition. Where it begins only the worker's claim
// tells, so fetching is paused until then.
func (e *engine) assign(ctx context.Context, partitions []kafka.TopicPartition) error {
	for i := range partitions {
		partitions[i].Offset = kafka.OffsetBeginning
	}
	if err := e.kafka.IncrementalAssign(partitions); err != nil {
		return fmt.Errorf("assign %v: %w", partitions, err)
	}
	if err := e.kafka.Pause(partitions); err != nil {
		return fmt.Errorf("pause %v: %w", partitions, err)
	}
	for _, p := range partitions {
		at := place{topic: *p.Topic, partition: p.Partition}
		w := e.newWorker(at)
		e.notePaused(w, true)
		e.workers[at] = w
		var own context.Context
		own, w.cancel = context.WithCancel(ctx)
		go w.run(own)
	}
	return nil
}

func (e *engine) newWorker(at place) *worker {
	w := &worker{
		place: at, engine: e, consumer: e.consumer, types: e.consumer.types(), store: e.store, metrics: e.metrics,
		logger: e.logger.With("topic", at.topic, "partition", at.partition),
		queue:  newQueue(), done: make(chan struct{}),
	}
	w.state = w.condition("")
	return w
}

// revoke stops the workers of partitions before it lets go of them, so that
// the next owner need not wait for a batch that is still being written.
func (e *engine) revoke(partitions []kafka.TopicPartition) error {
	leaving := make(map[place]*worker)
	for _, p := range partitions {
		at := place{topic: *p.Topic, partition: p.Partition}
		if w := e.workers[at]; w != nil {
			leaving[at] = w
		}
	}
	e.stop(leaving)
	if err := e.kafka.IncrementalUnassign(partitions); err != nil {
		return fmt.Errorf("unassign %v: %w", partitions, err)
	}
	return nil
}

// stop ends workers, all at once, and waits for them.
func (e *engine) stop(workers map[place]*worker) {
	for _, w := range workers {
		w.cancel()
	}
	for at, w := range workers {
		<-w.done
		e.notePaused(w, false)
		delete(e.workers, at)
		w.logger.Info("partition given up")
	}
}

// extent asks the brokers what they hold of a partition.
func (e *engine) extent(ctx context.Context, p place) (extent, error) {
	first, end, err := e.kafka.QueryWatermarkOffsets(p.topic, p.partition, int(askTimeout.Milliseconds()))
	if err != nil {
		return extent{}, fmt.Errorf("ask for the offsets of %s: %w", p, err)
	}
	r, err := e.admin.DescribeTopics(ctx, kafka.NewTopicCollectionOfTopicNames([]string{p.topic}))
	if err != nil {
		return extent{}, fmt.Errorf("ask for the id of topic %s: %w", p.topic, err)
	}
	x := extent{first: first, end: end}
	for _, d := range r.TopicDescriptions {
		if d.Error.Code() != kafka.ErrNoError {
			return extent{}, fmt.Errorf("ask for the id of topic %s: %w", p.topic, d.Error)
		}
		if d.TopicID.GetMostSignificantBits() != 0 || d.TopicID.GetLeastSignificantBits() != 0 {
			x.topicID = d.TopicID.String()
		}
	}
	return x, nil
}

package binlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

// leaseTimeout is after how long without a sign of life a reader loses the
// lease: the shortest that brokers allow unless told otherwise.
const leaseTimeout = 6 * time.Second

// standing is how a reader stands towards the lease.
type standing int

const (
	leaderless standing = iota // Nobody is known to hold it.
	standingBy
	holding
)

// lease is the right to read a source: the ownership of the one partition of
// its positions topic in a consumer group, which the sticky assignor leaves with
// its owner when others join. It keeps two readers from taking turns at fencing
// each other; what makes a late writer harmless is the transactional id.
type lease struct {
	consumer *kafkaclient.Consumer
	source   string
	logger   *slog.Logger
	leader   func(standing)
	use      func(context.Context) error

	cancel context.CancelCauseFunc
	done   chan error
	// closing is set for leaving the group, when partitions may still arrive.
	closing bool
}

// leaseReports learn how a reader stands towards the lease, and, each time anew,
// that the brokers are in trouble, nil when that is over.
type leaseReports struct {
	standing func(standing)
	trouble  func(error)
}

// holdLease waits for the lease of a source and calls use while it is held,
// again each time it comes back. It returns when use does for another reason
// than the lost lease, or when ctx ends.
func holdLease(ctx context.Context, c kafkaclient.Config, source string, logger *slog.Logger, told leaseReports, use func(context.Context) error) error {
	for {
		err := joinLease(ctx, c, source, logger, told, use)
		if !errors.Is(err, kafkaclient.ErrNotJoined) {
			return err
		}
		logger.Warn("asking for the lease with a new client", "source", source, "error", err)
	}
}

// leasePollTimeout is how long the group waits at a rebalance for a member that
// died while it was joining, and more than a session takes to end.
const leasePollTimeout = 20 * time.Second

// joiningLimit is after how long outside of the group the client is thrown away.
const joiningLimit = leasePollTimeout + 10*time.Second

// joinLease is holdLease with one client, and ends with ErrNotJoined where that
// does not become a member of the group.
func joinLease(ctx context.Context, c kafkaclient.Config, source string, logger *slog.Logger, told leaseReports, use func(context.Context) error) error {
	consumer, err := kafkaclient.NewConsumer(c, kafkaclient.ConsumerOptions{
		Group: "telltale-lease-" + source, SessionTimeout: leaseTimeout, PollTimeout: leasePollTimeout, TellJoining: true,
	})
	if err != nil {
		return err
	}
	defer consumer.Close()
	l := &lease{consumer: consumer, source: source, logger: logger, leader: told.standing, use: use}
	defer func() { l.closing = true; l.release(context.Canceled) }()
	err = consumer.Subscribe(PositionsTopic(source), func(_ *kafka.Consumer, e kafka.Event) error { return l.rebalance(ctx, e) })
	if err != nil {
		return fmt.Errorf("ask for the lease of source %s: %w", source, err)
	}
	joining := kafkaclient.Joining{Limit: joiningLimit}
	watch := kafkaclient.NewWatch(consumer, []string{PositionsTopic(source)}, func(err error) {
		if err != nil {
			joining.Away()
		}
		told.trouble(err)
	})
	for {
		select {
		case <-ctx.Done():
			l.release(context.Cause(ctx))
			return nil
		case err := <-l.done:
			l.done = nil
			l.leader(leaderless)
			return err
		default:
		}
		switch e := consumer.Poll(50).(type) {
		case kafka.Error:
			if e.IsFatal() {
				return &kafkaclient.RefusedError{Err: fmt.Errorf("hold the lease of source %s: %w", source, e)}
			}
			watch.Down(e)
		case *kafka.Stats:
			if err := joining.Note(e, time.Now()); err != nil {
				return err
			}
		}
		watch.Probe()
		if err := joining.Err(time.Now()); err != nil {
			return fmt.Errorf("ask for the lease of source %s: %w", source, err)
		}
	}
}

// rebalance starts and ends the use of the lease. It runs inside Poll.
func (l *lease) rebalance(ctx context.Context, e kafka.Event) error {
	switch e := e.(type) {
	case kafka.AssignedPartitions:
		if l.closing {
			return nil
		}
		// Membership is all that is wanted: nothing is fetched.
		for i := range e.Partitions {
			e.Partitions[i].Offset = kafka.OffsetEnd
		}
		if err := l.consumer.IncrementalAssign(e.Partitions); err != nil {
			return fmt.Errorf("take the lease of source %s: %w", l.source, err)
		}
		if err := l.consumer.Pause(e.Partitions); err != nil {
			return fmt.Errorf("take the lease of source %s: %w", l.source, err)
		}
		switch {
		case isLease(e.Partitions):
			l.start(ctx)
		case l.done == nil:
			l.logger.Info("standing by: another reader holds the lease", "source", l.source)
			l.leader(standingBy)
		}
	case kafka.RevokedPartitions:
		if isLease(e.Partitions) {
			l.release(errLeaseLost)
		}
		if err := l.consumer.IncrementalUnassign(e.Partitions); err != nil {
			return fmt.Errorf("give up the lease of source %s: %w", l.source, err)
		}
	}
	return nil
}

// isLease reports whether the first partition is among them, which is the lease
// even where somebody gave the topic more.
func isLease(partitions []kafka.TopicPartition) bool {
	return slices.ContainsFunc(partitions, func(p kafka.TopicPartition) bool { return p.Partition == 0 })
}

func (l *lease) start(ctx context.Context) {
	ctx, l.cancel = context.WithCancelCause(ctx)
	l.done = make(chan error, 1)
	l.leader(holding)
	l.logger.Info("holding the lease", "source", l.source)
	go func(done chan<- error) { done <- l.use(ctx) }(l.done)
}

// release ends the use of the lease and waits for it.
func (l *lease) release(cause error) {
	if l.done == nil {
		return
	}
	l.cancel(cause)
	<-l.done
	l.done = nil
	l.leader(leaderless)
}

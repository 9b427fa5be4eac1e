package kafkaclient

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// ConsumerOptions say who reads.
type ConsumerOptions struct {
	// Group is the consumer group. Empty: a group of its own, for a consumer
	// that assigns its partitions itself.
	Group string
	// SessionTimeout is after how long without a sign of life the group takes
	// the partitions away. Default 10 s.
	SessionTimeout time.Duration
	// PollTimeout is after how long without a poll the group takes the
	// partitions away, and how long it waits at a rebalance for a member that
	// died while it was joining: librdkafka's five minutes would stop all for
	// as long. Default 45 s.
	PollTimeout time.Duration
	// PartitionEOF asks for kafka.PartitionEOF events.
	PartitionEOF bool
	// ResetEarliest starts a partition without a committed offset, or with one
	// that is gone, at its beginning. The default is an error.
	ResetEarliest bool
	// TellJoining asks for kafka.Stats events, for Joining.
	TellJoining bool
	// QueueKiB is how much is read ahead of who polls, by one answer more for each
	// partition. Default 16 MiB.
	QueueKiB int
}

// Consumer is a kafka.Consumer that also ends its log router.
type Consumer struct {
	*kafka.Consumer
	stopLogs func()
	close    sync.Once
	err      error
}

// Heartbeat is how often a member of a group with that session timeout gives a sign
// of life, and is told whether the group has changed.
func Heartbeat(session time.Duration) time.Duration { return session / 5 }

// NewConsumer makes a consumer that reads committed records alone and commits
// nothing by itself.
func NewConsumer(c Config, o ConsumerOptions) (*Consumer, error) {
	if o.Group == "" {
		o.Group = "telltale-" + rand.Text()
	}
	if o.SessionTimeout == 0 {
		o.SessionTimeout = 10 * time.Second
	}
	if o.PollTimeout == 0 {
		o.PollTimeout = 45 * time.Second
	}
	if o.QueueKiB == 0 {
		o.QueueKiB = 16 << 10
	}
	reset, wait := "error", 500
	if o.PartitionEOF { // Who wants to know the end must not wait there for more.
		wait = 10
	}
	if o.ResetEarliest {
		reset = "earliest"
	}
	told := time.Duration(0) // Never.
	if o.TellJoining {
		told = joiningEvery
	}
	m, err := c.configMap(kafka.ConfigMap{
		"statistics.interval.ms":        int(told / time.Millisecond),
		"group.id":                      o.Group,
		"session.timeout.ms":            int(o.SessionTimeout / time.Millisecond),
		"heartbeat.interval.ms":         int(Heartbeat(o.SessionTimeout) / time.Millisecond),
		"max.poll.interval.ms":          int(o.PollTimeout / time.Millisecond),
		"partition.assignment.strategy": "cooperative-sticky",
		"auto.offset.reset":             reset,
		"enable.auto.commit":            false,
		"enable.auto.offset.store":      false,
		"isolation.level":               "read_committed",
		"enable.partition.eof":          o.PartitionEOF,
		// The default of one second makes a consumer that keeps up wait.
		"fetch.queue.backoff.ms":     2,
		"fetch.wait.max.ms":          wait,
		"queued.max.messages.kbytes": o.QueueKiB,
		"fetch.error.backoff.ms":     100,
	})
	if err != nil {
		return nil, err
	}
	stop := c.logs(m)
	k, err := kafka.NewConsumer(&m)
	if err != nil {
		stop()
		return nil, fmt.Errorf("make a kafka consumer of group %q: %w", o.Group, err)
	}
	return &Consumer{Consumer: k, stopLogs: stop}, nil
}

// Close leaves the group. It may be called twice.
func (c *Consumer) Close() error {
	c.close.Do(func() {
		c.err = c.Consumer.Close()
		c.stopLogs()
	})
	return c.err
}

// ReadToEnd hands f every committed record of the topic, partition by
// partition in order, from the start to the end as it is now. The message is
// f's to keep.
func ReadToEnd(ctx context.Context, c Config, topic string, f func(*kafka.Message) error) error {
	n, err := Partitions(ctx, c, topic)
	if err != nil {
		return err
	}
	k, err := NewConsumer(c, readerOptions())
	if err != nil {
		return err
	}
	defer k.Close()
	var all []kafka.TopicPartition
	for p := range n {
		// Asked for here: librdkafka itself looks up "the beginning" half a
		// second after the assignment.
		low, _, err := k.QueryWatermarkOffsets(topic, p, millis(ctx, 10*time.Second))
		if err != nil {
			return fmt.Errorf("read topic %s: find the start of partition %d: %w", topic, p, err)
		}
		all = append(all, kafka.TopicPartition{Topic: &topic, Partition: p, Offset: kafka.Offset(low)})
	}
	return readFrom(ctx, k, all, f)
}

// readerOptions are those of a consumer that reads partitions to their ends, each
// record once: two answers ahead are as fast as many.
func readerOptions() ConsumerOptions {
	return ConsumerOptions{PartitionEOF: true, ResetEarliest: true, QueueKiB: 2 << 10}
}

// readFrom reads partitions to their ends.
func readFrom(ctx context.Context, k *Consumer, from []kafka.TopicPartition, f func(*kafka.Message) error) error {
	type place struct {
		topic     string
		partition int32
	}
	if err := k.Assign(from); err != nil {
		return fmt.Errorf("read %v: %w", from, err)
	}
	for ended := map[place]bool{}; len(ended) < len(from); {
		if ctx.Err() != nil {
			return fmt.Errorf("read %v: %w", from, context.Cause(ctx))
		}
		switch ev := k.Poll(100).(type) {
		case *kafka.Message:
			if err := f(ev); err != nil {
				return err
			}
		case kafka.PartitionEOF:
			ended[place{*ev.Topic, ev.Partition}] = true // A partition that is being written ends more than once.
		case kafka.Error:
			if ev.IsFatal() || hasCode(ev, kafka.ErrUnknownTopicOrPart) {
				return fmt.Errorf("read %v: %w", from, ev)
			}
		}
	}
	return nil
}

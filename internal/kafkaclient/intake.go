package kafkaclient

import (
	"context"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

const (
	// maxRecord is the largest record that the client takes: more than a broker
	// takes at once unless told otherwise.
	maxRecord = 256 << 20
	// recordOverhead is about what the client needs for a record beside its bytes.
	recordOverhead = 256
	// queuePause is how long a full queue is left to itself before it is looked at
	// again.
	queuePause = 5 * time.Millisecond
	// defaultQueueBytes is how many bytes wait for the brokers at most.
	defaultQueueBytes = 32 << 20
)

// producing adds what all producers have in common: large batches, and the
// brokers' limit of a record instead of the client's.
func producing(own kafka.ConfigMap) kafka.ConfigMap {
	for k, v := range map[string]kafka.ConfigValue{
		"acks":                          "all",
		"compression.type":              "lz4",
		"linger.ms":                     1,
		"batch.size":                    256_000,
		"batch.num.messages":            100_000,
		"queue.buffering.max.messages":  200_000,
		"queue.buffering.max.kbytes":    maxRecord >> 9, // A record beyond it would wait for ever; the window bounds the rest.
		"message.max.bytes":             maxRecord,
		"go.events.channel.size":        1000,
		"sticky.partitioning.linger.ms": 0,
	} {
		own[k] = v
	}
	return own
}

// intake hands records to a client, at most so many bytes ahead of the brokers.
type intake struct {
	client *kafka.Producer
	window window
}

// newIntake makes one; 0 bytes are the default.
func newIntake(client *kafka.Producer, bytes int) intake {
	if bytes == 0 {
		bytes = defaultQueueBytes
	}
	return intake{client: client, window: window{limit: bytes}}
}

// produce hands a record over; librdkafka copies it. It waits while the queue is
// full, for as long as failed returns nil.
func (i *intake) produce(ctx context.Context, m *kafka.Message, failed func() error) error {
	size := len(m.Key) + len(m.Value)
	for held := size + recordOverhead; !i.window.fits(held); {
		if i.answered(); i.window.fits(held) {
			break
		}
		if err := i.drain(ctx, failed); err != nil {
			return err
		}
	}
	for empty := false; ; empty = i.client.Len() == 0 {
		err := i.client.Produce(m, nil)
		if err == nil {
			i.window.add(size + recordOverhead)
			return nil
		}
		if !hasCode(err, kafka.ErrQueueFull) {
			return fmt.Errorf("produce %d bytes to %s: %w", size, m.TopicPartition, err)
		}
		if empty { // Only a bound that an operator has set refuses a record by itself.
			return fmt.Errorf("produce %d bytes to %s: %w", size, m.TopicPartition,
				kafka.NewError(kafka.ErrMsgSizeTooLarge, "it is larger than queue.buffering.max.kbytes in kafka.properties", false))
		}
		if err := i.drain(ctx, failed); err != nil {
			return err
		}
	}
}

// answered notes what the client no longer holds.
func (i *intake) answered() { i.window.settle(i.client.Len()) }

// drain gives the client a moment to send.
func (i *intake) drain(ctx context.Context, failed func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	i.client.Flush(int(queuePause / time.Millisecond))
	return failed()
}

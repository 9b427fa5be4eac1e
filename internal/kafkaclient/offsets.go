package kafkaclient

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// endsAtOnce is how many partitions' ends are asked for by one request.
const endsAtOnce = 1000

// Ends asks where the partitions of topics end, by the number of each topic's
// partitions: at the offset that the next record gets, whatever is committed. A
// topic that the brokers do not know is left out.
func Ends(ctx context.Context, c Config, partitions map[string]int32) (map[string][]int64, error) {
	var ends map[string][]int64
	err := insist(ctx, func() (err error) { // New partitions have no leader yet that knows of it.
		ends, err = askEnds(ctx, c, partitions)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask for the ends of %d kafka topics at %q: %w", len(partitions), c.Brokers, err)
	}
	return ends, nil
}

// unanswered stands for the end of a partition that no broker has told.
const unanswered = -1

// askEnds makes as many requests as there must be, each by a client of its own, as
// DescribeTopics does.
func askEnds(ctx context.Context, c Config, partitions map[string]int32) (map[string][]int64, error) {
	ends := make(map[string][]int64, len(partitions))
	wanted := map[kafka.TopicPartition]kafka.OffsetSpec{}
	for name, n := range partitions {
		ends[name] = slices.Repeat([]int64{unanswered}, int(n))
		for p := range n {
			wanted[kafka.TopicPartition{Topic: &name, Partition: p}] = kafka.LatestOffsetSpec
		}
		if len(wanted) < endsAtOnce {
			continue
		}
		if err := listEnds(ctx, c, wanted, ends); err != nil {
			return nil, err
		}
		clear(wanted)
	}
	if err := listEnds(ctx, c, wanted, ends); err != nil {
		return nil, err
	}
	for name, of := range ends {
		if p := slices.Index(of, unanswered); p >= 0 {
			return nil, fmt.Errorf("topic %s, partition %d: no broker has answered", name, p)
		}
	}
	return ends, nil
}

// listEnds makes one request, and notes what it says.
func listEnds(ctx context.Context, c Config, wanted map[kafka.TopicPartition]kafka.OffsetSpec, ends map[string][]int64) error {
	if len(wanted) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var r kafka.ListOffsetsResult
	err := c.WithAdmin(func(a *kafka.AdminClient) (err error) {
		r, err = a.ListOffsets(ctx, wanted, kafka.SetAdminRequestTimeout(20*time.Second))
		return err
	})
	if err != nil {
		return err
	}
	for at, one := range r.ResultInfos {
		switch one.Error.Code() {
		case kafka.ErrNoError:
			if of, ok := ends[*at.Topic]; ok {
				of[at.Partition] = int64(one.Offset)
			}
		case kafka.ErrUnknownTopicOrPart:
			delete(ends, *at.Topic)
		default:
			return fmt.Errorf("topic %s, partition %d: %w", *at.Topic, at.Partition, one.Error)
		}
	}
	return nil
}

// ReadFrom hands f every committed record of the partitions from the given offsets
// to the ends as they are now, each partition in order. The message is f's to keep.
func ReadFrom(ctx context.Context, c Config, from []kafka.TopicPartition, f func(*kafka.Message) error) error {
	k, err := NewConsumer(c, readerOptions())
	if err != nil {
		return err
	}
	defer k.Close()
	return readFrom(ctx, k, from, f)
}

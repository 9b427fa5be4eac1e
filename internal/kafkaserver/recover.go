package kafkaserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kfake ends a transaction that was open when its process was killed in
// memory alone, at each start anew. It finds it by a batch whose producer has
// no marker behind it in the log, and a transactional id keeps its producer;
// so once that producer has committed something else, the next start takes
// the remains for a part of that. To keep I1 across several such deaths, a
// start after one writes the missing abort markers into the log, as Kafka's
// own transaction coordinator does.

// recoverTimeout bounds the whole recovery, which reads every batch header.
const recoverTimeout = 2 * time.Minute

// Bits of a batch's attributes in Kafka's record format.
const (
	transactionalBatch = 1 << 4
	controlBatch       = 1 << 5
)

func dataDir(dir string) string  { return filepath.Join(dir, "data") }
func markPath(dir string) string { return filepath.Join(dir, "closed") }

// leaveMark notes that the broker was closed in order: kfake has then saved
// its open transactions and goes on with them.
func leaveMark(dir string) error {
	return os.WriteFile(markPath(dir), nil, 0o640)
}

// takeMark removes the mark and tells whether there was one. A directory
// without data counts as closed.
func takeMark(dir string) (closed bool, err error) {
	err = os.Remove(markPath(dir))
	if err == nil {
		return true, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	_, err = os.Stat(dataDir(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return false, err
}

// openTransaction is a producer's open transaction in one partition.
type openTransaction struct {
	topic     string
	partition int32
	producer  int64
	epoch     int16
}

// recoverTransactions writes the missing markers. It does so on a port that
// no client knows: a transaction that one has just begun would look the same.
func recoverTransactions(o Options) error {
	o.Port = 0
	server, err := startCluster(o)
	if err != nil {
		return err
	}
	defer server.Close() // Without a lock it leaves no mark.
	return abortOpen(server.brokers)
}

// abortOpen writes an abort marker for every transaction that has none in
// some partition.
func abortOpen(brokers string) error {
	ctx, cancel := context.WithTimeout(context.Background(), recoverTimeout)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	if err != nil {
		return err
	}
	defer client.Close()
	metadata, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("list the topics: %w", err)
	}
	for _, topic := range metadata.Topics {
		for _, partition := range topic.Partitions {
			log := partitionLog{client: client, topic: *topic.Topic, id: topic.TopicID, partition: partition.Partition}
			if err := log.abortOpen(ctx); err != nil {
				return fmt.Errorf("%s-%d: %w", log.topic, log.partition, err)
			}
		}
	}
	return nil
}

// partitionLog reads the batches of one partition.
type partitionLog struct {
	client    *kgo.Client
	topic     string
	id        [16]byte
	partition int32
}

func (l partitionLog) abortOpen(ctx context.Context) error {
	open := make(map[int64]openTransaction)
	var offset int64
	for {
		batches, end, err := l.fetch(ctx, offset)
		if err != nil {
			return fmt.Errorf("read at offset %d: %w", offset, err)
		}
		if len(batches) == 0 {
			break
		}
		next := l.scan(batches, open)
		if next <= offset {
			return fmt.Errorf("read at offset %d: the broker sends no whole batch", offset)
		}
		if offset = next; offset >= end {
			break
		}
	}
	for _, transaction := range open {
		if err := transaction.abort(ctx, l.client); err != nil {
			return err
		}
	}
	return nil
}

// fetch returns whole batches from the offset on and where the log ends.
func (l partitionLog) fetch(ctx context.Context, offset int64) (batches []byte, end int64, err error) {
	const maxBytes = 16 << 20
	partition := kmsg.NewFetchRequestTopicPartition()
	partition.Partition, partition.FetchOffset, partition.PartitionMaxBytes = l.partition, offset, maxBytes
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID, topic.Partitions = l.topic, l.id, append(topic.Partitions, partition)
	request := kmsg.NewPtrFetchRequest()
	request.SessionEpoch = -1 // No fetch session.
	request.MaxBytes = maxBytes
	request.Topics = append(request.Topics, topic)

	response, err := request.RequestWith(ctx, l.client)
	if err != nil {
		return nil, 0, err
	}
	if len(response.Topics) != 1 || len(response.Topics[0].Partitions) != 1 {
		return nil, 0, fmt.Errorf("the answer has %d topics: %w", len(response.Topics), kerr.ErrorForCode(response.ErrorCode))
	}
	got := response.Topics[0].Partitions[0]
	if got.ErrorCode == kerr.OffsetOutOfRange.Code && offset < got.LogStartOffset {
		return l.fetch(ctx, got.LogStartOffset)
	}
	return got.RecordBatches, got.HighWatermark, kerr.ErrorForCode(got.ErrorCode)
}

// scan follows the transactions through the batches and returns the offset
// behind them. A batch that is cut off at the end is left to the next fetch.
func (l partitionLog) scan(batches []byte, open map[int64]openTransaction) (next int64) {
	for len(batches) > 0 {
		var batch kmsg.RecordBatch
		if err := batch.ReadFrom(batches); err != nil {
			return next
		}
		const beforeLength = 12 // The first offset and the length itself.
		size := beforeLength + int(batch.Length)
		if size > len(batches) {
			return next
		}
		batches = batches[size:]
		next = batch.FirstOffset + int64(batch.LastOffsetDelta) + 1
		switch {
		case batch.Attributes&controlBatch != 0:
			delete(open, batch.ProducerID)
		case batch.Attributes&transactionalBatch != 0:
			open[batch.ProducerID] = openTransaction{
				topic: l.topic, partition: l.partition,
				producer: batch.ProducerID, epoch: batch.ProducerEpoch,
			}
		}
	}
	return next
}

// abort writes the marker.
func (t openTransaction) abort(ctx context.Context, client *kgo.Client) error {
	topic := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
	topic.Topic, topic.Partitions = t.topic, append(topic.Partitions, t.partition)
	marker := kmsg.NewWriteTxnMarkersRequestMarker()
	marker.ProducerID, marker.ProducerEpoch = t.producer, t.epoch
	marker.Topics = append(marker.Topics, topic)
	request := kmsg.NewPtrWriteTxnMarkersRequest()
	request.Markers = append(request.Markers, marker)

	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("abort the transaction of producer %d: %w", t.producer, err)
	}
	for _, m := range response.Markers {
		for _, topic := range m.Topics {
			for _, p := range topic.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return fmt.Errorf("abort the transaction of producer %d: %w", t.producer, err)
				}
			}
		}
	}
	return nil
}

package translator

import (
	"context"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

const (
	// endTimeout bounds a commit or an abort. It is longer than txnTimeout:
	// behind that the broker has aborted in any case.
	endTimeout = txnTimeout + 5*time.Second
	// closeTimeout bounds them when the session closes, where somebody waits.
	closeTimeout = 4 * time.Second
	// offsetsTimeout bounds the wait for committed offsets, which are not
	// stable while a transaction that sent them is open.
	offsetsTimeout = txnTimeout + 20*time.Second
)

// begin opens a Kafka transaction where none is open.
func (s *session) begin() error {
	if s.open {
		return nil
	}
	if err := s.producer.Begin(); err != nil {
		return lost(err)
	}
	s.open, s.since, s.records = true, time.Now(), 0
	return nil
}

// advance moves the offset that the open transaction commits behind a record.
// The caller has seen to it that no transaction is left half handled there.
func (s *session) advance(at partition, offset kafka.Offset, records int) error {
	if err := s.begin(); err != nil {
		return err
	}
	s.next[at] = offset + 1
	s.records += records
	return nil
}

// commit ends the open transaction with the offsets in it. Where Kafka wants it
// aborted, as after a rebalance that this member missed, it is, and reading
// goes back to what is committed.
func (s *session) commit() error {
	if !s.open {
		return nil
	}
	ctx, cancel := s.endContext()
	defer cancel()
	err := s.commitWithOffsets(ctx)
	if kafkaclient.RemedyOf(err) == kafkaclient.Rewind {
		s.log.WarnContext(ctx, "kafka refused the transaction, doing it again", "error", err)
		return s.abort()
	}
	if err != nil {
		return lost(err)
	}
	s.spans.Commit(s.tracer, time.Now())
	s.forget()
	s.metrics.transactions.WithLabelValues("committed").Inc()
	if !s.newest.IsZero() {
		s.metrics.lag.Set(time.Since(s.newest).Seconds())
	}
	s.options.Health.Set(HealthPart, nil)
	return nil
}

// endContext bounds the end of a transaction, which is not to be cancelled half
// way by the end of the session.
func (s *session) endContext() (context.Context, context.CancelFunc) {
	limit := endTimeout
	if s.closing {
		limit = closeTimeout
	}
	return context.WithTimeout(context.WithoutCancel(s.ctx), limit)
}

// commitWithOffsets sends fresh group metadata with every transaction: it is
// what fences a member that lost its partitions.
func (s *session) commitWithOffsets(ctx context.Context) error {
	group, err := s.consumer.GetConsumerGroupMetadata()
	if err != nil {
		return fmt.Errorf("group metadata of %s: %w", s.options.Group, err)
	}
	offsets := make([]kafka.TopicPartition, 0, len(s.next))
	for at, offset := range s.next {
		offsets = append(offsets, kafka.TopicPartition{Topic: &at.topic, Partition: at.index, Offset: offset})
	}
	if err := s.producer.SendOffsets(ctx, offsets, group); err != nil {
		return err
	}
	return s.producer.Commit(ctx)
}

// abort takes the open transaction back and asks for a rewind.
func (s *session) abort() error {
	ctx, cancel := s.endContext()
	defer cancel()
	err := s.producer.Abort(ctx)
	s.forget()
	s.rewind = true
	s.metrics.transactions.WithLabelValues("aborted").Inc()
	return lost(err)
}

// forget resets what belongs to the transaction that ended.
func (s *session) forget() {
	s.open = false
	clear(s.next)
	s.spans.Discard()
}

// seekBack reads all partitions again from what is committed: those that an
// aborted transaction had read and that this member kept.
func (s *session) seekBack() error {
	s.rewind = false
	clear(s.gathered)
	assigned, err := s.consumer.Assignment()
	if err != nil {
		return lost(fmt.Errorf("assignment of group %s: %w", s.options.Group, err))
	}
	if len(assigned) == 0 {
		return nil
	}
	from, err := s.committed(assigned)
	if err != nil {
		return err
	}
	done, err := s.consumer.SeekPartitions(from)
	if err != nil {
		return lost(fmt.Errorf("seek back to the committed offsets of group %s: %w", s.options.Group, err))
	}
	for _, p := range done {
		if p.Error != nil {
			return lost(fmt.Errorf("seek back to %s: %w", p, p.Error))
		}
	}
	return nil
}

// committed looks up where to read from: the committed offset, or the beginning
// where there is none. To start elsewhere by itself, as the client would with
// an offset that retention has passed, would lose changes without a word.
func (s *session) committed(partitions []kafka.TopicPartition) ([]kafka.TopicPartition, error) {
	from, err := s.consumer.Committed(partitions, int(offsetsTimeout.Milliseconds()))
	if err != nil {
		return nil, lost(fmt.Errorf("committed offsets of group %s: %w", s.options.Group, err))
	}
	for i := range from {
		if from[i].Error != nil {
			return nil, lost(fmt.Errorf("committed offset of %s: %w", from[i], from[i].Error))
		}
		if from[i].Offset < 0 {
			from[i].Offset = kafka.OffsetBeginning
		}
	}
	return from, nil
}

// rebalance is called from within poll. Revoked partitions leave with their
// work committed, so that the next owner goes on behind it; after a lost
// assignment somebody else may own them already, and nothing may be committed.
func (s *session) rebalance(c *kafka.Consumer, ev kafka.Event) error {
	var err error
	switch e := ev.(type) {
	case kafka.AssignedPartitions:
		err = s.assign(c, e.Partitions)
	case kafka.RevokedPartitions:
		err = s.revoke(c, e.Partitions)
	}
	if err != nil && s.failed == nil {
		s.failed = err
	}
	return nil
}

func (s *session) assign(c *kafka.Consumer, partitions []kafka.TopicPartition) error {
	if s.closing {
		return nil // They go at once; to look up offsets would wait for an answer that no longer comes.
	}
	if len(partitions) == 0 {
		if err := c.IncrementalAssign(partitions); err != nil {
			return lost(fmt.Errorf("take over no partition of group %s: %w", s.options.Group, err))
		}
		return nil
	}
	from, err := s.committed(partitions)
	if err != nil {
		return err
	}
	s.log.Info("partitions assigned", "partitions", len(from), "group", s.options.Group)
	if err := c.IncrementalAssign(from); err != nil {
		return lost(fmt.Errorf("take over partitions of group %s: %w", s.options.Group, err))
	}
	return nil
}

func (s *session) revoke(c *kafka.Consumer, partitions []kafka.TopicPartition) error {
	var err error
	switch {
	case s.closing:
	case c.AssignmentLost():
		if s.open {
			err = s.abort()
		}
	default:
		err = s.commit()
	}
	for _, p := range partitions {
		delete(s.gathered, partition{*p.Topic, p.Partition})
	}
	if uerr := c.IncrementalUnassign(partitions); uerr != nil && err == nil {
		err = lost(fmt.Errorf("give up partitions of group %s: %w", s.options.Group, uerr))
	}
	return err
}

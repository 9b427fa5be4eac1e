package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/install"
	"telltale/internal/kafkaclient"
)

// The topics that a load is read from.
const (
	rawTopic   = install.Source + ".customer"
	eventTopic = "events.customer"
)

// reader keeps what a read_committed reader gets of the topics, by customer.
type reader struct {
	consumer   *kafkaclient.Consumer
	partitions map[string]int32

	mu      sync.Mutex
	err     error
	changes map[uint64][]rawChange
	events  map[uint64][]rawEvent
	// once says that no identity may come twice. Otherwise repeats are left out and
	// counted, and transactions may stop short before they come again, whole.
	once    bool
	repeats int
	// seenChanges and seenEvents count records, ids how often each identity came.
	seenChanges, seenEvents int
	ids                     map[string]int
	// open is the MySQL transaction of each raw partition whose last record has
	// not come.
	open map[int32]string
	torn []error
	// newest is how many records each partition has given so far.
	newest map[string]int
}

func topicsExist(ctx context.Context, c kafkaclient.Config) bool {
	for _, topic := range []string{rawTopic, eventTopic} {
		if n, err := kafkaclient.Partitions(ctx, c, topic); err != nil || n == 0 {
			return false
		}
	}
	return true
}

// newReader makes a reader of all partitions, from their beginning. With once no
// identity may come twice.
func newReader(ctx context.Context, c kafkaclient.Config, once bool) (*reader, error) {
	r := &reader{
		once:       once,
		partitions: map[string]int32{}, changes: map[uint64][]rawChange{}, events: map[uint64][]rawEvent{},
		ids: map[string]int{}, open: map[int32]string{}, newest: map[string]int{},
	}
	var all []kafka.TopicPartition
	for _, topic := range []string{rawTopic, eventTopic} {
		n, err := kafkaclient.Partitions(ctx, c, topic)
		if err != nil {
			return nil, err
		}
		r.partitions[topic] = n
		for p := range n {
			all = append(all, kafka.TopicPartition{Topic: &topic, Partition: p, Offset: 0})
		}
	}
	var err error
	if r.consumer, err = kafkaclient.NewConsumer(c, kafkaclient.ConsumerOptions{}); err != nil {
		return nil, err
	}
	if err := r.consumer.Assign(all); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s and %s: %w", rawTopic, eventTopic, err), r.consumer.Close())
	}
	return r, nil
}

// run reads until ctx ends or it gets what it cannot read.
func (r *reader) run(ctx context.Context) {
	for ctx.Err() == nil && r.failure() == nil {
		var err error
		switch e := r.consumer.Poll(50).(type) {
		case *kafka.Message:
			err = r.take(e)
		case kafka.Error:
			if e.IsFatal() {
				err = fmt.Errorf("read %s and %s: %w", rawTopic, eventTopic, e)
			}
		}
		if err != nil {
			r.mu.Lock()
			r.err = err
			r.mu.Unlock()
		}
	}
}

func (r *reader) take(m *kafka.Message) error {
	if m.TopicPartition.Error != nil {
		return fmt.Errorf("read %s: %w", m.TopicPartition, m.TopicPartition.Error)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest[place(*m.TopicPartition.Topic, m.TopicPartition.Partition)]++
	if *m.TopicPartition.Topic == eventTopic {
		e, err := parseEvent(m)
		if err != nil {
			return err
		}
		if r.repeated(e.id) {
			return nil
		}
		r.seenEvents++
		r.events[e.customer] = append(r.events[e.customer], e)
		return nil
	}
	c, err := parseChange(m)
	if err != nil {
		return err
	}
	if r.repeated(c.id) {
		return nil
	}
	r.seenChanges++
	r.changes[c.customer] = append(r.changes[c.customer], c)
	if r.once {
		r.follow(m.TopicPartition.Partition, c)
	}
	return nil
}

// repeated notes an identity and reports whether the record is to be left out.
func (r *reader) repeated(id string) bool {
	r.ids[id]++
	if r.once || r.ids[id] == 1 {
		return false
	}
	r.repeats++
	return true
}

// follow checks that a transaction's records of a partition stand together, up
// to the one that says that it is the last.
func (r *reader) follow(partition int32, c rawChange) {
	if open := r.open[partition]; open != "" && open != c.transaction {
		r.torn = append(r.torn, fmt.Errorf("raw partition %d has the record %s before the last of transaction %s", partition, c.id, open))
	}
	r.open[partition] = c.transaction
	if c.last {
		r.open[partition] = ""
	}
}

func (r *reader) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// counts are how many records have come of each kind.
func (r *reader) counts() (changes, events int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seenChanges, r.seenEvents
}

// received is what has come so far.
type received struct {
	changes map[uint64][]rawChange
	events  map[uint64][]rawEvent
	twice   []string
	torn    []error
	newest  map[string]int
	repeats int
}

func (r *reader) received() received {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := received{
		changes: maps.Clone(r.changes), events: maps.Clone(r.events),
		torn: slices.Clone(r.torn), newest: maps.Clone(r.newest), repeats: r.repeats,
	}
	for id, n := range r.ids {
		if r.once && n > 1 {
			got.twice = append(got.twice, id)
		}
	}
	slices.Sort(got.twice)
	return got
}

// silent are the partitions of which nothing has come since.
func (r *reader) silent(since map[string]int) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for topic, n := range r.partitions {
		for p := range n {
			if name := place(topic, p); r.newest[name] == since[name] {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func place(topic string, partition int32) string { return fmt.Sprintf("%s/%d", topic, partition) }

func (r *reader) close() error { return r.consumer.Close() }

package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

// reader keeps what a read_committed reader gets of the topics, by subject.
type reader struct {
	consumer   *kafkaclient.Consumer
	topics     map[string]topic
	partitions map[string]int32

	mu      sync.Mutex
	err     error
	changes map[subject][]rawChange
	events  map[subject][]rawEvent
	// once says that no identity may come twice. Otherwise repeats are left out and
	// counted, and transactions may stop short before they come again, whole.
	once    bool
	repeats int
	// seenChanges and seenEvents count records, ids how often each identity came.
	seenChanges, seenEvents int
	ids                     map[string]int
	// open is the MySQL transaction of each raw partition whose last record has
	// not come.
	open map[string]string
	// due is the key of each raw partition whose delete came last, where a tombstone
	// must follow.
	due  map[string]string
	torn []error
	// newest is how many records each partition has given so far.
	newest map[string]int
}

func topicsExist(ctx context.Context, c kafkaclient.Config) bool {
	for name := range topics() {
		if n, err := kafkaclient.Partitions(ctx, c, name); err != nil || n == 0 {
			return false
		}
	}
	return true
}

// newReader makes a reader of all partitions, from their beginning. With once no
// identity may come twice.
func newReader(ctx context.Context, c kafkaclient.Config, once bool) (*reader, error) {
	r := &reader{
		once: once, topics: topics(), partitions: map[string]int32{}, changes: map[subject][]rawChange{}, events: map[subject][]rawEvent{},
		ids: map[string]int{}, open: map[string]string{}, due: map[string]string{}, newest: map[string]int{},
	}
	var all []kafka.TopicPartition
	for name := range r.topics {
		n, err := kafkaclient.Partitions(ctx, c, name)
		if err != nil {
			return nil, err
		}
		r.partitions[name] = n
		for p := range n {
			all = append(all, kafka.TopicPartition{Topic: &name, Partition: p, Offset: 0})
		}
	}
	var err error
	if r.consumer, err = kafkaclient.NewConsumer(c, kafkaclient.ConsumerOptions{}); err != nil {
		return nil, err
	}
	if err := r.consumer.Assign(all); err != nil {
		return nil, errors.Join(fmt.Errorf("read the topics: %w", err), r.consumer.Close())
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
				err = fmt.Errorf("read the topics: %w", e)
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
	from, where := r.topics[*m.TopicPartition.Topic], place(*m.TopicPartition.Topic, m.TopicPartition.Partition)
	r.newest[where]++
	switch {
	case from.events:
		return r.takeEvent(from, m)
	case m.Value == nil:
		r.bury(where, string(m.Key))
		return nil
	}
	return r.takeChange(from, where, m)
}

func (r *reader) takeEvent(from topic, m *kafka.Message) error {
	e, err := parseEvent(from.aggregate, m)
	if err != nil || r.repeated(e.id) {
		return err
	}
	r.seenEvents++
	r.events[e.subject] = append(r.events[e.subject], e)
	return nil
}

func (r *reader) takeChange(from topic, where string, m *kafka.Message) error {
	c, err := parseChange(from.aggregate, m)
	if err != nil || r.repeated(c.id) {
		return err
	}
	r.seenChanges++
	r.changes[c.subject] = append(r.changes[c.subject], c)
	if r.once {
		r.follow(where, c)
		r.awaitTombstone(where, string(m.Key), from.tombstones && c.change.Op == "d")
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
	changes map[subject][]rawChange
	events  map[subject][]rawEvent
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

package binlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"telltale/internal/kafkaclient"
)

// topicState is what a topic was when the source's first record was written to
// it: the value of the record of the positions topic whose key is the source's
// name, "#" and the topic's. It is committed with that first record.
type topicState struct {
	// ID is the cluster's for this topic and no other of the same name; empty
	// where the cluster has none.
	ID string `json:"topic_id,omitempty"`
	// Partitions is how many keys were spread over: with another number, a key
	// would go on in another partition.
	Partitions int32 `json:"partitions"`
	// Ends are the offsets behind what was committed, by partition, which is where
	// the topic ended when it was opened where nothing was; missing by an earlier
	// version.
	Ends []int64 `json:"ends,omitempty"`
	// AtLeastOnce says that records may stand behind Ends that are written again.
	AtLeastOnce bool `json:"at_least_once,omitempty"`
}

// topicKey is the key of a topic's record.
func topicKey(source, topic string) string { return source + "#" + topic }

// TopicError says that a topic which was written is not what it was. Records of
// it are gone, or the changes of a key would no longer have one order.
type TopicError struct {
	Topic string
	// Reason says what is different.
	Reason string
}

// Error names the topic, what is different, and the mend.
func (e *TopicError) Error() string {
	return fmt.Sprintf("topic %s %s\n  to mend: telltale positions adopt (goes on with the topics as they are; what is gone from them stays gone)",
		e.Topic, e.Reason)
}

// record remembers a topic that is written for the first time.
func (t *topics) record(one *topic) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.recorded[one.name]; ok {
		return nil
	}
	return t.say(one.name, topicState{
		ID: one.id, Partitions: one.partitions, Ends: slices.Clone(one.ends), AtLeastOnce: t.o.Delivery == deliveryAtLeastOnce,
	})
}

// allowRepeats remembers of all topics, before a reader that delivers at least once
// writes to any, that records may stand behind their ends which are written again.
// How a topic was written last does not tell: its next record is there before the
// position that says how.
func (t *topics) allowRepeats() error {
	if t.o.Delivery != deliveryAtLeastOnce {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(t.recorded)) {
		state := t.recorded[name]
		if state.AtLeastOnce || state.Ends == nil {
			continue
		}
		state.AtLeastOnce = true
		if err := t.say(name, state); err != nil {
			return err
		}
	}
	return nil
}

// say remembers what a topic is, and puts it among what is to be committed next.
// The caller holds mu.
func (t *topics) say(topic string, state topicState) error {
	value, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode the state of topic %s: %w", topic, err)
	}
	t.recorded[topic] = state
	t.unsaid = append(t.unsaid, &stateRecord{topic: t.positions, key: []byte(topicKey(t.o.Name, topic)), value: value})
	return nil
}

// written are those of the topics that were written, as they were.
func (t *topics) written(names []string) map[string]topicState {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]topicState{}
	for _, name := range names {
		if state, ok := t.recorded[name]; ok {
			all[name] = state
		}
	}
	return all
}

// compare asks what the topics are, and fails where one was written and is not
// what it was.
func (t *topics) compare(ctx context.Context, names []string) (map[string]kafkaclient.Topic, error) {
	there, err := kafkaclient.DescribeTopics(ctx, t.o.Kafka, names)
	if err != nil {
		return nil, err
	}
	written := t.written(names)
	for _, name := range slices.Sorted(maps.Keys(written)) {
		if reason := difference(written[name], there[name]); reason != "" {
			return nil, &TopicError{Topic: name, Reason: reason}
		}
	}
	return there, nil
}

// difference says how a topic differs from what it was; nothing where it does
// not.
func difference(was topicState, is kafkaclient.Topic) string {
	switch {
	case is.Partitions == 0:
		return "was written and is gone"
	case was.ID != "" && is.ID != "" && was.ID != is.ID:
		return fmt.Sprintf("was deleted and created anew: its id was %s and is %s", was.ID, is.ID)
	case was.Partitions != is.Partitions:
		return fmt.Sprintf("had %d partitions and has %d: the changes of a key would go on in another one", was.Partitions, is.Partitions)
	}
	return ""
}

// topicsEvery is how often the topics of a running reader are compared. What the
// producer notices by itself is found sooner, by the next session.
const topicsEvery = 30 * time.Second

// watch compares the topics in the background, and ends the session where one is
// not what it was: a commit would wait long for a topic that is gone. The returned
// function ends the watch and waits for it.
func (t *topics) watch(ctx context.Context, end context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(t.o.topicsEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			t.mu.Lock()
			names := t.opened
			t.mu.Unlock()
			err := t.confirmed(ctx, func() error {
				if _, err := t.compare(ctx, names); err != nil {
					return err
				}
				return t.lost(ctx)
			})
			if fatal(err) { // Any other is for those who need Kafka to say.
				end(err)
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// confirmed looks at topics, and again where one is not what it was: a broker that
// is cut off from the others, or has just started, may not know better for some
// seconds. What is gone for good stays so.
func (t *topics) confirmed(ctx context.Context, look func() error) error {
	const again = 2
	for range again {
		err := look()
		if !errors.As(err, new(*TopicError)) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(t.o.topicsEvery / 6):
		}
	}
	return look()
}

// Adopt has a source go on with its topics as they are, of which some were
// deleted, created anew or got more partitions, or lost records, or hold some that
// the position does not know. It forgets what they were: the
// reader creates those that are gone. It fails while a reader of the source runs.
func Adopt(ctx context.Context, o Options) (Position, error) {
	return underLease(ctx, o, func(ctx context.Context, r *reader, producer *kafkaclient.TxnProducer) (Position, error) {
		s, err := readStored(ctx, r.o.Kafka, r.o.Name)
		if err != nil {
			return s.position, err
		}
		if !s.found {
			return s.position, errNoPosition(r.o.Name)
		}
		names := slices.Sorted(maps.Keys(s.topics))
		there, err := kafkaclient.DescribeTopics(ctx, r.o.Kafka, names)
		if err != nil {
			return s.position, err
		}
		ends, err := kafkaclient.Ends(ctx, r.o.Kafka, partitionsOf(there))
		if err != nil {
			return s.position, err
		}
		var forget []*stateRecord
		positions := newTopic(PositionsTopic(r.o.Name), 1)
		for _, name := range names {
			was := s.topics[name]
			if difference(was, there[name]) != "" || was.Ends != nil && !slices.Equal(was.Ends, ends[name]) {
				forget = append(forget, &stateRecord{topic: positions, key: []byte(topicKey(r.o.Name, name))})
			}
		}
		return s.position, announce(ctx, producer, r.o.Name, s.position, forget)
	})
}

func partitionsOf(topics map[string]kafkaclient.Topic) map[string]int32 {
	all := map[string]int32{}
	for name, t := range topics {
		all[name] = t.Partitions
	}
	return all
}

// topicOfKey is the topic whose record has the key, if it is one of the source's.
func topicOfKey(source, key string) (topic string, ok bool) {
	return strings.CutPrefix(key, source+"#")
}

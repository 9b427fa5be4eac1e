package binlog

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"telltale/internal/kafkaclient"
)

// tails count where the partitions that a session writes to end, by counting what
// is written from where they ended at its start: nothing waits for the brokers to
// say so. The ends are committed with the records before them, so that a start can
// tell when a broker has lost records that it had acknowledged, or the position
// (I1). A count is never too high; it is too low where the brokers wrote the end of
// a transaction twice, or somebody else a record. It belongs to the publisher.
type tails struct {
	topics *topics
	// ending is how many offsets the end of a Kafka transaction takes in each
	// partition that it wrote to.
	ending int64
	// written are the topics with records that no position was committed behind.
	written []*topic
}

// newTails makes one for how the source's records are delivered.
func newTails(t *topics) *tails {
	if t.o.Delivery == deliveryAtLeastOnce {
		return &tails{topics: t}
	}
	return &tails{topics: t, ending: 1}
}

// note counts a record that was handed to the client.
func (t *tails) note(p place) {
	if p.topic.next == nil {
		return
	}
	p.topic.next[p.partition]++
	if !p.topic.wrote {
		p.topic.wrote = true
		t.written = append(t.written, p.topic)
	}
}

// state is what is remembered of a topic behind the commit of what was written.
func (t *tails) state(one *topic) topicState {
	s := topicState{ID: one.id, Partitions: one.partitions, Ends: slices.Clone(one.next), AtLeastOnce: t.ending == 0}
	for p, end := range one.ends {
		if s.Ends[p] != end {
			s.Ends[p] += t.ending
		}
	}
	return s
}

// records are those of the topics that were written, to be committed with the
// position.
func (t *tails) records() ([]*stateRecord, error) {
	all := make([]*stateRecord, len(t.written))
	for i, one := range t.written {
		value, err := json.Marshal(t.state(one))
		if err != nil {
			return nil, fmt.Errorf("encode the state of topic %s: %w", one.name, err)
		}
		all[i] = &stateRecord{topic: t.topics.positions, key: []byte(topicKey(t.topics.o.Name, one.name)), value: value}
	}
	return all, nil
}

// committed notes that what was written is committed.
func (t *tails) committed() {
	t.topics.mu.Lock()
	defer t.topics.mu.Unlock()
	for _, one := range t.written {
		state := t.state(one)
		one.ends, one.wrote = state.Ends, false
		copy(one.next, one.ends)
		t.topics.recorded[one.name], t.topics.moved[one.name] = state, true
	}
	t.written = t.written[:0]
}

// locate finds where topics end that are opened, and fails where records of them
// are gone.
func (t *topics) locate(ctx context.Context, opened []*topic) error {
	partitions := map[string]int32{}
	for _, one := range opened {
		partitions[one.name] = one.partitions
	}
	ends, err := kafkaclient.Ends(ctx, t.o.Kafka, partitions)
	if err != nil {
		return err
	}
	written := t.written(slices.Collect(maps.Keys(partitions)))
	for _, one := range opened {
		if one.ends = ends[one.name]; one.ends == nil {
			return fmt.Errorf("open topic %s: the brokers that were asked do not know it any more", one.name)
		}
		one.next = slices.Clone(one.ends)
		if reason := shrunk(written[one.name].Ends, one.ends, 0); reason != "" {
			return &TopicError{Topic: one.name, Reason: reason}
		}
	}
	return nil
}

// stretch is a part of a partition, of offsets from on and before to.
type stretch struct {
	topic     string
	partition int32
	from, to  int64
}

// suspect notes what stands behind the ends that were remembered of topics, for
// overrun to look at. With at-least-once it comes again by design.
func (t *topics) suspect(opened []*topic) {
	for _, one := range opened {
		was := t.written([]string{one.name})[one.name]
		if was.AtLeastOnce {
			continue
		}
		for p, end := range was.Ends {
			if one.ends[p] > end {
				t.beyond = append(t.beyond, stretch{one.name, int32(p), end, one.ends[p]})
			}
		}
	}
}

// inspect has overrun look at what is suspect, once the session has a position to
// hold it against: topics are also opened in mid-stream, of tables that are gone by
// now, or that come to be captured.
func (t *topics) inspect(ctx context.Context) error {
	if t.overrun == nil {
		return nil
	}
	beyond := t.beyond
	t.beyond = nil
	return t.overrun(ctx, beyond)
}

// shrunk says which partition ends before where it ended, give or take so many
// offsets; nothing where none does.
func shrunk(was, is []int64, slack int64) string {
	for p, end := range was {
		if p < len(is) && is[p] < end-slack {
			return fmt.Sprintf("has lost records that its brokers had acknowledged: partition %d ended at offset %d and ends at %d", p, end, is[p])
		}
	}
	return ""
}

// lost fails where the brokers have lost records of topics that were written since
// it was asked last. The end of the newest transaction may still be on its way
// there.
func (t *topics) lost(ctx context.Context) error {
	was := t.takeMoved()
	partitions := map[string]int32{}
	for name, state := range was {
		partitions[name] = state.Partitions
	}
	ends, err := kafkaclient.Ends(ctx, t.o.Kafka, partitions)
	for _, name := range slices.Sorted(maps.Keys(ends)) {
		if reason := shrunk(was[name].Ends, ends[name], 1); reason != "" {
			err = &TopicError{Topic: name, Reason: reason}
			break
		}
	}
	if err != nil { // They are asked for again.
		t.mu.Lock()
		defer t.mu.Unlock()
		for name := range was {
			t.moved[name] = true
		}
	}
	return err
}

// takeMoved are the topics that were written since it was asked last, as they are
// remembered.
func (t *topics) takeMoved() map[string]topicState {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[string]topicState{}
	for name := range t.moved {
		all[name] = t.recorded[name]
	}
	clear(t.moved)
	return all
}

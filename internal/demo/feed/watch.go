package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

const (
	// pollTime bounds how long a cancelled context goes unnoticed.
	pollTime = 50 * time.Millisecond
	// discoverEvery is how often the watcher looks for new topics. Records that
	// a new topic holds by then are read from its beginning.
	discoverEvery = 200 * time.Millisecond
)

// Sink takes what the watcher sees, one call at a time.
type Sink interface {
	AddChange(Change)
	AddEvent(Event)
}

// WatchOptions say what to follow.
type WatchOptions struct {
	Kafka kafkaclient.Config
	// Changes are the prefixes of the raw topics, for example "shop.shop.";
	// Events those of the business topics, for example "events.".
	Changes, Events []string
	// Positions is the topic of the reader's positions, each of which is handed
	// to Position. Empty: it is not followed.
	Positions string
	Position  func(Position)
	// Newest bounds what is read of each partition's past, in offsets. 0 reads
	// from the beginning.
	Newest int
	Sink   Sink
	// CaughtUp is called once, when everything that was there at the start has
	// been handed to the sink in the order of commits. Nil: nobody asks.
	CaughtUp func()
}

// Watch hands the sink every committed record of the watched topics until ctx
// is cancelled, and then returns nil. Topics that appear later are followed
// from their beginning. The records of one partition come in their order; what
// was there at the start comes in the order of commits.
func Watch(ctx context.Context, o WatchOptions) error {
	c, err := kafkaclient.NewConsumer(o.Kafka, kafkaclient.ConsumerOptions{PartitionEOF: true, ResetEarliest: true})
	if err != nil {
		return fmt.Errorf("watch the topics: %w", err)
	}
	defer c.Close()
	w := watcher{WatchOptions: o, consumer: c, known: map[string]bool{}, behind: map[Place]bool{}, past: &past{}}
	return w.run(ctx)
}

type watcher struct {
	WatchOptions
	consumer *kafkaclient.Consumer
	known    map[string]bool
	// behind holds the partitions of the past whose end is not reached yet.
	behind map[Place]bool
	// past gathers what was there at the start; nil once it is handed over.
	past *past
}

func (w *watcher) run(ctx context.Context) error {
	var discovered time.Time
	for ctx.Err() == nil {
		if time.Since(discovered) >= discoverEvery {
			if err := w.discover(); err != nil {
				return err
			}
			discovered = time.Now()
		}
		if err := w.handle(w.consumer.Poll(int(pollTime / time.Millisecond))); err != nil {
			return err
		}
	}
	return nil
}

// discover adds the partitions of topics that were not there before. A broker
// that does not answer is asked again the next time.
func (w *watcher) discover() error {
	md, err := w.consumer.GetMetadata(nil, true, int(time.Second/time.Millisecond))
	if err != nil {
		return nil
	}
	var added []kafka.TopicPartition
	for _, name := range slices.Sorted(maps.Keys(md.Topics)) {
		if w.known[name] || !w.watched(name) || len(md.Topics[name].Partitions) == 0 {
			continue
		}
		w.known[name] = true
		for _, p := range md.Topics[name].Partitions {
			tp := kafka.TopicPartition{Topic: &name, Partition: p.ID, Offset: w.start()}
			added = append(added, tp)
			if w.past != nil {
				w.behind[place(tp)] = true
			}
		}
	}
	if len(added) == 0 {
		w.handOver()
		return nil
	}
	if err := w.consumer.IncrementalAssign(added); err != nil {
		return fmt.Errorf("watch %d new partitions: %w", len(added), err)
	}
	return nil
}

func (w *watcher) start() kafka.Offset {
	if w.past == nil || w.Newest == 0 {
		return kafka.OffsetBeginning
	}
	return kafka.OffsetTail(kafka.Offset(w.Newest))
}

func (w *watcher) watched(topic string) bool {
	return topic == w.Positions || hasPrefix(topic, w.Changes) || hasPrefix(topic, w.Events)
}

func hasPrefix(topic string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(topic, p) })
}

func (w *watcher) handle(ev kafka.Event) error {
	switch ev := ev.(type) {
	case *kafka.Message:
		return w.record(ev, time.Now())
	case kafka.PartitionEOF:
		delete(w.behind, place(kafka.TopicPartition(ev)))
		w.handOver()
	case kafka.Error:
		// A broker that went away is looked for again by the client itself.
		if ev.IsFatal() || errors.Is(ev, kafka.NewError(kafka.ErrUnknownTopicOrPart, "", false)) {
			return fmt.Errorf("watch the topics: %w", ev)
		}
	}
	return nil
}

func (w *watcher) record(m *kafka.Message, seen time.Time) error {
	if m.TopicPartition.Error != nil {
		return fmt.Errorf("watch %s: %w", m.TopicPartition, m.TopicPartition.Error)
	}
	if *m.TopicPartition.Topic == w.Positions {
		p, newest, err := parsePosition(m)
		if newest {
			w.Position(p)
		}
		return err
	}
	if hasPrefix(*m.TopicPartition.Topic, w.Events) {
		e, err := parseEvent(m, seen)
		if err != nil {
			return err
		}
		w.deliver(e.Time, func() { w.Sink.AddEvent(e) })
		return nil
	}
	if m.Value == nil { // A tombstone says nothing that its delete did not.
		return nil
	}
	c, err := parseChange(m, seen)
	if err != nil {
		return err
	}
	w.deliver(c.Committed, func() { w.Sink.AddChange(c) })
	return nil
}

// deliver hands a record to the sink, now or with the rest of the past.
func (w *watcher) deliver(at time.Time, f func()) {
	if w.past == nil {
		f()
		return
	}
	w.past.add(at, f)
}

// handOver delivers the past once all of its partitions were read to their end.
func (w *watcher) handOver() {
	if w.past == nil || len(w.behind) > 0 {
		return
	}
	w.past.deliver()
	w.past = nil
	if w.CaughtUp != nil {
		w.CaughtUp()
	}
}

// past is what was there at the start, to be put in the order of commits.
type past struct{ entries []pastEntry }

type pastEntry struct {
	at      time.Time
	deliver func()
}

func (p *past) add(at time.Time, f func()) {
	p.entries = append(p.entries, pastEntry{at: at, deliver: f})
}

// deliver sorts stably: what stands in one partition keeps its order.
func (p *past) deliver() {
	slices.SortStableFunc(p.entries, func(a, b pastEntry) int { return cmp.Compare(a.at.UnixNano(), b.at.UnixNano()) })
	for _, e := range p.entries {
		e.deliver()
	}
}

package binlog

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/schemas/change"
)

// topics are the Kafka topics of a source, opened as tables turn up.
type topics struct {
	o Options
	// stored is what the positions topic held when they were loaded.
	stored stored
	byName map[string]*topic // Raw topics; tables of an aggregate share one.
	// newest is the key of each table's shape that was published last: one that
	// comes back is published again, since its readers go by the newest.
	newest    map[string]string
	positions *topic
	schemas   *topic
	// letters is the topic of dead letters, where records can go there.
	letters *topic
	// beyond are where the brokers have more of a topic than was committed with the
	// position, if only what never was, and overrun looks at that. It is nil before
	// the start has found the position, and where there was none.
	beyond  []stretch
	overrun func(context.Context, []stretch) error
	// unsaid are the records of topics that are written from now on.
	unsaid []*stateRecord

	mu sync.Mutex // Guards what is shared with the watch.
	// recorded are the topics that hold, or may hold, records of the source, as
	// they were when the first of them was written.
	recorded map[string]topicState
	// opened are those that this session may write to, and moved those that were
	// written since the watch looked.
	opened []string
	moved  map[string]bool
}

// load reads what is known of topics and shapes, proves that the topics which
// were written are still the same, and makes sure of all at once. That must
// precede the making: a topic that is gone is not to come back empty.
func (t *topics) load(ctx context.Context, shapes []change.Shape) error {
	t.byName, t.newest = map[string]*topic{}, map[string]string{}
	t.positions, t.schemas = newTopic(PositionsTopic(t.o.Name), 1), newTopic(change.SchemasTopic(t.o.Name), 1)
	own := []kafkaclient.TopicSpec{t.compacted(t.positions.name)}
	if err := kafkaclient.EnsureTopics(ctx, t.o.Kafka, own, t.o.CreateTopics); err != nil {
		return err
	}
	var err error
	if t.stored, err = readStored(ctx, t.o.Kafka, t.o.Name); err != nil {
		return err
	}
	t.recorded, t.moved = t.stored.topics, map[string]bool{}
	if err := t.allowRepeats(); err != nil {
		return err
	}
	specs, raw := append(own, t.compacted(t.schemas.name)), map[string]bool{}
	for i := range shapes { // Tables of an aggregate share one.
		if spec := t.raw(&shapes[i]); !raw[spec.Name] {
			raw[spec.Name] = true
			specs = append(specs, spec)
		}
	}
	if t.o.Oversize == oversizeDeadLetter {
		specs = append(specs, t.deadLetters())
	}
	if err := t.make(ctx, specs); err != nil {
		return err
	}
	return kafkaclient.ReadToEnd(ctx, t.o.Kafka, t.schemas.name, func(m *kafka.Message) error {
		key := string(m.Key)
		if table := tableOfShape(key); m.Value != nil {
			t.newest[table] = key
		} else if t.newest[table] == key {
			delete(t.newest, table)
		}
		return nil
	})
}

// make proves that those of the topics which were written are what they were,
// creates the others where they are not there, and opens those for rows.
func (t *topics) make(ctx context.Context, specs []kafkaclient.TopicSpec) error {
	var there map[string]kafkaclient.Topic
	err := t.confirmed(ctx, func() (err error) {
		there, err = t.compare(ctx, names(specs))
		return err
	})
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(specs), func(s kafkaclient.TopicSpec) bool { return there[s.Name].Partitions > 0 })
	if len(missing) > 0 {
		if err := kafkaclient.EnsureTopics(ctx, t.o.Kafka, missing, t.o.CreateTopics); err != nil {
			return err
		}
		created, err := kafkaclient.DescribeTopics(ctx, t.o.Kafka, names(missing))
		if err != nil {
			return err
		}
		maps.Copy(there, created)
	}
	var opened, counted []*topic
	for _, s := range specs {
		is := there[s.Name]
		one := newTopic(s.Name, is.Partitions)
		one.id = is.ID
		switch {
		case is.Partitions == 0:
			return fmt.Errorf("open topic %s: the brokers that were asked do not know it yet", s.Name)
		case s.Name == DeadLettersTopic(t.o.Name):
			t.letters = one
			counted = append(counted, one)
		case s.Name != t.positions.name && s.Name != t.schemas.name:
			opened = append(opened, one)
		case is.Partitions != 1:
			return &TopicError{Topic: s.Name, Reason: fmt.Sprintf("has %d partitions and must have one", is.Partitions)}
		}
	}
	if err := t.limit(ctx, opened...); err != nil {
		return err
	}
	counted = append(counted, opened...)
	if err := t.confirmed(ctx, func() error { return t.locate(ctx, counted) }); err != nil {
		return err
	}
	t.suspect(counted)
	if err := t.inspect(ctx); err != nil {
		return err
	}
	for _, one := range opened {
		t.byName[one.name] = one
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opened = append(t.opened, names(specs)...)
	return nil
}

func names(specs []kafkaclient.TopicSpec) []string {
	out := make([]string, len(specs))
	for i, s := range specs {
		out[i] = s.Name
	}
	return out
}

func (t *topics) compacted(name string) kafkaclient.TopicSpec {
	return kafkaclient.TopicSpec{
		Name: name, Partitions: 1, ReplicationFactor: t.o.ReplicationFactor,
		// What the newest segment holds is never compacted, and read at every start.
		// Some who run Kafka for others take no segment below 50 MiB, or 64.
		Settings: map[string]string{"cleanup.policy": "compact", "segment.bytes": "67108864"},
	}
}

func (t *topics) raw(shape *change.Shape) kafkaclient.TopicSpec {
	return t.kept(shape.Topic(t.o.Name), t.o.Partitions)
}

// forAWeek are the settings of a topic of which a week is kept.
var forAWeek = map[string]string{"cleanup.policy": "delete", "retention.ms": "604800000"}

// kept is a topic of which a week is kept.
func (t *topics) kept(name string, partitions int) kafkaclient.TopicSpec {
	return kafkaclient.TopicSpec{
		Name: name, Partitions: partitions, ReplicationFactor: t.o.ReplicationFactor,
		Settings: forAWeek,
	}
}

// ensured returns a topic that is there, made where it was not. One that nobody
// knows to be written is among what is to be remembered next.
func (t *topics) ensured(ctx context.Context, spec kafkaclient.TopicSpec) (*topic, error) {
	if t.byName[spec.Name] == nil {
		if err := t.make(ctx, []kafkaclient.TopicSpec{spec}); err != nil {
			return nil, err
		}
	}
	one := t.byName[spec.Name]
	return one, t.record(one)
}

// marks opens the topic of transactions, where it is asked for: of one partition
// unless somebody made it with more, so that they stand in commit order.
func (t *topics) marks(ctx context.Context) (*transactionMarks, error) {
	if !t.o.TransactionTopic {
		return nil, nil
	}
	one, err := t.ensured(ctx, t.kept(TransactionTopic(t.o.Name), 1))
	if err != nil {
		return nil, err
	}
	return newTransactionMarks(one, t.o.Format == formatWithSchema), nil
}

// open returns a table's topic, and what is to be remembered with its first
// change: topics of which nobody knows that they are written, and a shape that
// the schemas topic does not know or no longer holds for the newest.
func (t *topics) open(ctx context.Context, shape *change.Shape) (*topic, []*stateRecord, error) {
	one, err := t.ensured(ctx, t.raw(shape))
	if err != nil {
		return nil, nil, err
	}
	described, err := t.describe(shape)
	states := append(t.unsaid, described...)
	t.unsaid = nil
	return one, states, err
}

// describe returns the record of a shape that is new, or new again.
func (t *topics) describe(shape *change.Shape) ([]*stateRecord, error) {
	key := shape.Key()
	if t.newest[tableOfShape(key)] == key {
		return nil, nil
	}
	value, err := json.Marshal(shape)
	if err != nil {
		return nil, fmt.Errorf("encode the shape of table %s.%s: %w", shape.DB, shape.Table, err)
	}
	t.newest[tableOfShape(key)] = key
	return []*stateRecord{{topic: t.schemas, key: []byte(key), value: value}}, nil
}

// tableOfShape is the table that the key of a shape's record names.
func tableOfShape(key string) string { return key[:max(0, strings.LastIndexByte(key, '@'))] }

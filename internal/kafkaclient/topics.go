package kafkaclient

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// TopicSpec is a topic that a stage needs.
type TopicSpec struct {
	Name       string
	Partitions int
	// ReplicationFactor is how many brokers hold each partition; -1 leaves it to
	// the cluster.
	ReplicationFactor int
	// Settings are the topic's own, for example cleanup.policy=compact.
	Settings map[string]string
}

// command is what an operator types to create the topic.
func (s TopicSpec) command(brokers string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "kafka-topics.sh --bootstrap-server %s --create --topic %s --partitions %d", brokers, s.Name, s.Partitions)
	if s.ReplicationFactor > 0 {
		fmt.Fprintf(&b, " --replication-factor %d", s.ReplicationFactor)
	}
	for _, k := range slices.Sorted(maps.Keys(s.Settings)) {
		fmt.Fprintf(&b, " --config %s=%s", k, s.Settings[k])
	}
	return b.String()
}

// MissingTopicsError says which topics are not there and how to create them.
type MissingTopicsError struct {
	Topics   []string
	Commands []string
}

// Error names the topics and the commands.
func (e *MissingTopicsError) Error() string {
	return fmt.Sprintf("kafka topics missing and kafka.create_topics is false: %s; create them with:\n  %s",
		strings.Join(e.Topics, ", "), strings.Join(e.Commands, "\n  "))
}

// EnsureTopics creates the topics that are missing. With create false a missing
// one is a MissingTopicsError. A topic that is there is left as it is.
func EnsureTopics(ctx context.Context, c Config, specs []TopicSpec, create bool) error {
	return c.WithAdmin(func(a *kafka.AdminClient) error {
		return insist(ctx, func() error { return ensure(ctx, a, c, specs, create) })
	})
}

func ensure(ctx context.Context, a *kafka.AdminClient, c Config, specs []TopicSpec, create bool) error {
	missing, err := missingTopics(ctx, a, c, specs)
	if err != nil || len(missing) == 0 {
		return err
	}
	if !create {
		e := &MissingTopicsError{}
		for _, s := range missing {
			e.Topics, e.Commands = append(e.Topics, s.Name), append(e.Commands, s.command(c.Brokers))
		}
		return e
	}
	return createTopics(ctx, a, c, missing)
}

func missingTopics(ctx context.Context, a *kafka.AdminClient, c Config, specs []TopicSpec) ([]TopicSpec, error) {
	there := map[string]Topic{}
	if err := describe(ctx, a, c, namesOf(specs), there); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(specs), func(s TopicSpec) bool { return there[s.Name].Partitions > 0 }), nil
}

func namesOf(specs []TopicSpec) []string {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	return names
}

// createAtOnce is how many partitions one request creates at most: a controller
// refuses a request that makes more than 10,000 records, and answers a smaller one
// within its time.
const createAtOnce = 1000

// createTopics creates topics, however many, and waits until they have leaders.
func createTopics(ctx context.Context, a *kafka.AdminClient, c Config, specs []TopicSpec) error {
	first, partitions := 0, 0
	for i, s := range specs {
		if partitions += s.Partitions; partitions > createAtOnce && i > first {
			if err := createChunk(ctx, a, c, specs[first:i]); err != nil {
				return err
			}
			first, partitions = i, s.Partitions
		}
	}
	if err := createChunk(ctx, a, c, specs[first:]); err != nil {
		return err
	}
	return awaitTopics(ctx, a, c, specs)
}

func createChunk(ctx context.Context, a *kafka.AdminClient, c Config, specs []TopicSpec) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var wanted []kafka.TopicSpecification
	for _, s := range specs {
		wanted = append(wanted, kafka.TopicSpecification{
			Topic: s.Name, NumPartitions: s.Partitions, ReplicationFactor: s.ReplicationFactor, Config: s.Settings,
		})
	}
	results, err := a.CreateTopics(ctx, wanted, kafka.SetAdminOperationTimeout(20*time.Second))
	if err != nil {
		return fmt.Errorf("create kafka topics at %q: %w", c.Brokers, err)
	}
	for _, r := range results {
		if code := r.Error.Code(); code != kafka.ErrNoError && code != kafka.ErrTopicAlreadyExists {
			return fmt.Errorf("create kafka topic %s: %w", r.Topic, r.Error)
		}
	}
	return nil
}

// awaitTopics waits until the brokers know the new topics with a leader each:
// creation is answered before every broker knows of it.
func awaitTopics(ctx context.Context, a *kafka.AdminClient, c Config, specs []TopicSpec) error {
	limit := time.Minute + time.Duration(len(specs))*50*time.Millisecond
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not all of %d topics have leaders after %v", len(specs), limit))
	defer cancel()
	for waiting := namesOf(specs); ; {
		there := map[string]Topic{}
		err := describe(ctx, a, c, waiting, there)
		waiting = slices.DeleteFunc(waiting, func(name string) bool { return there[name].led })
		if len(waiting) == 0 && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the leaders of new kafka topics at %q: %w", c.Brokers, context.Cause(ctx))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Topic is a topic as the cluster has it.
type Topic struct {
	// ID is the cluster's for this topic and no other that ever had its name;
	// empty where the brokers know no ids.
	ID         string
	Partitions int32
	led        bool // Every partition has a leader.
}

// DescribeTopics asks for topics by name. Those that are not there are left out.
// Each part of them is asked by a client of its own, since a client remembers the
// topics that it was told of: it would take more than the answer does.
func DescribeTopics(ctx context.Context, c Config, names []string) (map[string]Topic, error) {
	out := make(map[string]Topic, len(names))
	for chunk := range slices.Chunk(names, describeAtOnce) {
		err := c.WithAdmin(func(a *kafka.AdminClient) error { return describe(ctx, a, c, chunk, out) })
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// describe asks in parts, so that thousands of topics take no more memory than
// some.
func describe(ctx context.Context, a *kafka.AdminClient, c Config, names []string, out map[string]Topic) error {
	for chunk := range slices.Chunk(names, describeAtOnce) {
		if err := describeChunk(ctx, a, chunk, out); err != nil {
			return fmt.Errorf("ask for %d kafka topics at %q: %w", len(names), c.Brokers, err)
		}
	}
	return nil
}

func describeChunk(ctx context.Context, a *kafka.AdminClient, names []string, out map[string]Topic) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := a.DescribeTopics(ctx, kafka.NewTopicCollectionOfTopicNames(names), kafka.SetAdminRequestTimeout(20*time.Second))
	if err != nil {
		return err
	}
	for _, d := range r.TopicDescriptions {
		switch d.Error.Code() {
		case kafka.ErrNoError:
			t := Topic{Partitions: int32(len(d.Partitions)), led: !slices.ContainsFunc(d.Partitions, leaderless)}
			if d.TopicID.GetMostSignificantBits() != 0 || d.TopicID.GetLeastSignificantBits() != 0 {
				t.ID = d.TopicID.String()
			}
			out[d.Name] = t
		case kafka.ErrUnknownTopicOrPart:
		default:
			return fmt.Errorf("topic %s: %w", d.Name, d.Error)
		}
	}
	return nil
}

func leaderless(p kafka.TopicPartitionInfo) bool { return p.Leader == nil || p.Leader.ID < 0 }

// Partitions is how many partitions a topic has. A topic that is not there is
// an error.
func Partitions(ctx context.Context, c Config, topic string) (int32, error) {
	var n int32
	err := c.WithAdmin(func(a *kafka.AdminClient) error {
		md, err := a.GetMetadata(&topic, false, millis(ctx, 10*time.Second))
		if err != nil {
			return fmt.Errorf("ask for the partitions of kafka topic %s at %q: %w", topic, c.Brokers, err)
		}
		t := md.Topics[topic]
		if t.Error.Code() != kafka.ErrNoError || len(t.Partitions) == 0 {
			return fmt.Errorf("ask for the partitions of kafka topic %s at %q: %w", topic, c.Brokers, t.Error)
		}
		n = int32(len(t.Partitions))
		return nil
	})
	return n, err
}

// describeAtOnce is how many topics are described by one request.
const describeAtOnce = 500

// RecordLimits asks how many bytes of records each of the topics takes at once,
// its max.message.bytes.
func RecordLimits(ctx context.Context, c Config, topics []string) (map[string]int, error) {
	limits := map[string]int{}
	err := c.WithAdmin(func(a *kafka.AdminClient) error {
		for chunk := range slices.Chunk(topics, describeAtOnce) {
			if err := recordLimits(ctx, a, chunk, limits); err != nil {
				return fmt.Errorf("ask for the limits of %d kafka topics at %q: %w", len(topics), c.Brokers, err)
			}
		}
		return nil
	})
	return limits, err
}

func recordLimits(ctx context.Context, a *kafka.AdminClient, topics []string, limits map[string]int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var wanted []kafka.ConfigResource
	for _, name := range topics {
		wanted = append(wanted, kafka.ConfigResource{Type: kafka.ResourceTopic, Name: name})
	}
	results, err := a.DescribeConfigs(ctx, wanted, kafka.SetAdminRequestTimeout(20*time.Second))
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Error.Code() != kafka.ErrNoError {
			return fmt.Errorf("topic %s: %w", r.Name, r.Error)
		}
		n, err := strconv.Atoi(r.Config["max.message.bytes"].Value)
		if err != nil {
			return fmt.Errorf("topic %s: max.message.bytes: %w", r.Name, err)
		}
		limits[r.Name] = n
	}
	return nil
}

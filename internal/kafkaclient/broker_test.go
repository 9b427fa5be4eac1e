package kafkaclient_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"go.uber.org/goleak"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(t *testing.T) kafkaclient.Config {
	t.Helper()
	return kafkaclient.Config{Brokers: kafkatest.Start(t).Brokers(), Logger: kafkatest.Logger(t)}
}

func spec(name string, partitions int) kafkaclient.TopicSpec {
	return kafkaclient.TopicSpec{Name: name, Partitions: partitions, ReplicationFactor: 1, Settings: map[string]string{"cleanup.policy": "compact"}}
}

func produce(t *testing.T, p *kafkaclient.TxnProducer, topic string, partition int32, value string) {
	t.Helper()
	err := p.Produce(t.Context(), &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: partition}, Value: []byte(value)})
	if err != nil {
		t.Fatal(err)
	}
}

func newProducer(t *testing.T, c kafkaclient.Config, id string) *kafkaclient.TxnProducer {
	t.Helper()
	p, err := kafkaclient.NewTxnProducer(t.Context(), c, kafkaclient.TxnOptions{TransactionalID: id})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func values(t *testing.T, c kafkaclient.Config, topic string) []string {
	t.Helper()
	var got []string
	err := kafkaclient.ReadToEnd(t.Context(), c, topic, func(m *kafka.Message) error {
		got = append(got, string(m.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

func TestReadersSeeCommittedTransactionsAlone(t *testing.T) {
	t.Parallel()
	c := config(t)
	if err := kafkaclient.EnsureTopics(t.Context(), c, []kafkaclient.TopicSpec{spec("t", 3)}, true); err != nil {
		t.Fatal(err)
	}
	p := newProducer(t, c, "one")
	for i, end := range []func(context.Context) error{p.Commit, p.Abort, p.Commit} {
		if err := p.Begin(); err != nil {
			t.Fatal(err)
		}
		produce(t, p, "t", int32(i%3), string(rune('a'+i)))
		if err := end(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := values(t, c, "t"); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("got %q, want a and c", got)
	}
}

func TestASecondProducerFencesTheFirst(t *testing.T) {
	t.Parallel()
	c := config(t)
	if err := kafkaclient.EnsureTopics(t.Context(), c, []kafkaclient.TopicSpec{spec("t", 1)}, true); err != nil {
		t.Fatal(err)
	}
	first := newProducer(t, c, "same")
	if err := first.Begin(); err != nil {
		t.Fatal(err)
	}
	produce(t, first, "t", 0, "first")
	second := newProducer(t, c, "same")
	if err := second.Begin(); err != nil {
		t.Fatal(err)
	}
	produce(t, second, "t", 0, "second")
	if err := second.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Commit(t.Context()); !kafkaclient.IsFenced(err) {
		t.Errorf("the first producer's commit returned %v, want it fenced", err)
	}
	if got := values(t, c, "t"); !slices.Equal(got, []string{"second"}) {
		t.Errorf("got %q, want the second producer's record alone", got)
	}
}

func TestEnsureTopics(t *testing.T) {
	t.Parallel()
	c := config(t)
	specs := []kafkaclient.TopicSpec{spec("a", 2), spec("b", 1)}
	err := kafkaclient.EnsureTopics(t.Context(), c, specs, false)
	var missing *kafkaclient.MissingTopicsError
	if !errors.As(err, &missing) || !slices.Equal(missing.Topics, []string{"a", "b"}) {
		t.Fatalf("got %v, want a and b missing", err)
	}
	want := "kafka-topics.sh --bootstrap-server " + c.Brokers + " --create --topic a --partitions 2 --replication-factor 1 --config cleanup.policy=compact"
	if !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want the command %s in it", err, want)
	}
	for range 2 { // The second call finds them.
		if err := kafkaclient.EnsureTopics(t.Context(), c, specs, true); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := kafkaclient.Partitions(t.Context(), c, "a"); err != nil || n != 2 {
		t.Errorf("got %d partitions, %v; want 2", n, err)
	}
	if _, err := kafkaclient.Partitions(t.Context(), c, "nowhere"); err == nil {
		t.Error("a topic that is not there has partitions")
	}
}

func TestNoBroker(t *testing.T) {
	t.Parallel()
	c := kafkaclient.Config{Brokers: "127.0.0.1:1"}
	if err := kafkaclient.Ping(t.Context(), c); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("got %v, want the address in it", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := kafkaclient.NewTxnProducer(ctx, c, kafkaclient.TxnOptions{TransactionalID: "x"}); err == nil {
		t.Error("a producer without a broker was made")
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"hunter2", "=hunter2", "no.such.setting=hunter2"} {
		c := kafkaclient.Config{Brokers: "127.0.0.1:1", Properties: []string{bad}}
		_, err := kafkaclient.NewConsumer(c, kafkaclient.ConsumerOptions{})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("property %q: got %v, want an error that does not tell it", bad, err)
		}
	}
}

// TestWaitIsReported takes the broker away under an open transaction: the commit
// waits, says why, and is done once the broker is back.
func TestWaitIsReported(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartDurable(t)
	c := kafkaclient.Config{Brokers: broker.Brokers()}
	if err := kafkaclient.EnsureTopics(t.Context(), c, []kafkaclient.TopicSpec{spec("t", 1)}, true); err != nil {
		t.Fatal(err)
	}
	reports := make(chan error, 100)
	p, err := kafkaclient.NewTxnProducer(t.Context(), c, kafkaclient.TxnOptions{
		TransactionalID: "x", Report: func(err error) { reports <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.Begin(); err != nil {
		t.Fatal(err)
	}
	produce(t, p, "t", 0, "a")
	broker.Down()
	committed := make(chan error, 1)
	go func() { committed <- p.Commit(t.Context()) }()

	if why := <-reports; why == nil || !strings.Contains(why.Error(), `commit, transactional id "x"`) || !strings.Contains(why.Error(), "Connection refused") {
		t.Errorf("while it waits: got %v, want the call and what is in its way", why)
	}
	broker.Up()
	if err := <-committed; err != nil {
		t.Fatal(err)
	}
	last := errors.New("no report")
	for len(reports) > 0 {
		last = <-reports
	}
	if last != nil {
		t.Errorf("when it is done: got %v, want nil", last)
	}
	if got := values(t, c, "t"); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %q, want what was committed", got)
	}
}

// TestWatch follows a broker that goes and comes.
func TestWatch(t *testing.T) {
	t.Parallel()
	broker := kafkatest.StartDurable(t)
	c := kafkaclient.Config{Brokers: broker.Brokers()}
	if err := kafkaclient.EnsureTopics(t.Context(), c, []kafkaclient.TopicSpec{spec("t", 1)}, true); err != nil {
		t.Fatal(err)
	}
	k, err := kafkaclient.NewConsumer(c, kafkaclient.ConsumerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	var state error
	w := kafkaclient.NewWatch(k, []string{"t"}, func(err error) { state = err })
	await := func(what string, reached func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !reached(); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: not after a minute; the state is %v", what, state)
			}
			if e, ok := k.Poll(50).(kafka.Error); ok {
				w.Down(e)
			}
			w.Probe()
		}
	}
	topic := "t"
	if err := k.Assign([]kafka.TopicPartition{{Topic: &topic, Offset: kafka.OffsetBeginning}}); err != nil {
		t.Fatal(err)
	}
	broker.Down()
	await("down", func() bool { return state != nil })
	broker.Up()
	await("up", func() bool { return state == nil })
}

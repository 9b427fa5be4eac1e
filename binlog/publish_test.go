package binlog

import (
	"errors"
	"testing"
	"time"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
)

// newPublisher makes one that reads the stream, with the topics of the recorded
// stories on a broker of the test's own.
func newPublisher(t *testing.T, s *stream) (*publisher, kafkaclient.Config) {
	t.Helper()
	c := kafkaclient.Config{Brokers: kafkatest.Start(t).Brokers(), Logger: kafkatest.Logger(t)}
	err := kafkaclient.EnsureTopics(t.Context(), c, []kafkaclient.TopicSpec{
		{Name: "customers", Partitions: 4, ReplicationFactor: 1},
		{Name: "schemas", Partitions: 1, ReplicationFactor: 1},
		{Name: PositionsTopic("shop"), Partitions: 1, ReplicationFactor: 1},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	producer, err := kafkaclient.NewTxnProducer(t.Context(), c, kafkaclient.TxnOptions{TransactionalID: producerID("shop")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(producer.Close)
	tails := newTails(&topics{o: Options{Name: "shop"}, positions: newTopic(PositionsTopic("shop"), 1)})
	return &publisher{sink: &exactlyOnce{source: "shop", TxnProducer: producer}, tails: tails, stream: s, metrics: newMetrics(nil), now: time.Now, progressed: func() {}}, c
}

// A stream that ends behind whole transactions has them published, and its own
// error comes back alone: there is nothing left to abort.
func TestPublishWhatIsWhole(t *testing.T) {
	t.Parallel()
	story := mysqlStory()
	s := story.stream(t)
	if err := story.replay(t, s); err != nil {
		t.Fatal(err)
	}
	ended := errors.New("ended")
	s.end(ended)
	p, c := newPublisher(t, s)
	if err := p.run(t.Context()); !errors.Is(err, ended) || err.Error() != ended.Error() {
		t.Errorf("got %v, want %v alone", err, ended)
	}
	position, found, err := ReadPosition(t.Context(), c, "shop")
	if err != nil || !found || position.Last != string(s.lastGTID) {
		t.Errorf("got position %+v, %t, %v; want it behind %s", position, found, err, s.lastGTID)
	}
}

// A transaction that the brokers are about to abort for its age, with a part of
// the server's transaction in it, stops the reader by name: they would again.
func TestTransactionTooLong(t *testing.T) {
	t.Parallel()
	story := mysqlStory()
	s := story.stream(t)
	if err := story.replay(t, s); err != nil {
		t.Fatal(err)
	}
	// As if the newest transaction had not ended, and filled a batch.
	s.tx.open, s.tx.touched = true, nil
	s.cur.carried = len(s.cur.buf) - s.cur.size
	p, c := newPublisher(t, s)
	clock := time.Now()
	p.now = func() time.Time {
		clock = clock.Add(p.sink.timeout())
		return clock
	}
	err := p.run(t.Context())
	if !errors.Is(err, errHuge) || !fatal(err) {
		t.Errorf("got %v, want the reason %s", err, errHuge.Name())
	}
	if _, found, err := ReadPosition(t.Context(), c, "shop"); found || err != nil {
		t.Errorf("a position was published (%v), want none", err)
	}
}

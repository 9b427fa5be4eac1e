package binlog

import (
	"errors"
	"testing"
	"time"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
)

// A stream that ends behind whole transactions has them published, and its own
// error comes back alone: there is nothing left to abort.
func TestPublishWhatIsWhole(t *testing.T) {
	t.Parallel()
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
	defer producer.Close()
	story := mysqlStory()
	s := story.stream(t)
	if err := story.replay(t, s); err != nil {
		t.Fatal(err)
	}
	ended := errors.New("ended")
	s.end(ended)
	p := &publisher{source: "shop", producer: producer, stream: s, metrics: newMetrics(nil), now: time.Now, progressed: func() {}}
	if err := p.run(t.Context()); !errors.Is(err, ended) || err.Error() != ended.Error() {
		t.Errorf("got %v, want %v alone", err, ended)
	}
	position, found, err := ReadPosition(t.Context(), c, "shop")
	if err != nil || !found || position.Last != string(s.lastGTID) {
		t.Errorf("got position %+v, %t, %v; want it behind %s", position, found, err, s.lastGTID)
	}
}

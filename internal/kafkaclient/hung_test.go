package kafkaclient_test

import (
	"context"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
	"telltale/internal/kafkaserver/kafkatest"
)

// Where one of several brokers answers no more, what waits for it stays within the
// queue, also where the others are sent smaller records all the while.
func TestOneBrokerHangs(t *testing.T) {
	t.Parallel()
	cluster, err := kafka.NewMockCluster(2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	topic := "t"
	if err := cluster.CreateTopic(topic, 2, 1); err != nil {
		t.Fatal(err)
	}
	const queue = 1 << 20
	c := kafkaclient.Config{Brokers: cluster.BootstrapServers(), Logger: kafkatest.Logger(t)}
	p, err := kafkaclient.NewAckedProducer(c, kafkaclient.AckedOptions{QueueBytes: queue})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	produce := func(ctx context.Context, partition int32, size int) error {
		return p.Produce(ctx, &kafka.Message{TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: partition}, Value: make([]byte, size)})
	}
	for partition := range int32(2) {
		if err := produce(t.Context(), partition, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	const hung = 0
	if err := cluster.SetRoundtripDuration(leader(t, cluster, topic, hung), time.Hour); err != nil {
		t.Fatal(err)
	}
	const large, small = 10_000, 100
	handed := 0
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	for err == nil && handed < 4*queue {
		if err = produce(ctx, hung, large); err == nil {
			handed += large
		}
		for i := 0; err == nil && i < 20; i++ {
			err = produce(ctx, 1-hung, small)
		}
	}
	if handed > queue {
		t.Errorf("%d bytes were handed over to a broker that does not answer, want %d at most", handed, queue)
	}
}

// Brokers that take long for each answer, as on a busy machine, are reached.
func TestPingOfSlowBroker(t *testing.T) {
	t.Parallel()
	cluster, err := kafka.NewMockCluster(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	const only = 1
	if err := cluster.SetRoundtripDuration(only, 400*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	c := kafkaclient.Config{Brokers: cluster.BootstrapServers(), Logger: kafkatest.Logger(t)}
	if err := kafkaclient.Ping(t.Context(), c); err != nil {
		t.Error(err)
	}
}

// leader is the broker of a partition.
func leader(t *testing.T, cluster *kafka.MockCluster, topic string, partition int) int {
	t.Helper()
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": cluster.BootstrapServers()})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	all, err := admin.GetMetadata(&topic, false, int(time.Minute.Milliseconds()))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all.Topics[topic].Partitions {
		if int(p.ID) == partition {
			return int(p.Leader)
		}
	}
	t.Fatalf("no broker has partition %d of topic %s", partition, topic)
	return 0
}

package consumers

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"telltale/internal/mysqlserver/mysqltest"
)

// TestFetchRefused has the broker refuse a position once that is there after
// all, as brokers do that catch up with a new leader. The client stops fetching
// the partition then and says so behind the records that it holds, which a
// pause throws away, and the word with them.
func TestFetchRefused(t *testing.T) {
	s := mysqltest.Start(t)
	tests := []struct {
		name       string
		queueBytes int // Small: the partition is paused before the word is heard.
	}{
		{"heard", 0},
		{"unheard", 8 << 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cluster, err := kfake.NewCluster(kfake.Ports(0), kfake.NumBrokers(1),
				kfake.BrokerConfigs(map[string]string{"default.replication.factor": "1"}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(cluster.Close)
			name := "fetch_" + test.name
			w := newWorldOn(t, cluster.ListenAddrs()[0], s, mysqltest.DB(t, s, name), name)
			w.produce(1500)
			refused := refuseFetch(cluster)
			gate := make(chan struct{})
			o := w.options()
			o.queueBytes = test.queueBytes
			o.Kafka.Properties = []string{"max.partition.fetch.bytes=8192"} // The first fetch gets some records, not all.
			o.failpoint = func(point string) error {
				if point == "polled" {
					<-gate
				}
				return nil
			}
			i := w.start(o, tallyConsumer())
			<-refused
			close(gate)
			w.awaitHandled(len(w.produced))
			i.stop()
			w.assertExactlyOnce()
		})
	}
}

// refuseFetch has the cluster refuse the second fetch of partition 0, and closes
// what it returns then.
func refuseFetch(c *kfake.Cluster) <-chan struct{} {
	refused, done := make(chan struct{}), false // A cluster calls its controls one at a time.
	c.ControlKey(kmsg.Fetch.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if done {
			return nil, nil, false
		}
		resp := refusal(r.(*kmsg.FetchRequest))
		if resp == nil {
			return nil, nil, false
		}
		done = true
		close(refused)
		return resp, nil, true
	})
	return refused
}

// refusal answers a fetch of partition 0 that goes on from what was fetched
// before; nil: it is none.
func refusal(req *kmsg.FetchRequest) kmsg.Response {
	for _, topic := range req.Topics {
		for _, p := range topic.Partitions {
			if p.Partition != 0 || p.FetchOffset == 0 {
				continue
			}
			resp := req.ResponseKind().(*kmsg.FetchResponse)
			rt := kmsg.NewFetchResponseTopic()
			rt.Topic, rt.TopicID = topic.Topic, topic.TopicID
			rp := kmsg.NewFetchResponseTopicPartition()
			rp.Partition, rp.ErrorCode, rp.RecordBatches = p.Partition, kerr.OffsetOutOfRange.Code, []byte{}
			rt.Partitions = append(rt.Partitions, rp)
			resp.Topics = append(resp.Topics, rt)
			return resp
		}
	}
	return nil
}

package translator

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// What Kafka refuses in the middle of a transaction is done again, and readers
// see it once.
func TestRunDoesRefusedTransactionsAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		key    kmsg.Key
		refuse func(kmsg.Request) kmsg.Response
		abort  bool // Whether the same producer goes on after an abort.
	}{
		{
			"the group has moved on", kmsg.TxnOffsetCommit,
			func(r kmsg.Request) kmsg.Response { return refuseOffsets(r.(*kmsg.TxnOffsetCommitRequest)) },
			true,
		},
		{
			"the producer is fenced", kmsg.EndTxn,
			func(r kmsg.Request) kmsg.Response {
				resp := r.ResponseKind().(*kmsg.EndTxnResponse)
				resp.ErrorCode = kerr.ProducerFenced.Code
				return resp
			},
			false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const keys, renames = 10, 30
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(cluster.Close)
			b := setupOn(t, strings.Join(cluster.ListenAddrs(), ","))
			b.publishShape(b.shape)
			var refused atomic.Int64
			cluster.ControlKey(tt.key.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
				cluster.KeepControl()
				if n := refused.Add(1); n != 2 { // The first transaction is let through.
					return nil, nil, false
				}
				return tt.refuse(r), nil, true
			})
			o := b.options()
			stop := b.start(o)
			b.renames(keys, 1, renames/2)
			b.await(1)
			b.renames(keys, 1+renames/2, renames/2)
			got := b.await(keys * renames)
			if err := stop(); err != nil {
				t.Fatalf("Run: %v", err)
			}
			checkOnce(t, got, keys, renames)
			if n := refused.Load(); n < 3 {
				t.Errorf("%d requests, want the second refused and more behind it", n)
			}
			if aborts := outcomes(t, o, "aborted"); tt.abort && aborts == 0 {
				t.Errorf("%v aborted transactions, want one at least", aborts)
			}
		})
	}
}

// refuseOffsets answers as a coordinator does that has another generation.
func refuseOffsets(r *kmsg.TxnOffsetCommitRequest) kmsg.Response {
	resp := r.ResponseKind().(*kmsg.TxnOffsetCommitResponse)
	for _, topic := range r.Topics {
		answer := kmsg.NewTxnOffsetCommitResponseTopic()
		answer.Topic = topic.Topic
		for _, p := range topic.Partitions {
			one := kmsg.NewTxnOffsetCommitResponseTopicPartition()
			one.Partition, one.ErrorCode = p.Partition, kerr.IllegalGeneration.Code
			answer.Partitions = append(answer.Partitions, one)
		}
		resp.Topics = append(resp.Topics, answer)
	}
	return resp
}

// outcomes reads the counter of ended transactions.
func outcomes(t *testing.T, o Options, outcome string) float64 {
	t.Helper()
	families, err := o.Registerer.(prometheus.Gatherer).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "telltale_translator_transactions_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == outcome {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// Every metric has a name that says its stage and passes the linter.
func TestMetricsAreWellNamed(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m := newMetrics(registry)
	m.records.WithLabelValues("t").Inc()
	m.tombstones.WithLabelValues("t").Inc()
	m.events.WithLabelValues("t").Inc()
	m.transactions.WithLabelValues("committed").Inc()
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("got %v and %v", problems, err)
	}
}

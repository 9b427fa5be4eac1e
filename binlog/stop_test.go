package binlog

import (
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/mysqlserver/mysqltest"
)

// A reader that is stopped inside a large transaction leaves no open Kafka
// transaction behind, for which read_committed readers would wait. (Where it was
// faster than the stop, the transaction is there, whole.)
func TestStopInsideATransaction(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testStopInsideATransaction)
}

func testStopInsideATransaction(t *testing.T, servers mysqltest.Servers) {
	h := newHarnessOn(t, servers)
	h.exec(t, "CREATE TABLE notes (id int AUTO_INCREMENT PRIMARY KEY, body longtext)", "INSERT INTO notes (body) VALUES (REPEAT('x', 30000))")
	for range 10 { // 1,024 rows of 30 kB: many batches.
		h.exec(t, "INSERT INTO notes (body) SELECT body FROM notes")
	}
	h.start(t)
	h.exec(t, "UPDATE notes SET body = REPEAT('y', 30000)")
	end := func(level kafka.IsolationLevel) (sum int64) {
		for p := range int32(3) {
			sum += h.nextOffset(t, p, level)
		}
		return sum
	}
	for deadline := time.Now().Add(patience); end(kafka.IsolationLevelReadUncommitted) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing was produced")
		}
	}
	h.mustStop(t)
	if stable, all := end(kafka.IsolationLevelReadCommitted), end(kafka.IsolationLevelReadUncommitted); stable != all {
		t.Errorf("%d of %d offsets stand behind an open transaction", all-stable, all)
	}
	h.start(t)
	h.published(t)
	h.records(t, "notes", 1024)
	h.mustStop(t)
}

// nextOffset is where a partition of notes ends for readers of that level.
func (h *harness) nextOffset(t *testing.T, partition int32, level kafka.IsolationLevel) (next int64) {
	t.Helper()
	c, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": h.o.Kafka.Brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	topic := "shop.shop.notes"
	r, err := c.ListOffsets(t.Context(), map[kafka.TopicPartition]kafka.OffsetSpec{{Topic: &topic, Partition: partition}: kafka.LatestOffsetSpec},
		kafka.SetAdminIsolationLevel(level))
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range r.ResultInfos {
		next = int64(info.Offset)
	}
	return next
}

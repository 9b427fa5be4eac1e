package consumers

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

func sized(offset, bytes int) *kafka.Message {
	return &kafka.Message{TopicPartition: kafka.TopicPartition{Offset: kafka.Offset(offset)}, Value: make([]byte, bytes)}
}

func offsets(messages []*kafka.Message) []int {
	var all []int
	for _, m := range messages {
		all = append(all, int(m.TopicPartition.Offset))
	}
	return all
}

func TestQueueTakesInOrderAndBounds(t *testing.T) {
	t.Parallel()
	q := newQueue()
	q.reopen()
	for n := range 5 {
		q.push(sized(n, 10))
	}
	q.push(sized(5, batchBytes))
	q.push(sized(6, batchBytes))
	for _, want := range [][]int{{0, 1, 2}, {3, 4}, {5}, {6}} { // By count, then by bytes; a giant goes alone.
		got, err := q.take(t.Context(), 3)
		if err != nil || len(got) != len(want) || offsets(got)[0] != want[0] {
			t.Fatalf("took %v (%v), want %v", offsets(got), err, want)
		}
	}
	if got := q.size(); got != 0 {
		t.Errorf("an empty queue holds %d bytes", got)
	}
}

func TestQueueDropsWhileClosed(t *testing.T) {
	t.Parallel()
	q := newQueue()
	if q.push(sized(0, 1)) {
		t.Error("a new queue took a record before it was opened")
	}
	q.reopen()
	q.push(sized(1, 1))
	q.close()
	if q.push(sized(2, 1)) {
		t.Error("a closed queue took a record")
	}
	q.reopen()
	q.push(sized(3, 1))
	got, err := q.take(t.Context(), 10)
	if err != nil || len(got) != 1 || offsets(got)[0] != 3 {
		t.Errorf("took %v (%v), want what came after it was opened again", offsets(got), err)
	}
}

func TestQueueFails(t *testing.T) {
	t.Parallel()
	q := newQueue()
	q.reopen()
	q.push(sized(0, 1))
	cause := errors.New("out of range")
	q.fail(cause)
	if _, err := q.take(t.Context(), 1); !errors.Is(err, cause) {
		t.Errorf("take returned %v, want %v", err, cause)
	}
	q.reopen()
	q.push(sized(1, 1))
	if got, err := q.take(t.Context(), 1); err != nil || offsets(got)[0] != 1 {
		t.Errorf("took %v (%v) after it was opened again", offsets(got), err)
	}
}

func TestQueueWaits(t *testing.T) {
	t.Parallel()
	q := newQueue()
	q.reopen()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.take(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("take on a cancelled context: %v", err)
	}
	q.push(sized(0, 1000))
	if q.awaitRoom(t.Context(), 1000, time.Millisecond) {
		t.Error("there is room in a full queue")
	}
	made := make(chan bool)
	go func() { made <- q.awaitRoom(t.Context(), 1000, patience) }()
	if _, err := q.take(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if !<-made {
		t.Error("there is no room after the queue was emptied")
	}
}

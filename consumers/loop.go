package consumers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"telltale/internal/kafkaclient"
)

const (
	// pollWait bounds how long a worker's request or a paused partition waits
	// where no records arrive.
	pollWait     = 100 * time.Millisecond
	busyPollWait = 5 * time.Millisecond
	// roomWait is how long the loop waits for a full queue. Pausing makes
	// librdkafka throw away what it has fetched, so it is for a worker that is
	// stuck, not for one that is merely busy.
	roomWait = 250 * time.Millisecond
)

// loop polls until ctx ends. It never waits for a database, so that the group
// keeps this member for as long as its process lives.
func (e *engine) loop(ctx context.Context) {
	for ctx.Err() == nil {
		e.serve()
		wait := pollWait
		if e.paused > 0 {
			e.resume()
			wait = busyPollWait
		}
		switch ev := e.kafka.Poll(int(wait.Milliseconds())).(type) {
		case *kafka.Message:
			e.dispatch(ctx, ev)
		case kafka.Error:
			e.trouble(ev)
		case *kafka.Stats:
			if err := e.joining.Note(ev, time.Now()); err != nil {
				e.fail(fmt.Errorf("consumer %s: %w", e.consumer.Name, err))
			}
		}
		e.watch.Probe()
		if err := e.joining.Err(time.Now()); err != nil {
			e.fail(fmt.Errorf("consumer %s: %w", e.consumer.Name, err))
		}
	}
}

// serve does what workers asked for.
func (e *engine) serve() {
	for {
		select {
		case request := <-e.requests:
			request()
		default:
			return
		}
	}
}

// seek has the loop move a worker's partition to an offset and let its records
// in from there. It is called by the worker.
func (e *engine) seek(ctx context.Context, w *worker, next int64) error {
	done := make(chan error, 1)
	select {
	case e.requests <- func() { done <- e.seekNow(w, next) }:
		return <-done // The loop does at once what it takes.
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *engine) seekNow(w *worker, next int64) error {
	err := e.position(w, next)
	if isStopped(err) {
		err = e.assignAnew(w, next)
	}
	if err != nil {
		return fmt.Errorf("seek %s to %d: %w", w.place, next, err)
	}
	w.next = next
	w.queue.reopen()
	return nil
}

// position has the client go on at an offset.
func (e *engine) position(w *worker, next int64) error {
	to := partitionsOf(w)
	to[0].Offset = kafka.Offset(next)
	results, err := e.kafka.SeekPartitions(to)
	if err == nil && len(results) == 1 {
		err = results[0].Error
	}
	return err
}

// isStopped reports whether the client has stopped fetching a partition, as it
// does for good when a broker says that it does not have the position. A broker
// that catches up with a new leader says so of one that is there after all.
func isStopped(err error) bool {
	var k kafka.Error
	return errors.As(err, &k) && k.Code() == kafka.ErrState
}

// assignAnew has the client begin with a partition as if it had just been
// assigned, and not paused: a pause would outlive the assignment. The group
// hears nothing of it.
func (e *engine) assignAnew(w *worker, next int64) error {
	at := partitionsOf(w)
	if err := e.kafka.Resume(at); err != nil {
		return err
	}
	e.notePaused(w, false)
	if err := e.kafka.IncrementalUnassign(at); err != nil {
		return err
	}
	at[0].Offset = kafka.Offset(next)
	return e.kafka.IncrementalAssign(at)
}

// dispatch hands a record to its worker and holds the partition back while the
// worker takes no more.
func (e *engine) dispatch(ctx context.Context, m *kafka.Message) {
	w := e.workers[place{topic: *m.TopicPartition.Topic, partition: m.TopicPartition.Partition}]
	if w == nil {
		return
	}
	if m.TopicPartition.Error != nil {
		w.queue.fail(fmt.Errorf("read %s: %w", w.place, m.TopicPartition.Error))
		return
	}
	e.watch.Up()
	taken := w.queue.push(m)
	if taken {
		w.next = int64(m.TopicPartition.Offset) + 1
	}
	if !taken || !w.queue.awaitRoom(ctx, e.queueLimit(), roomWait) {
		e.pause(w)
	}
}

// queueLimit is a partition's share of what the queues may hold (I11). Only
// with so many partitions that a share would hold next to nothing do they hold
// more together.
func (e *engine) queueLimit() int {
	total := e.options.queueBytes
	return max(total/len(e.workers), min(total, minQueueBytes))
}

func (e *engine) pause(w *worker) {
	if w.paused {
		return
	}
	if err := e.kafka.Pause(partitionsOf(w)); err != nil {
		e.fail(fmt.Errorf("pause %s: %w", w.place, err))
		return
	}
	e.notePaused(w, true)
}

func (e *engine) notePaused(w *worker, paused bool) {
	switch {
	case paused && !w.paused:
		e.paused++
	case !paused && w.paused:
		e.paused--
	}
	w.paused = paused
	e.metrics.paused.Set(float64(e.paused))
}

// resume lets partitions flow again whose workers have room. A pause throws away
// the client's word that it has stopped fetching a partition, together with what
// it had fetched; asked to go on at an offset, it says so again, and the claim
// that follows finds out whether events are gone.
func (e *engine) resume() {
	for _, w := range e.workers {
		if !w.paused || !w.queue.isOpen() || w.queue.size() > e.queueLimit()/2 {
			continue
		}
		if err := e.position(w, w.next); err != nil {
			w.queue.fail(fmt.Errorf("go on with %s at %d: %w", w.place, w.next, err))
			continue
		}
		if err := e.kafka.Resume(partitionsOf(w)); err != nil {
			e.fail(fmt.Errorf("resume %s: %w", w.place, err))
			return
		}
		e.notePaused(w, false)
	}
}

func partitionsOf(w *worker) []kafka.TopicPartition {
	return []kafka.TopicPartition{{Topic: &w.topic, Partition: w.partition}}
}

// trouble handles an error of the Kafka client. Most heal inside librdkafka.
func (e *engine) trouble(err kafka.Error) {
	switch {
	case err.IsFatal(), kafkaclient.RemedyOf(err) == kafkaclient.End:
		e.fail(fmt.Errorf("consumer %s: kafka client: %w", e.consumer.Name, kafkaclient.Refused(err)))
	case err.Code() == kafka.ErrAutoOffsetReset:
		// Events went missing while they waited. The error does not say of
		// which partition; claiming again looks at each.
		for _, w := range e.workers {
			w.queue.fail(err)
		}
	default:
		e.watch.Down(err)
	}
}

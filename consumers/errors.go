package consumers

import (
	"errors"
	"fmt"
)

// errNotOwner is returned when the partition's row says that another instance,
// or a later claim, owns it.
var errNotOwner = errors.New("the partition was claimed by another instance")

// errMoved is returned when the row moved on under this instance's own epoch:
// a commit whose answer got lost did happen.
var errMoved = errors.New("the batch was committed before, its answer was lost")

// poisonError marks an error that the event itself causes.
type poisonError struct{ err error }

func (e *poisonError) Error() string { return e.err.Error() }
func (e *poisonError) Unwrap() error { return e.err }

// Poison says that an event can never be handled, however often it is tried.
// The consumer stops at it, with an error that names the event's place; the
// events before it are handled.
func Poison(err error) error {
	if err == nil {
		return nil
	}
	return &poisonError{err: err}
}

// IsPoison reports whether err, or one that it wraps, was made by Poison.
func IsPoison(err error) bool {
	var p *poisonError
	return errors.As(err, &p)
}

// EventError says which event stopped a consumer.
type EventError struct {
	Consumer, Topic string
	Partition       int32
	Offset          int64
	// EventID and Type are empty where the record is no event.
	EventID, Type string
	Err           error
}

// Error names the consumer and the event's place.
func (e *EventError) Error() string {
	return fmt.Sprintf("consumer %s stopped at %s/%d offset %d, event %q of type %q: %v",
		e.Consumer, e.Topic, e.Partition, e.Offset, e.EventID, e.Type, e.Err)
}

// Unwrap returns the cause.
func (e *EventError) Unwrap() error { return e.Err }

// PositionError says that a stored offset does not fit the topic. It is never
// repaired silently: events would be lost or handled twice.
type PositionError struct {
	Consumer, Topic string
	Partition       int32
	// Next is the stored offset of the next event, First and End what the
	// topic holds: First is its oldest offset, End the one after its newest.
	Next, First, End int64
	// Reason is what does not fit.
	Reason string
}

// Error says what does not fit and which statement accepts it.
func (e *PositionError) Error() string {
	return fmt.Sprintf("consumer %s cannot go on at %s/%d offset %d: %s (the topic holds %d to %d); "+
		"to accept that and go on with the oldest event: "+
		"UPDATE consumer_offsets SET next_offset = %d, topic_id = '' WHERE consumer = '%s' AND topic = '%s' AND partition_id = %d",
		e.Consumer, e.Topic, e.Partition, e.Next, e.Reason, e.First, e.End,
		e.First, e.Consumer, e.Topic, e.Partition)
}

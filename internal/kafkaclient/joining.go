package kafkaclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// joiningEvery is how often the client tells how it stands in its group.
const joiningEvery = 2 * time.Second

// ErrNotJoined is returned when a client does not become a member of its group
// although the brokers answer. A new client may.
var ErrNotJoined = errors.New("the kafka client has not joined its group although the brokers answer")

// Joining finds a consumer that tries to become a member of its group for ever, as
// librdkafka's does at times where the group's broker was paused or restarted while
// it was joining. Only another consumer helps. It is used by the goroutine that
// polls one with ConsumerOptions.TellJoining.
type Joining struct {
	// Limit is how long it may take to become a member while the brokers answer. It
	// must be longer than they wait for a member that died, the PollTimeout.
	Limit time.Duration
	// since is when the client was first seen outside of its group, and state what
	// it was doing.
	since time.Time
	state string
}

// steady is what the client calls its state in a group that is settled.
const steady = "steady"

// Note takes what the client tells of itself.
func (j *Joining) Note(s *kafka.Stats, now time.Time) error {
	var stats struct {
		Group struct {
			JoinState string `json:"join_state"`
		} `json:"cgrp"`
	}
	if err := json.Unmarshal([]byte(s.String()), &stats); err != nil {
		return fmt.Errorf("parse the kafka client's statistics: %w", err)
	}
	j.note(stats.Group.JoinState, now)
	return nil
}

func (j *Joining) note(state string, now time.Time) {
	switch {
	case state == steady:
		j.since = time.Time{}
	case j.since.IsZero():
		j.since = now
	}
	j.state = state
}

// Away notes that the brokers do not answer: joining cannot succeed.
func (j *Joining) Away() { j.since = time.Time{} }

// Err is an ErrNotJoined where joining takes too long.
func (j *Joining) Err(now time.Time) error {
	if j.since.IsZero() || now.Sub(j.since) < j.Limit {
		return nil
	}
	return fmt.Errorf("%w: for %v, now in state %q", ErrNotJoined, now.Sub(j.since).Round(time.Second), j.state)
}

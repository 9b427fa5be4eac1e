package kafkaclient

import (
	"context"
	"time"
)

const (
	// patience is for how long a question is put again that brokers answer, but not
	// yet as they will: a controller that has just changed, a topic without leaders.
	patience = 10 * time.Second
	// insistPause is the time between two such questions.
	insistPause = 100 * time.Millisecond
)

// insist calls f until it succeeds, fails with an error that does not go by itself,
// ctx ends, or time is up, and returns what f returned last.
func insist(ctx context.Context, f func() error) error {
	for deadline := time.Now().Add(patience); ; {
		err := f()
		if RemedyOf(err) != Retry || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(insistPause):
		}
	}
}

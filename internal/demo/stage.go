package demo

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	errStarting = errors.New("starting")
	errEnded    = errors.New("it ended by itself")
)

// supervised is a stage that runs until it is stopped.
type supervised struct {
	Stage
	cancel context.CancelFunc
	done   chan struct{}
	err    error // Set when done is closed.
}

// supervise starts the stage. It is not ended by ctx but by stop, since stages
// are stopped in order. A stage that ends before is reported to failed.
func supervise(ctx context.Context, s Stage, failed func(error)) *supervised {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	v := &supervised{Stage: s, cancel: cancel, done: make(chan struct{})}
	s.Health.Set(s.Name, errStarting)
	if !s.Await {
		s.Health.Set(s.Name, nil)
	}
	go func() {
		defer close(v.done)
		err := s.Run(ctx)
		if err == nil && ctx.Err() == nil {
			err = errEnded
		}
		if err == nil {
			return
		}
		v.err = fmt.Errorf("%s: %w", s.Name, err)
		failed(v.err)
	}()
	return v
}

// await waits until the stage as a whole works, or ctx ends.
func (v *supervised) await(ctx context.Context) error {
	if !v.Await {
		return nil
	}
	for {
		reason, held := v.Health.Reasons()[v.Name]
		if !held {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s (%s): %w", v.Name, reason, context.Cause(ctx))
		case <-v.done:
			return v.err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop asks the stage to end and waits for it, at most for the time given.
func (v *supervised) stop(limit time.Duration) error {
	v.cancel()
	select {
	case <-v.done:
		return v.err
	case <-time.After(limit):
		return fmt.Errorf("%s: it did not stop within %s", v.Name, limit)
	}
}

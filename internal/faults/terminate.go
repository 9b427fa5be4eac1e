package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

// Stops is SIGTERM to each stage under load, as a deployment sends it.
func Stops() Fault {
	return Fault{
		Name:   "SIGTERM",
		Doc:    "Each stage was asked to stop (SIGTERM) at a random moment, ended with status 0, and was started again.",
		Inject: stopStages,
	}
}

func stopStages(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range w.Stages {
		moment := time.Duration(random.Int64N(int64(during)))
		group.Go(func() error {
			if err := wait(ctx, moment); err != nil {
				return err
			}
			return s.Restart()
		})
	}
	return group.Wait()
}

// Restart stops the process in order and starts the next.
func (s *Stage) Restart() error {
	if err := s.alive(); err != nil {
		return err
	}
	s.harm()
	if err := s.stop(); err != nil {
		return fmt.Errorf("stop %s under load: %w", s.Name, err)
	}
	return s.start()
}

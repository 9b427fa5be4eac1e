package faults

import (
	"context"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"
)

// starting is how long a stage takes to start, and a little more.
const starting = 1500 * time.Millisecond

// Kills is kill -9 of each stage, once a round at a random moment of the load,
// and every other time again while its successor starts. The stages' moments
// have nothing to do with each other.
func Kills() Fault {
	return Fault{
		Name:   "kill -9",
		Doc:    "Each stage was killed at a random moment, every other time again while its successor started.",
		Inject: killStages,
	}
}

// ReaderKills is kill -9 of the reader, twice a round.
func ReaderKills() Fault {
	return Fault{
		Name: "kill -9 of the reader",
		Doc:  "The reader was killed at two random moments.",
		Inject: func(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
			half := int64(during / 2)
			return w.stage(Binlog).killAt(ctx, []time.Duration{time.Duration(random.Int64N(half)), time.Duration(random.Int64N(half))})
		},
	}
}

func killStages(ctx context.Context, w *World, random *rand.Rand, during time.Duration) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range w.Stages {
		moments := []time.Duration{during/10 + time.Duration(random.Int64N(int64(during*7/10)))}
		if random.IntN(2) == 0 {
			moments = append(moments, time.Duration(random.Int64N(int64(starting))))
		}
		group.Go(func() error { return s.killAt(ctx, moments) })
	}
	return group.Wait()
}

// killAt kills the stage after each of the pauses.
func (s *Stage) killAt(ctx context.Context, pauses []time.Duration) error {
	for _, pause := range pauses {
		if err := wait(ctx, pause); err != nil {
			return err
		}
		if err := s.Kill(); err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pause):
		return nil
	}
}

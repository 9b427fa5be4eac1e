package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Arrive is the deed with which each worker begins, before the schedule: what the
// load needs of its own, its first customers above all.
const Arrive = "arrive"

// Target is what a load is put on.
type Target interface {
	// Name is for records.
	Name() string
	// Deeds are what it can do. Arrive is not among them.
	Deeds() []Deed
	// Open makes worker n, from 0. Run is in all that must be there once.
	Open(ctx context.Context, n int, run string) (Worker, error)
	// Close frees what the workers shared. It is called once, behind them.
	Close() error
}

// Worker does deeds one after another.
type Worker interface {
	// Do does a step and notes in the record what came of it. An error ends the
	// load.
	Do(ctx context.Context, s Step, r *Recorder) (Outcome, error)
	// Close frees what the worker holds.
	Close() error
}

// Options say how a load is put on a target.
type Options struct {
	// Seed decides the plan.
	Seed uint64
	// Rate is how many transactions are due a second, up to MaxRate. Default 20.
	Rate float64
	// Burst is how many times Rate is due during a second in every ten, from 1 to
	// MaxBurst. Default 3.
	Burst float64
	// Workers is how many deeds are done at the same time. Default 4.
	Workers int
	// Mix is what is done; see ParseMix. Default: the target's.
	Mix string
	// Record gets the record. Default: nobody.
	Record io.Writer
}

func (o Options) withDefaults() Options {
	if o.Rate == 0 {
		o.Rate = 20
	}
	if o.Burst == 0 {
		o.Burst = 3
	}
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.Record == nil {
		o.Record = io.Discard
	}
	return o
}

func (o Options) validate() error {
	switch {
	case !(o.Rate > 0 && o.Rate <= MaxRate): // Nor NaN.
		return fmt.Errorf("a rate of %g a second is not above 0, and at most %d", o.Rate, MaxRate)
	case !(o.Burst >= 1 && o.Burst <= MaxBurst):
		return fmt.Errorf("bursts of %g times the rate are not from 1 to %g", o.Burst, MaxBurst)
	case o.Workers < 0:
		return fmt.Errorf("%d workers are none", o.Workers)
	}
	return nil
}

// Load does what its plan says. Run and Aside are for one goroutine at a time;
// Report may be called meanwhile.
type Load struct {
	Options
	target   Target
	workers  []Worker
	planner  *Planner
	recorder *Recorder
	tally    *tally
}

// Open begins the record, opens the workers and has them arrive one after another.
// Where ctx ends meanwhile, what is under way is finished, and Run then does nothing.
// Close the load in any case.
func Open(ctx context.Context, o Options, target Target) (*Load, error) {
	l := &Load{Options: o.withDefaults(), target: target, tally: newTally()}
	if err := l.validate(); err != nil {
		return l, err
	}
	mix, err := ParseMix(l.Mix, target.Deeds())
	if err != nil {
		return l, err
	}
	l.planner = NewPlanner(PlanOptions{Seed: l.Seed, Rate: l.Rate, Burst: l.Burst, Mix: mix, Workers: l.Workers})
	run := strings.ToLower(rand.Text()[:8])
	l.recorder, err = NewRecorder(l.Record, Header{
		Run: run, Seed: l.Seed, Target: target.Name(), Mix: mix.String(), Begun: time.Now().UTC(),
	})
	if err != nil {
		return l, err
	}
	work, release := graceful(ctx)
	defer release()
	for n := range l.Workers {
		if ctx.Err() != nil {
			break
		}
		w, err := target.Open(work, n, run)
		if err != nil {
			return l, err
		}
		l.workers = append(l.workers, w)
		if _, err := l.do(work, l.planner.Aside(n, Arrive)); err != nil {
			return l, err
		}
	}
	return l, nil
}

// do does a step, which is not counted.
func (l *Load) do(ctx context.Context, s Step) (Outcome, error) {
	outcome, err := l.workers[s.Worker].Do(ctx, s, l.recorder)
	if err != nil {
		return outcome, fmt.Errorf("worker %d, step %d: %s: %w", s.Worker, s.N, s.Deed, err)
	}
	return outcome, nil
}

// Aside has every worker do a deed at once, beside the schedule. It is neither
// counted nor timed.
func (l *Load) Aside(ctx context.Context, deed string) error {
	group, ctx := errgroup.WithContext(ctx)
	for n := range l.workers {
		step := l.planner.Aside(n, deed)
		group.Go(func() error {
			_, err := l.do(ctx, step)
			return err
		})
	}
	return group.Wait()
}

// Close ends the workers.
func (l *Load) Close() error {
	var errs []error
	for _, w := range l.workers {
		errs = append(errs, w.Close())
	}
	return errors.Join(append(errs, l.target.Close())...)
}

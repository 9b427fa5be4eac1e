package load_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// held is a target whose deeds wait until they are let go.
type held struct {
	begun chan load.Step
	free  chan error
}

func (h held) Name() string                                           { return "held" }
func (h held) Deeds() []load.Deed                                     { return []load.Deed{{Name: "wait", Weight: 1}} }
func (h held) Open(context.Context, int, string) (load.Worker, error) { return h, nil }
func (h held) Close() error                                           { return nil }
func (h held) Do(ctx context.Context, s load.Step, _ *load.Recorder) (load.Outcome, error) {
	if s.Deed == load.Arrive {
		return load.Committed, nil
	}
	h.begun <- s
	select {
	case err := <-h.free:
		return load.Committed, err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func begin(t *testing.T, span load.Span) (held, *load.Load, context.CancelFunc, chan error) {
	t.Helper()
	target := held{make(chan load.Step), make(chan error)}
	l, err := load.Open(t.Context(), load.Options{Seed: 1, Rate: 10_000, Workers: 1}, target)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, span) }()
	return target, l, stop, done
}

// TestStop checks that what is under way is finished, and nothing begun behind it.
func TestStop(t *testing.T) {
	t.Parallel()
	target, l, stop, done := begin(t, load.Span{})
	<-target.begun
	stop()
	target.free <- nil
	if err := <-done; err != nil {
		t.Errorf("got %v, want an orderly end", err)
	}
	if s := l.Summary(); s.Outcomes[load.Committed] != 1 || s.All.Count != 1 {
		t.Errorf("got %+v, want the one deed that was under way", s)
	}
}

// interrupted is a target during whose first arrival the load is stopped.
type interrupted struct {
	held
	stop    context.CancelFunc
	arrived *int
}

func (i interrupted) Open(context.Context, int, string) (load.Worker, error) { return i, nil }
func (i interrupted) Do(ctx context.Context, s load.Step, _ *load.Recorder) (load.Outcome, error) {
	i.stop()
	*i.arrived++
	return load.Committed, ctx.Err()
}

// TestStopArriving checks the same while workers arrive.
func TestStopArriving(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	arrived := 0
	l, err := load.Open(ctx, load.Options{Workers: 3}, interrupted{stop: stop, arrived: &arrived})
	if err == nil {
		err = l.Run(ctx, load.Span{})
	}
	if err != nil || arrived != 1 || l.Summary().All.Count != 0 {
		t.Errorf("got %v and %d workers, want the first to arrive whole and nothing else", err, arrived)
	}
}

// TestLatency checks that a deed that waited for another counts from when it was due.
func TestLatency(t *testing.T) {
	t.Parallel()
	target, l, stop, done := begin(t, load.Span{Transactions: 2})
	defer stop()
	first := <-target.begun
	<-time.After(100 * time.Millisecond) // The second is due long before.
	target.free <- nil
	second := <-target.begun
	target.free <- nil
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if s := l.Summary(); s.All.Count != 2 || s.All.P50 < 50*time.Millisecond || second.N <= first.N {
		t.Errorf("got %+v, want both to have taken the first's time", s.All)
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	target, _, stop, done := begin(t, load.Span{})
	defer stop()
	<-target.begun
	broken := errors.New("broken")
	target.free <- broken
	if err := <-done; !errors.Is(err, broken) || !strings.Contains(err.Error(), "worker 0, step 2: wait: broken") {
		t.Errorf("got %v, want where it broke", err)
	}
}

// TestImpossible checks that what no plan can be made of is refused.
func TestImpossible(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options load.Options
		want    string
	}{
		"a rate that is no number":  {load.Options{Rate: math.NaN()}, "a rate of NaN"},
		"a rate without end":        {load.Options{Rate: math.Inf(1)}, "a rate of +Inf"},
		"a rate below 0":            {load.Options{Rate: -1}, "a rate of -1"},
		"bursts that are no number": {load.Options{Burst: math.NaN()}, "bursts of NaN"},
		"bursts below the rate":     {load.Options{Burst: 0.5}, "bursts of 0.5"},
		"fewer workers than nobody": {load.Options{Workers: -1}, "-1 workers"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load.Open(t.Context(), tt.options, held{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

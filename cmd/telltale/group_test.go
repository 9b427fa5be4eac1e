package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// journal notes what actors do, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

// obedient is an actor that stops when it is told to, and returns err.
func (j *journal) obedient(name string, err error) actor {
	return actor{name: name, run: func(ctx context.Context) error {
		<-ctx.Done()
		j.note("stop " + name)
		return err
	}}
}

func TestGroupStopsInOrder(t *testing.T) {
	t.Parallel()
	var j journal
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := runGroup(ctx, time.Minute, j.obedient("reader", nil), j.obedient("translator", nil), j.obedient("ops", nil))
	if err != nil {
		t.Errorf("error %v, want none", err)
	}
	if want := []string{"stop reader", "stop translator", "stop ops"}; !slices.Equal(j.lines, want) {
		t.Errorf("got %v, want %v", j.lines, want)
	}
}

// TestGroupWaitsBeforeTheNext stops the second actor only when the first is gone.
func TestGroupWaitsBeforeTheNext(t *testing.T) {
	t.Parallel()
	var j journal
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan struct{})
	slow := actor{name: "slow", run: func(own context.Context) error {
		<-own.Done()
		select {
		case <-second:
			return errors.New("the second was stopped before it")
		case <-time.After(20 * time.Millisecond):
		}
		j.note("stop slow")
		return nil
	}}
	next := actor{name: "next", run: func(own context.Context) error {
		<-own.Done()
		close(second)
		j.note("stop next")
		return nil
	}}
	cancel()
	if err := runGroup(ctx, time.Minute, slow, next); err != nil {
		t.Error(err)
	}
	if want := []string{"stop slow", "stop next"}; !slices.Equal(j.lines, want) {
		t.Errorf("got %v, want %v", j.lines, want)
	}
}

func TestGroupEndsWithTheFirst(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := []struct {
		name string
		end  error
		stop error
		want string
	}{
		{"error", broken, nil, "translator: broken"},
		{"error while stopping", broken, errors.New("unwilling"), "translator: broken\nreader: unwilling"},
		{"interrupted while stopping", broken, fmt.Errorf("query: %w", context.Canceled), "translator: broken"},
		{"context error of its own", context.Canceled, nil, "translator: context canceled"},
		{"nil", nil, nil, "translator: ended although nobody asked it to"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var j journal
			err := runGroup(
				t.Context(), time.Minute,
				j.obedient("reader", tt.stop),
				actor{name: "translator", run: func(context.Context) error { return tt.end }},
				j.obedient("ops", nil),
			)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %q, want %q", err, tt.want)
			}
			if want := []string{"stop reader", "stop ops"}; !slices.Equal(j.lines, want) {
				t.Errorf("got %v, want %v", j.lines, want)
			}
		})
	}
}

func TestGroupNamesWhoDoesNotStop(t *testing.T) {
	t.Parallel()
	var j journal
	release := make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stuck := actor{name: "stuck", run: func(context.Context) error { <-release; return nil }}
	err := runGroup(ctx, 10*time.Millisecond, stuck, j.obedient("ops", nil))
	if want := "not stopped in time: stuck"; err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if want := []string{"stop ops"}; !slices.Equal(j.lines, want) {
		t.Errorf("got %v, want %v", j.lines, want)
	}
}

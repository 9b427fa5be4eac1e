package argon2id

import (
	"context"
	"errors"
	"testing"
	"time"

	"telltale/crudapp"
)

// TestTurns takes the only turn, and sees who waits how long for it.
func TestTurns(t *testing.T) {
	t.Parallel()
	h := New(Options{Params: Params{Memory: 64, Time: 1, Threads: 1}, Parallel: 1, Wait: time.Millisecond})
	h.turns <- struct{}{}

	_, err := h.Hash(t.Context(), "a password")
	if e, ok := errors.AsType[*crudapp.Error](err); !ok || e.Code != crudapp.CodeUnavailable || e.RetryAfter <= 0 {
		t.Errorf("with no turn left, Hash returned %v, want %s with a time to come back", err, crudapp.CodeUnavailable)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := h.Verify(canceled, "", "a password"); !errors.Is(err, context.Canceled) {
		t.Errorf("for a canceled caller, Verify returned %v, want %v", err, context.Canceled)
	}

	<-h.turns
	for range 2 {
		if _, err := h.Hash(t.Context(), "a password"); err != nil {
			t.Errorf("with a turn free, Hash returned %v", err)
		}
	}
}

package crudapp

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAttemptsBound: whatever the times of the attempts, no stretch of time
// admits more than the burst and what accrues in it; and whoever waits as told
// is admitted.
func TestAttemptsBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const burst, interval = 3, time.Second
		a := newAttempts(burst, interval)
		now := time.Date(2024, 3, 10, 2, 30, 0, 0, time.UTC)
		var admitted []time.Time
		for _, pause := range rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 60).Draw(t, "pauses in ms") {
			now = now.Add(time.Duration(pause) * time.Millisecond)
			if wait := a.take("k", now); wait > 0 {
				now = now.Add(wait)
				if again := a.take("k", now); again != 0 {
					t.Fatalf("after waiting %s as told, %s more", wait, again)
				}
			}
			admitted = append(admitted, now)
		}
		for i := range admitted {
			for j := i; j < len(admitted); j++ {
				if got, limit := j-i+1, burst+int(admitted[j].Sub(admitted[i])/interval); got > limit {
					t.Fatalf("%d admitted within %s, want at most %d", got, admitted[j].Sub(admitted[i]), limit)
				}
			}
		}
	})
}

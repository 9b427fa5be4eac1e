package crudapp

import (
	"hash/maphash"
	"sync"
	"time"
)

// attemptSlots bounds the memory of a limiter to 512 KiB.
const attemptSlots = 1 << 16

// attempts limits how often something may be tried for one key: burst times at
// once, then once per interval. Nobody is locked out for good.
//
// It is the generic cell rate algorithm over a fixed table: a key's slot holds
// the time at which all its attempts are paid off. Two keys may share a slot,
// which can only make the limit stricter; the seed keeps anyone from choosing
// whom to collide with. A map would instead need an eviction rule, which is a
// way for an attacker with many keys to be forgotten.
type attempts struct {
	burst    int64
	interval time.Duration
	seed     maphash.Seed

	mu   sync.Mutex
	paid []int64 // Unix time in nanoseconds.
}

func newAttempts(burst int64, interval time.Duration) *attempts {
	return &attempts{
		burst: burst, interval: interval, seed: maphash.MakeSeed(),
		paid: make([]int64, attemptSlots),
	}
}

// take counts one attempt of key at now. It returns 0 if the attempt may go
// ahead, otherwise how long to wait, and then the attempt is not counted.
func (a *attempts) take(key string, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	slot := &a.paid[a.slot(key)]
	paid := max(*slot, now.UnixNano()) + int64(a.interval)
	wait := time.Duration(paid - now.UnixNano() - a.burst*int64(a.interval))
	if wait > 0 {
		return wait
	}
	*slot = paid
	return 0
}

// giveBack uncounts one attempt of key, which proved to be legitimate.
func (a *attempts) giveBack(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.paid[a.slot(key)] -= int64(a.interval)
}

func (a *attempts) slot(key string) uint64 {
	return maphash.String(a.seed, key) % attemptSlots
}

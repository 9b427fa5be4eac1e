package binlog

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"
)

var testSeed = flag.Uint64("seed", 0, "seed of random moments and statements; 0 takes another each time, which the test logs")

// newRandom is a test's source of chance, which -seed repeats.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *testSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("again: go test -run '^%s$' -seed %d", t.Name(), seed)
	return rand.New(rand.NewPCG(seed, 0))
}

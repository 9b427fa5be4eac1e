package load

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	// A burst lasts burstFor seconds in every burstEvery.
	burstEvery = 10.0
	burstFor   = 1.0
	// MaxBurst bounds how many times the rate a burst is: with more, nothing would
	// be left to do between bursts.
	MaxBurst = burstEvery / burstFor * 0.9
	// MaxRate is how many transactions may be due a second, which is far more than
	// any shop does. With none the clock of a plan could stand still.
	MaxRate = 1_000_000
)

// Step is one deed of a plan.
type Step struct {
	// N counts steps from 1.
	N int64
	// At is when the step is due, from the plan's beginning.
	At time.Duration
	// Worker does it, from 0.
	Worker int
	// Deed is the name of what is done.
	Deed string
	// Seed decides all that the deed itself chooses.
	Seed uint64
}

// Random is the step's own source of choices.
func (s Step) Random() *rand.Rand { return rand.New(rand.NewPCG(s.Seed, 0)) }

// PlanOptions decide a plan.
type PlanOptions struct {
	Seed uint64
	// Rate is how many steps are due a second on the average, above 0.
	Rate float64
	// Burst is how many times that is due during a second in every ten, from 1,
	// which is no burst, to MaxBurst. The rate between bursts is lower, so that the
	// average holds.
	Burst float64
	// Mix is not empty, Workers at least 1.
	Mix     Mix
	Workers int
}

// Planner hands out a plan step by step. The same options give the same steps.
type Planner struct {
	PlanOptions
	total  int
	random *rand.Rand
	// aside is the source of steps beside the schedule, which do not shift it.
	aside *rand.Rand
	n     int64
	at    float64 // Seconds.
}

// NewPlanner begins a plan.
func NewPlanner(o PlanOptions) *Planner {
	return &Planner{
		PlanOptions: o, total: o.Mix.total(),
		random: rand.New(rand.NewPCG(o.Seed, 0)), aside: rand.New(rand.NewPCG(o.Seed, 1)),
	}
}

// Next is the next step of the schedule.
func (p *Planner) Next() Step {
	p.n++
	p.at += p.random.ExpFloat64() / p.rate()
	return Step{
		N: p.n, At: time.Duration(p.at * float64(time.Second)),
		Worker: p.random.IntN(p.Workers), Deed: p.Mix.at(p.random.IntN(p.total)), Seed: p.random.Uint64(),
	}
}

// Aside is a step beside the schedule, due at once.
func (p *Planner) Aside(worker int, deed string) Step {
	p.n++
	return Step{N: p.n, At: p.now(), Worker: worker, Deed: deed, Seed: p.aside.Uint64()}
}

// now is when the last step was due.
func (p *Planner) now() time.Duration { return time.Duration(p.at * float64(time.Second)) }

func (p *Planner) rate() float64 {
	switch {
	case p.Burst <= 1:
		return p.Rate
	case math.Mod(p.at, burstEvery) < burstFor:
		return p.Rate * p.Burst
	}
	return p.Rate * (burstEvery - p.Burst*burstFor) / (burstEvery - burstFor)
}

// skew is the exponent of Zipf's law: the k-th most popular is chosen k^-skew as
// often as the first.
const skew = 1.1

// Popular chooses one of n by Zipf's law, the first the most often.
func Popular(random *rand.Rand, n int) int {
	// The inverse of the distribution's integral, which is close to its sum.
	k := math.Pow(1-random.Float64()*(1-math.Pow(float64(n+1), 1-skew)), 1/(1-skew))
	return min(int(k)-1, n-1)
}

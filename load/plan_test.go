package load_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"telltale/load"
)

func someDeeds() []load.Deed {
	return []load.Deed{{Name: "rename", Weight: 3}, {Name: "register", Weight: 1}, {Name: "ddl"}}
}

func TestMix(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                       "rename=3,register=1",
		"default":                "rename=3,register=1",
		"ddl=2,rename=5":         "rename=5,ddl=2",
		"default,ddl=1":          "rename=3,register=1,ddl=1",
		"default, rename=0":      "register=1",
		"rename=1,default":       "rename=3,register=1",
		"rename=0,register=1000": "register=1000",
	} {
		mix, err := load.ParseMix(text, someDeeds())
		if err != nil || mix.String() != want {
			t.Errorf("%q: got %q and %v, want %q", text, mix, err, want)
		}
	}
	for text, want := range map[string]string{
		"renam=1":        `unknown deed "renam"; did you mean rename?`,
		"sell-books=1":   `unknown deed "sell-books"; known: rename, register, ddl`,
		"rename":         `"rename" is not name=weight`,
		"rename=":        `the weight of rename is ""`,
		"rename=-1":      `the weight of rename is "-1"`,
		"rename=1.5":     `the weight of rename is "1.5"`,
		"rename=0":       "it leaves nothing to do",
		"rename=9999999": "want a whole number up to",
	} {
		if _, err := load.ParseMix(text, someDeeds()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func plan(t *testing.T, seed uint64, count int) []load.Step {
	t.Helper()
	mix, err := load.ParseMix("", someDeeds())
	if err != nil {
		t.Fatal(err)
	}
	p := load.NewPlanner(load.PlanOptions{Seed: seed, Rate: 100, Burst: 4, Mix: mix, Workers: 5})
	steps := make([]load.Step, count)
	for i := range steps {
		steps[i] = p.Next()
	}
	return steps
}

// TestPlan checks that a seed is a plan, and what it looks like.
func TestPlan(t *testing.T) {
	t.Parallel()
	const count = 20_000
	steps := plan(t, 7, count)
	deeds, workers, inBursts := map[string]int{}, map[int]int{}, 0
	for i, again := range plan(t, 7, count) {
		s := steps[i]
		if s != again || s.Random().Uint64() != again.Random().Uint64() {
			t.Fatalf("the same seed gave %+v and %+v", s, again)
		}
		if s.N != int64(i)+1 || i > 0 && s.At < steps[i-1].At {
			t.Fatalf("step %d is %+v behind %+v", i, s, steps[max(i, 1)-1])
		}
		deeds[s.Deed]++
		workers[s.Worker]++
		if s.At%(10*time.Second) < time.Second {
			inBursts++
		}
	}
	if other := plan(t, 8, 1); other[0] == steps[0] {
		t.Errorf("another seed gave %+v too", other[0])
	}
	within := func(what string, got, want int) {
		t.Helper()
		if got < want*9/10 || got > want*11/10 {
			t.Errorf("%s: got %d, want about %d", what, got, want)
		}
	}
	within("seconds of the plan", int(steps[count-1].At.Seconds()), count/100)
	within("renames", deeds["rename"], count*3/4)
	within("registrations", deeds["register"], count/4)
	within("steps in bursts", inBursts, count*4/10)
	for w := range 5 {
		within("steps of a worker", workers[w], count/5)
	}
}

// TestAside checks that what is done aside does not change what is planned.
func TestAside(t *testing.T) {
	t.Parallel()
	mix, err := load.ParseMix("", someDeeds())
	if err != nil {
		t.Fatal(err)
	}
	p := load.NewPlanner(load.PlanOptions{Seed: 7, Rate: 100, Burst: 4, Mix: mix, Workers: 5})
	if aside := p.Aside(3, "ddl"); aside.N != 1 || aside.Worker != 3 || aside.Deed != "ddl" {
		t.Errorf("got %+v", aside)
	}
	got, want := p.Next(), plan(t, 7, 1)[0]
	if want.N = 2; got != want {
		t.Errorf("got %+v behind a step aside, want %+v", got, want)
	}
}

func TestPopular(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const n, draws = 100, 100_000
	counts := make([]int, n)
	for range draws {
		counts[load.Popular(random, n)]++
	}
	if counts[0] < 5*counts[9] || counts[9] < 5*counts[99] || counts[99] == 0 {
		t.Errorf("got the 1st, 10th and 100th %d, %d and %d times", counts[0], counts[9], counts[99])
	}
	for range 100 {
		if got := load.Popular(random, 1); got != 0 {
			t.Fatalf("got place %d of one", got)
		}
	}
}

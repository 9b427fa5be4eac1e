package faults

import (
	"fmt"
	"slices"
)

// Tally compares one kind of thing with what must have come, over all subjects.
type Tally struct {
	// What is compared, in the plural.
	What string
	// Wanted and Got are how many.
	Wanted, Got int
	// Missing are those that were wanted and did not come, Surplus those that
	// came and were not wanted or came before, and Reordered those that stand in
	// another place of their subject's order.
	Missing, Surplus, Reordered int
	// Examples describe the first deviations.
	Examples []string
}

// Right tells whether everything came, once, and in order.
func (t *Tally) Right() bool { return t.Missing == 0 && t.Surplus == 0 && t.Reordered == 0 }

// maxExamples bounds what a tally tells.
const maxExamples = 5

func (t *Tally) example(format string, args ...any) {
	if len(t.Examples) < maxExamples {
		t.Examples = append(t.Examples, t.What+": "+fmt.Sprintf(format, args...))
	}
}

// compare adds what came of one subject.
func compare[T comparable](t *Tally, s subject, got, want []T) {
	t.Got, t.Wanted = t.Got+len(got), t.Wanted+len(want)
	if slices.Equal(got, want) {
		return
	}
	left := map[T]int{}
	for _, w := range want {
		left[w]++
	}
	for _, g := range got {
		if left[g]--; left[g] < 0 {
			t.Surplus++
			t.example("%s has one too many: %+v", s, g)
		}
	}
	whole := len(got) == len(want)
	for _, w := range want {
		if left[w] > 0 {
			left[w]--
			whole = false
			t.Missing++
			t.example("%s misses %+v", s, w)
		}
	}
	if !whole {
		return // Places say nothing where the lists are not of the same things.
	}
	for i := range want {
		if got[i] != want[i] {
			t.Reordered++
			t.example("%s has at place %d %+v, want %+v", s, i, got[i], want[i])
		}
	}
}

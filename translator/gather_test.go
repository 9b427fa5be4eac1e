package translator

import (
	"fmt"
	"strings"
	"testing"
)

func TestGatherer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		given string // A letter a change, upper case for the last of its transaction.
		bytes int
		want  string
	}{
		{"each its own transaction", "ABC", 100, "A B C"},
		{"transactions of several changes", "abCdE", 100, "abC dE"},
		{"not whole", "Abc", 100, "A"},
		{"too large to hold", "abcdE", maxGathered / 2, "ab cd E"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var g gatherer
			var got []string
			for _, letter := range tt.given {
				id := string(letter)
				ready, _ := g.add(rawChange{id: id, last: id == strings.ToUpper(id)}, tt.bytes)
				if ready != nil {
					got = append(got, ids(ready))
				}
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A part of a transaction that is published again, whole, is translated once. A
// transaction's changes are its letter with numbers, "." ends it.
func TestGathererOfRepeats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, given, want string
		dropped           int
	}{
		{"the same transaction anew", "a1 a2 a1 a2 a3.", "a1a2a3", 2},
		{"again and again", "a1 a1 a2 a1 a2.", "a1a2", 3},
		{"from a transaction before", "a1. b1 b2 a1. b1 b2 b3.", "a1 a1 b1b2b3", 2},
		{"whole ones", "a1 a2. a1 a2. b1.", "a1a2 a1a2 b1", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var g gatherer
			var got []string
			dropped := 0
			for _, word := range strings.Fields(tt.given) {
				id, last := strings.CutSuffix(word, ".")
				ready, n := g.add(rawChange{id: id, gtid: id[:1], last: last}, 100)
				if dropped += n; ready != nil {
					got = append(got, ids(ready))
				}
			}
			if got := strings.Join(got, " "); got != tt.want || dropped != tt.dropped {
				t.Errorf("got %q and dropped %d, want %q and %d", got, dropped, tt.want, tt.dropped)
			}
		})
	}
}

func TestByKey(t *testing.T) {
	t.Parallel()
	var changes []rawChange
	for i, key := range []string{"b", "a", "b", "c", "a", "b"} {
		changes = append(changes, rawChange{key: []byte(key), id: fmt.Sprint(key, i)})
	}
	var got []string
	for _, group := range byKey(changes) {
		got = append(got, ids(group))
	}
	if got, want := strings.Join(got, " "), "b0b2b5 a1a4 c3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func ids(changes []rawChange) string {
	var all strings.Builder
	for _, c := range changes {
		all.WriteString(c.id)
	}
	return all.String()
}

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
				ready := g.add(rawChange{id: id, last: id == strings.ToUpper(id)}, tt.bytes)
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

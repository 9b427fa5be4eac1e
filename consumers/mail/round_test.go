package mail

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// entries are planned mails, numbered as they stand, of the customers named.
func entries(customers ...string) []entry {
	all := make([]entry, len(customers))
	for i, c := range customers {
		all[i] = entry{seq: uint64(i + 1), customer: c}
	}
	return all
}

func seqs(list []entry) []uint64 {
	var all []uint64
	for _, e := range list {
		all = append(all, e.seq)
	}
	return all
}

func assertSeqs(t *testing.T, what string, got []entry, want ...uint64) {
	t.Helper()
	if !slices.Equal(seqs(got), want) {
		t.Errorf("%s: got %v, want %v", what, seqs(got), want)
	}
}

func TestRoundKeepsACustomersMailsTogether(t *testing.T) {
	t.Parallel()
	r := newRound(entries("a", "b", "a", "c", "b"), time.Now())
	assertSeqs(t, "a", r.next(), 1, 3)
	assertSeqs(t, "b", r.next(), 2, 5)
	assertSeqs(t, "c", r.next(), 4)
	assertSeqs(t, "the end", r.next())
}

// TestRoundEnds has rounds that begin no further mail, and what they leave.
func TestRoundEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		proven time.Time
		first  verdict // Of the first mail; empty: it is not tried.
		down   bool
		left   []uint64
	}{
		{"the server is away", time.Now(), away, true, []uint64{2, 3}},
		{"the proof of ownership is old", time.Now().Add(-trust), "", false, []uint64{1, 2, 3}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			all := entries("a", "b", "c")
			r := newRound(all, test.proven)
			if got, want := r.begin(all[0]), test.first != ""; got != want {
				t.Fatalf("begin: got %v, want %v", got, want)
			}
			if test.first != "" {
				r.add(all[0], outcome{verdict: test.first, err: errors.New("away")})
			}
			if r.begin(all[1]) {
				t.Error("another mail was begun")
			}
			if r.down != test.down {
				t.Errorf("down: got %v, want %v", r.down, test.down)
			}
			assertSeqs(t, "left", r.left(), test.left...)
		})
	}
}

// TestRoundPutBack: mails go back to those that have a connection, if any has.
func TestRoundPutBack(t *testing.T) {
	t.Parallel()
	r := newRound(entries("a", "b"), time.Now())
	first := r.next()
	if r.putBack(first) {
		t.Error("mails were left to other lanes, and there is none")
	}
	r.opened()
	second := r.next()
	if !r.putBack(second) {
		t.Error("mails were not left to the lane that is connected")
	}
	assertSeqs(t, "put back", r.next(), 2)
}

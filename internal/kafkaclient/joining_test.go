package kafkaclient

import (
	"testing"
	"time"
)

func TestJoining(t *testing.T) {
	t.Parallel()
	const limit = time.Minute
	type step struct {
		after time.Duration
		state string // "away" where the brokers do not answer.
		fails bool
	}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"never told", []step{{time.Hour, "", false}}},
		{"a member", []step{{0, steady, false}, {time.Hour, steady, false}}},
		{"joins in time", []step{{0, "wait-join", false}, {limit - 1, "wait-sync", false}, {1, steady, false}, {limit, steady, false}}},
		{"never joins", []step{{0, "init", false}, {limit / 2, "wait-join", false}, {limit / 2, "init", true}}},
		{"cannot join", []step{{0, "init", false}, {limit / 2, "away", false}, {limit / 2, "init", false}, {limit / 2, "init", false}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j := Joining{Limit: limit}
			now := time.Unix(1, 0)
			for i, s := range tt.steps {
				now = now.Add(s.after)
				switch s.state {
				case "":
				case "away":
					j.Away()
				default:
					j.note(s.state, now)
				}
				if err := j.Err(now); (err != nil) != s.fails {
					t.Errorf("step %d: got %v, want an error: %t", i+1, err, s.fails)
				}
			}
		})
	}
}

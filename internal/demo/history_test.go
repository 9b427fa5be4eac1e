package demo

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"telltale/internal/demo/feed"
)

// lateHistory has one row of each event that was written.
type lateHistory struct {
	written func(event string) bool
	asked   []int
}

func (h *lateHistory) OfEvents(_ context.Context, _ *sql.DB, events []string) ([]feed.Fact, error) {
	h.asked = append(h.asked, len(events))
	var facts []feed.Fact
	for _, e := range events {
		if h.written(e) {
			facts = append(facts, feed.Fact{ID: e, Event: e})
		}
	}
	return facts, nil
}

func (h *lateHistory) Of(context.Context, *sql.DB, string) ([]feed.Fact, error) { return nil, nil }

// TestFactsOfBurst has more events than the page shows rows of the history, all
// of which are written at the same time: each card gets its own.
func TestFactsOfBurst(t *testing.T) {
	t.Parallel()
	const burst = 1000
	h := &lateHistory{written: func(string) bool { return true }}
	d := &demo{Options: Options{History: h}, log: feed.NewLog(feed.LogOptions{Cards: burst}), following: t.Context()}
	now := time.Now()
	for n := range burst {
		id := fmt.Sprintf("g:%d/x", n)
		sink{d.log, &d.backlogs, &d.awaited}.AddEvent(feed.Event{ID: id, Change: feed.ChangeOf(id)})
	}
	for range burst / askedAtOnce {
		now = now.Add(historyEvery)
		d.addFacts(now)
	}
	items, _ := d.log.Since(0)
	cards := 0
	for _, it := range items {
		if c, ok := it.Data.(feed.Card); ok {
			cards++
			if len(c.Effects) != 1 {
				t.Errorf("card %s has %d effects, want one row of the history", c.ID, len(c.Effects))
			}
		}
	}
	if cards != burst {
		t.Errorf("got %d cards, want %d", cards, burst)
	}
	asked := len(h.asked)
	if d.addFacts(now.Add(time.Hour)); len(h.asked) != asked {
		t.Error("the history is asked although no event waits for rows")
	}
}

// TestAwaitedTurns asks ever less often after what does not come, and still after
// all of it.
func TestAwaitedTurns(t *testing.T) {
	t.Parallel()
	began := time.Now()
	a := &awaited{}
	for n := range keptAwaited + 1 {
		a.add(fmt.Sprint(n), began)
	}
	looks, seen := 0, map[string]int{}
	for now := began; now.Before(began.Add(time.Minute)); now = now.Add(historyEvery) {
		due := a.due(now)
		if len(due) > askedAtOnce {
			t.Fatalf("asked after %d events at once, want at most %d", len(due), askedAtOnce)
		}
		if len(due) > 0 {
			looks++
		}
		for _, id := range due {
			seen[id]++
		}
	}
	if len(seen) != keptAwaited || seen["0"] != 0 {
		t.Errorf("asked after %d events, the oldest %d times; want the newest %d", len(seen), seen["0"], keptAwaited)
	}
	// About 45 turns while they wait up to ten seconds, 50 in those that follow.
	for id, n := range seen {
		if n < 60 || n > 120 {
			t.Errorf("asked %d times after event %s in a minute, want about 100", n, id)
			break
		}
	}
	t.Logf("%d looks in a minute", looks)
}

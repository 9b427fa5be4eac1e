package demo

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"time"

	"telltale/internal/demo/feed"
)

const (
	// historyEvery is how often the page looks for the rows of events that it has
	// just seen. It asks less often the longer an event waits, but once in
	// historyLast.
	historyEvery = 20 * time.Millisecond
	historyLast  = time.Second
	// askedAtOnce is after the rows of how many events one look asks, keptAwaited
	// after how many it goes on to ask: as many as the log remembers cards.
	askedAtOnce = 200
	keptAwaited = 2000
)

// History reads the rows that a consumer wrote in the consumers' database. There
// are none where it has made no table yet.
type History interface {
	// OfEvents returns all rows of some events, each customer's oldest first.
	OfEvents(ctx context.Context, db *sql.DB, events []string) ([]feed.Fact, error)
	// Of returns the rows of a customer, oldest first, at most as many as the
	// reader likes.
	Of(ctx context.Context, db *sql.DB, customer string) ([]feed.Fact, error)
}

// awaited are the newest events whose rows were not seen yet. It is safe for
// concurrent use.
type awaited struct {
	mu     sync.Mutex
	events []awaitedEvent // Oldest first.
}

type awaitedEvent struct {
	id string
	// since is when the event was seen, next when to look for its rows.
	since, next time.Time
}

func (a *awaited) add(id string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, awaitedEvent{id: id, since: now, next: now})
	a.events = slices.Delete(a.events, 0, max(0, len(a.events)-keptAwaited))
}

// due returns the events to look for now, those first whose turn came first, and
// sets when their next turn is: after a tenth of the time that they have waited.
func (a *awaited) due(now time.Time) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var turn []*awaitedEvent
	for i := range a.events {
		if e := &a.events[i]; !e.next.After(now) {
			turn = append(turn, e)
		}
	}
	slices.SortStableFunc(turn, func(x, y *awaitedEvent) int { return x.next.Compare(y.next) })
	turn = turn[:min(len(turn), askedAtOnce)]
	ids := make([]string, len(turn))
	for i, e := range turn {
		ids[i] = e.id
		e.next = now.Add(min(max(now.Sub(e.since)/10, historyEvery), historyLast))
	}
	return ids
}

func (a *awaited) remove(seen map[string]bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = slices.DeleteFunc(a.events, func(e awaitedEvent) bool { return seen[e.id] })
}

// watchHistory fills the log with the history's rows of the events that the page
// has seen.
func (d *demo) watchHistory() {
	tick := time.NewTicker(historyEvery)
	defer tick.Stop()
	for {
		select {
		case <-d.following.Done():
			return
		case now := <-tick.C:
			d.addFacts(now)
		}
	}
}

// addPast adds the rows of all events that are known by now.
func (d *demo) addPast() {
	if d.History == nil {
		return
	}
	for now := time.Now(); d.addFacts(now); {
	}
}

// addFacts adds the rows of the events whose turn it is, and tells whether there
// were such events. The rows of an event are written in one transaction: who sees
// one sees all. While the database does not answer there is nothing new.
func (d *demo) addFacts(now time.Time) bool {
	events := d.awaited.due(now)
	if len(events) == 0 {
		return false
	}
	ctx, cancel := context.WithTimeout(d.following, historyLast)
	defer cancel()
	facts, err := d.History.OfEvents(ctx, d.ledger, events)
	if err != nil {
		return true
	}
	seen := map[string]bool{}
	for _, f := range facts {
		f.Written = time.Now()
		d.log.AddFact(f)
		seen[f.Event] = true
	}
	d.awaited.remove(seen)
	return true
}

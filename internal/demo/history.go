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
	// historySoon is how often the page looks for the rows of events that it has
	// seen, historyEvery how often for others.
	historySoon  = 20 * time.Millisecond
	historyEvery = time.Second
	// keptFacts is how many rows of the history the page shows.
	keptFacts = 200
)

// History reads the rows that a consumer wrote in the consumers' database. There
// are none where it has made no table yet.
type History interface {
	// Latest returns the newest rows of all customers, the newest first.
	Latest(ctx context.Context, db *sql.DB, limit int) ([]feed.Fact, error)
	// Of returns the rows of a customer, oldest first, at most as many as the
	// reader likes.
	Of(ctx context.Context, db *sql.DB, customer string) ([]feed.Fact, error)
}

// awaited are the newest events whose rows were not seen yet. It is safe for
// concurrent use.
type awaited struct {
	mu     sync.Mutex
	events []string
}

func (a *awaited) add(event string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, event)
	a.events = slices.Delete(a.events, 0, max(0, len(a.events)-keptFacts))
}

func (a *awaited) remove(event string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i := slices.Index(a.events, event); i >= 0 {
		a.events = slices.Delete(a.events, i, i+1)
	}
}

func (a *awaited) any() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.events) > 0
}

// watchHistory fills the log from the history, but for the rows that are known.
// While the database does not answer there is nothing new.
func (d *demo) watchHistory(known map[string]bool) {
	tick := time.NewTicker(historySoon)
	defer tick.Stop()
	asked := time.Now()
	for {
		if d.awaited.any() || time.Since(asked) >= historyEvery {
			asked = time.Now()
			known = d.addFacts(known)
		}
		select {
		case <-d.following.Done():
			return
		case <-tick.C:
		}
	}
}

// addFacts adds the rows that are not known, and returns which are then. What
// is no more among the newest does not come back.
func (d *demo) addFacts(known map[string]bool) map[string]bool {
	ctx, cancel := context.WithTimeout(d.following, historyEvery)
	defer cancel()
	facts, err := d.History.Latest(ctx, d.ledger, keptFacts)
	if err != nil {
		return known
	}
	now := map[string]bool{}
	for _, f := range slices.Backward(facts) {
		now[f.ID] = true
		if known[f.ID] {
			continue
		}
		f.Written = time.Now()
		d.log.AddFact(f)
		d.awaited.remove(f.Event)
	}
	return now
}

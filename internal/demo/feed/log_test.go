package feed_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"telltale/internal/demo/feed"
)

var started = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func change(id string, committed time.Time) feed.Change {
	return feed.Change{
		ID: id, DB: "shop", Table: "customers", Op: "u", Key: json.RawMessage(`{"id":1}`),
		Before: json.RawMessage(`{"id":1,"name":"Bob"}`), After: json.RawMessage(`{"id":1,"name":"Alice"}`),
		Committed: committed, Seen: committed.Add(3 * time.Millisecond),
	}
}

func event(change string, seen time.Time) feed.Event {
	return feed.Event{ID: change + "/customer.Renamed", Change: change, Type: "Renamed", Data: json.RawMessage(`{}`), Seen: seen}
}

// cards are the cards among what changed since seq.
func cards(l *feed.Log, seq uint64) []feed.Card {
	var list []feed.Card
	items, _ := l.Since(seq)
	for _, it := range items {
		if c, ok := it.Data.(feed.Card); ok {
			list = append(list, c)
		}
	}
	return list
}

func TestCardGathersWhatCameOfAChange(t *testing.T) {
	t.Parallel()
	committed := started.Add(time.Minute)
	add := map[string]func(*feed.Log){
		"change": func(l *feed.Log) { l.AddChange(change("g:1", committed)) },
		"event":  func(l *feed.Log) { l.AddEvent(event("g:1", committed.Add(8*time.Millisecond))) },
		"mail": func(l *feed.Log) {
			l.AddMail(feed.Mail{Event: "g:1/customer.Renamed", To: []string{"bob@example.com"}, Subject: "s", At: committed.Add(20 * time.Millisecond)})
		},
	}
	for _, order := range [][]string{
		{"change", "event", "mail"},
		{"event", "mail", "change"},
		{"mail", "event", "change"},
		{"change", "event", "event", "mail"}, // A replay repeats identities.
	} {
		t.Run(strings.Join(order, " "), func(t *testing.T) {
			t.Parallel()
			l := feed.NewLog(feed.LogOptions{Started: started})
			for _, what := range order {
				add[what](l)
			}
			got := cards(l, 0)
			if len(got) != 1 {
				t.Fatalf("got %d cards, want 1", len(got))
			}
			c := got[0]
			if c.Row == nil || len(c.Events) != 1 || len(c.Effects) != 1 {
				t.Fatalf("got card %+v, want one with a row, an event and a mail", c)
			}
			for name, ms := range map[string]struct{ got, want float64 }{
				"row": {*c.Row.MS, 3}, "event": {*c.Events[0].MS, 8}, "mail": {*c.Effects[0].MS, 20},
			} {
				if ms.got != ms.want {
					t.Errorf("%s: got %v ms, want %v", name, ms.got, ms.want)
				}
			}
		})
	}
}

func TestColumnsSideBySide(t *testing.T) {
	t.Parallel()
	before, after := json.RawMessage(`{"id":1,"name":"Bob","phone":null}`), json.RawMessage(`{"id":1,"name":"Alice","phone":null}`)
	tests := []struct {
		name          string
		before, after json.RawMessage
		want          string
	}{
		{"update", before, after, `id 1 1 false; name "Bob" "Alice" true; phone null null false`},
		{"insert", nil, after, `id - 1 false; name - "Alice" false; phone - null false`},
		{"delete", before, nil, `id 1 - false; name "Bob" - false; phone null - false`},
		{"no image", nil, nil, ""},
	}
	show := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := feed.NewLog(feed.LogOptions{})
			l.AddChange(feed.Change{ID: "g:1", Before: tt.before, After: tt.after, Committed: started})
			var got []string
			for _, c := range cards(l, 0)[0].Row.Columns {
				got = append(got, fmt.Sprintf("%s %s %s %t", c.Name, show(c.Before), show(c.After), c.Changed))
			}
			if joined := strings.Join(got, "; "); joined != tt.want {
				t.Errorf("got columns %s, want %s", joined, tt.want)
			}
		})
	}
}

// Nobody watched the past, so that when it arrived is not known.
func TestPastHasNoLatency(t *testing.T) {
	t.Parallel()
	l := feed.NewLog(feed.LogOptions{Started: started})
	l.AddChange(change("g:1", started.Add(-time.Second)))
	l.AddEvent(event("g:1", started.Add(time.Second)))
	c := cards(l, 0)[0]
	if c.Row.MS != nil || c.Events[0].MS != nil {
		t.Errorf("got latencies %v and %v, want none", c.Row.MS, c.Events[0].MS)
	}
}

func TestSinceTellsWhatBecameDifferent(t *testing.T) {
	t.Parallel()
	l := feed.NewLog(feed.LogOptions{Started: started})
	l.AddChange(change("g:1", started))
	l.AddChange(change("g:2", started))
	l.SetStatus(feed.Status{Ended: ""})
	items, more := l.Since(0)
	if len(items) != 3 {
		t.Fatalf("got %d items, want 3", len(items))
	}
	seq := items[len(items)-1].Seq
	select {
	case <-more:
		t.Error("the channel is closed although nothing changed")
	default:
	}
	l.AddEvent(event("g:1", started))
	<-more
	got := cards(l, seq)
	if len(got) != 1 || got[0].ID != "g:1" || got[0].Order != 1 {
		t.Errorf("got %+v, want the first card alone, in its old place", got)
	}
}

// An event that comes when many more changes have come since finds its card, and
// makes no new one.
func TestLogRemembersMoreThanItTells(t *testing.T) {
	t.Parallel()
	l := feed.NewLog(feed.LogOptions{Cards: 2, Remembered: 4})
	for i := range 5 {
		l.AddChange(change(fmt.Sprintf("g:%d", i), started))
	}
	l.AddEvent(event("g:1", started)) // Remembered, but not told.
	l.AddEvent(event("g:4", started))
	got := cards(l, 0)
	if len(got) != 2 || got[0].ID != "g:3" || got[1].ID != "g:4" || got[1].Order != 5 || len(got[1].Events) != 1 {
		t.Errorf("got %+v, want g:3 and g:4 with its event", got)
	}
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	l := feed.NewLog(feed.LogOptions{Cards: 3, Mails: 2})
	for i := range 10 {
		l.AddChange(change(fmt.Sprintf("g:%d", i), started))
		l.AddMail(feed.Mail{Subject: strings.Repeat("s", i), Body: strings.Repeat("ü", 1<<20)})
	}
	items, _ := l.Since(0)
	var got []string
	for _, it := range items {
		switch v := it.Data.(type) {
		case feed.Card:
			got = append(got, v.ID)
		case feed.Mail:
			got = append(got, v.Subject)
			if len(v.Body) > 9000 {
				t.Errorf("got a body of %d bytes", len(v.Body))
			}
		}
	}
	if want := "g:7 g:8 ssssssss g:9 sssssssss"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

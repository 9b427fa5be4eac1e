package feed_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"telltale/internal/demo/feed"
)

const ruleText = `aggregate: customer
key: row.id
events:
  - type: Renamed
    on: {table: shop.customers, op: update}
    when: before.name != after.name
    data: {id: after.id}
  - type: Renamed
    name: Shouted
    version: 2
    on: {table: shop.customers, op: insert}
    data: {id: after.id}
`

func TestEventsShowTheirRule(t *testing.T) {
	t.Parallel()
	read, err := feed.ReadRules(fstest.MapFS{"c.yaml": {Data: []byte(ruleText)}, "tables/x.json": {Data: []byte("{")}})
	if err != nil {
		t.Fatal(err)
	}
	renamed := feed.Rule{File: "c.yaml", Line: 4, Type: "Renamed", Table: "shop.customers", Op: "update", When: "before.name != after.name"}
	shouted := feed.Rule{File: "c.yaml", Line: 8, Type: "Renamed", Table: "shop.customers", Op: "insert"}
	for suffix, want := range map[string]*feed.Rule{
		"customer.Renamed": &renamed, "customer.Shouted.v2": &shouted, "customer.Gone": nil,
	} {
		l := feed.NewLog(feed.LogOptions{})
		l.SetRules(read)
		l.AddEvent(feed.Event{ID: "g:1/" + suffix, Change: "g:1", Type: "Renamed"})
		got := cards(l, 0)[0].Events[0].Rule
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s: got rule %+v, want %+v", suffix, got, want)
		}
	}
}

func TestRulesThatComeWithTelltaleAreRead(t *testing.T) {
	t.Parallel()
	read, err := feed.ReadRules(os.DirFS("../../../config/rules"))
	if err != nil {
		t.Fatal(err)
	}
	if got := read["customer.CustomerNameChanged"]; !strings.HasPrefix(got.When, "before.name != after.name") || got.File != "customer.yaml" || got.Line == 0 {
		t.Errorf("got %+v", got)
	}
}

func TestRulesThatAreNone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"\t": "read the rules in c.yaml", "events: [1]": "read the rules in c.yaml"} {
		_, err := feed.ReadRules(fstest.MapFS{"c.yaml": {Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one with %q", text, err, want)
		}
	}
}

// What the translator has passed and nothing came of says so, until something
// comes late.
func TestChangeWithoutAnEvent(t *testing.T) {
	t.Parallel()
	l := feed.NewLog(feed.LogOptions{})
	place := feed.Place{Topic: "shop.shop.customers", Partition: 2}
	c := change("g:1", started)
	c.Place, c.Offset = place, 7
	l.AddChange(c)
	noEvent := func() bool { return cards(l, 0)[0].NoEvent }
	for _, passed := range []int64{0, 7} {
		if l.SetPassed(feed.Offsets{place: passed}); noEvent() {
			t.Errorf("passed up to %d: the change is shown without an event", passed)
		}
	}
	if l.SetPassed(feed.Offsets{place: 8}); !noEvent() {
		t.Error("passed: the change is not shown without an event")
	}
	if l.AddEvent(event("g:1", started)); noEvent() {
		t.Error("an event came, and the change is shown without one")
	}
}

func TestHistoryIsAnEffect(t *testing.T) {
	t.Parallel()
	l := feed.NewLog(feed.LogOptions{Facts: 2})
	old, young := "Bob", "Alice"
	e := event("g:1", started)
	fact := feed.Fact{ID: "1/1", Customer: "1", Number: 1, Event: e.ID, Field: "name", Old: &old, New: &young}
	l.AddFact(fact) // It is there before its event is seen.
	l.AddEvent(e)
	fact.ID, fact.Field, fact.Old = "1/2", "phone", nil
	l.AddFact(fact)
	l.AddFact(fact)
	l.AddFact(feed.Fact{ID: "2/1", Event: "g:2/x"})
	got := cards(l, 0)[0].Effects
	want := []string{"history name Bob → Alice", "history phone – → Alice"}
	for i, effect := range got {
		if text := effect.Kind + " " + effect.Title + " " + effect.Detail; len(got) != 2 || text != want[i] {
			t.Errorf("got effect %q of %d, want %q", text, len(got), want)
		}
	}
	items, _ := l.Since(0)
	var facts int
	for _, it := range items {
		if it.Kind == feed.KindHistory {
			facts++
		}
	}
	if facts != 2 {
		t.Errorf("got %d rows of the history, want the newest 2", facts)
	}
}

// TestOlderRowsOfHistory has rows arrive out of the order of their commits.
func TestOlderRowsOfHistory(t *testing.T) {
	t.Parallel()
	l := feed.NewLog(feed.LogOptions{Facts: 2})
	for _, second := range []int{5, 9, 7, 5, 1} {
		at := started.Add(time.Duration(second) * time.Second)
		l.AddFact(feed.Fact{ID: fmt.Sprint(second), At: at})
	}
	var got []string
	items, _ := l.Since(0)
	for _, it := range items {
		if f, ok := it.Data.(feed.Fact); ok {
			got = append(got, f.ID)
		}
	}
	if want := []string{"9", "7"}; !slices.Equal(got, want) {
		t.Errorf("got rows %v, want the newest %v", got, want)
	}
}

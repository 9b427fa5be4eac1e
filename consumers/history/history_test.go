package history

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/consumers/consumerstest"
	"telltale/schemas/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHistory(t *testing.T) {
	fresh := consumerstest.Shared(t)
	tests := []struct {
		name string
		run  func(t *testing.T, w *consumerstest.World)
	}{
		{"story", story},
		{"pages", pages},
		{"replay", replay},
		{"killed", killed},
		{"rebuild", rebuild},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, fresh(t, test.name))
		})
	}
}

// rows is the whole table.
func rows(w *consumerstest.World) []string {
	return w.Rows("SELECT customer_id, number, event_id, type, what, old_value, new_value, at, actor, request FROM history_changes ORDER BY customer_id, number")
}

func await(w *consumerstest.World, n int) {
	w.T.Helper()
	w.Eventually(fmt.Sprintf("%d rows", n), func() bool { return len(rows(w)) >= n },
		func() string { return strings.Join(rows(w), "\n") })
}

func registered(w *consumerstest.World, name string) event.Event {
	return w.Event("CustomerRegistered", map[string]any{"name": name, "email": "bob@example.com"})
}

func renamed(w *consumerstest.World, from, to string) event.Event {
	return w.Event("CustomerNameChanged", map[string]any{"old_name": from, "new_name": to})
}

// story has who and by which request, and an event of a type that nobody told
// the history of.
func story(t *testing.T, w *consumerstest.World) {
	r := w.Start(New(Options{}))
	w.Publish(42, registered(w, "Bob"))
	rename := renamed(w, "Bob", "Alice")
	rename.Actor, rename.Request = "customer:42", "req-7"
	w.Publish(42, rename)
	w.Publish(42, w.Event("CustomerSignedIn", map[string]any{"address": "203.0.113.9", "at": "2026-11-21T16:00:00Z"}))
	w.Publish(42, w.Event("CustomerBlocked", map[string]any{"id": 42, "reason": "fraud"}))
	await(w, 5)
	r.Stop()
	got, err := Of(t.Context(), w.DB, "42", Page{})
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) *string { return &s }
	want := []Change{
		{Number: 1, EventID: "e0001", Type: "CustomerRegistered", What: "email", New: text("bob@example.com"), At: consumerstest.At(1)},
		{Number: 2, EventID: "e0001", Type: "CustomerRegistered", What: "name", New: text("Bob"), At: consumerstest.At(1)},
		{
			Number: 3, EventID: "e0002", Type: "CustomerNameChanged", What: "name", Old: text("Bob"), New: text("Alice"),
			At: consumerstest.At(2), Actor: "customer:42", Request: "req-7",
		},
		{Number: 4, EventID: "e0003", Type: "CustomerSignedIn", What: "sign_in", New: text("203.0.113.9"), At: consumerstest.At(3)},
		{Number: 5, EventID: "e0004", Type: "CustomerBlocked", What: "data", New: text(`{"reason":"fraud"}`), At: consumerstest.At(4)},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d rows, want %d: %v", len(got), len(want), rows(w))
	}
	for i, c := range want {
		c.Customer = "42"
		if got, want := line(got[i]), line(c); got != want {
			t.Errorf("row %d:\ngot  %s\nwant %s", i+1, got, want)
		}
	}
}

func line(c Change) string {
	return fmt.Sprintf("%s %d %s %s %s: %s > %s at %s by %s, %s", c.Customer, c.Number, c.EventID, c.Type, c.What,
		shown(c.Old), shown(c.New), c.At.Format(time.RFC3339Nano), c.Actor, c.Request)
}

// pages reads a customer's rows bit by bit, and those of some events.
func pages(t *testing.T, w *consumerstest.World) {
	ctx := t.Context()
	if changes, err := OfEvents(ctx, w.DB, []string{"e0001"}); err != nil || len(changes) != 0 {
		t.Fatalf("before there is a table: got %v, %v, want nothing", changes, err)
	}
	r := w.Start(New(Options{}))
	const renames = 5
	for n := range renames {
		for _, customer := range []int{1, 2} {
			w.Publish(customer, renamed(w, fmt.Sprint(n), fmt.Sprint(n+1)))
		}
	}
	await(w, 2*renames)
	r.Stop()
	var got []uint64
	for page := (Page{Limit: 2}); ; page.After = got[len(got)-1] {
		changes, err := Of(ctx, w.DB, "1", page)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			break
		}
		for _, c := range changes {
			got = append(got, c.Number)
		}
	}
	if want := []uint64{1, 2, 3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("numbers of customer 1: got %v, want %v", got, want)
	}
	changes, err := OfEvents(ctx, w.DB, []string{"e0010", "e0003", "absent", "e0009"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range changes {
		ids = append(ids, c.Customer+" "+c.EventID)
	}
	if want := []string{"1 e0003", "1 e0009", "2 e0010"}; !slices.Equal(ids, want) {
		t.Errorf("of three events: got %v, want %v", ids, want)
	}
}

// replay has a producer repeat itself, within a batch and after it.
func replay(t *testing.T, w *consumerstest.World) {
	r := w.Start(New(Options{}))
	first, second := registered(w, "Bob"), renamed(w, "Bob", "Alice")
	w.Publish(1, first, second, first, second)
	await(w, 3)
	w.Publish(1, first)
	w.Publish(1, second)
	w.Publish(1, renamed(w, "Alice", "Carol"))
	await(w, 4)
	r.Stop()
	if got := rows(w); len(got) != 4 {
		t.Errorf("got %d rows, want 4:\n%s", len(got), strings.Join(got, "\n"))
	}
}

// killed ends the consumer again and again, once before anything is committed
// and then between the partitions' commits.
func killed(t *testing.T, w *consumerstest.World) {
	const customers, rounds, perRound = 4, 4, 5
	for round := range rounds {
		for n := range perRound {
			for customer := range customers {
				w.Publish(customer, renamed(w, fmt.Sprint(round*perRound+n), fmt.Sprint(round*perRound+n+1)))
			}
		}
		if err := w.Start(consumerstest.KillAt(int64(min(round+1, 2)), New(Options{}))).Wait(); !errors.Is(err, consumerstest.ErrKilled) {
			t.Fatalf("run %d ended with %v, want %v", round, err, consumerstest.ErrKilled)
		}
	}
	r := w.Start(New(Options{}))
	await(w, customers*rounds*perRound)
	r.Stop()
	assertStory(t, w, customers, rounds*perRound)
}

// assertStory checks that each customer has each rename once, in order.
func assertStory(t *testing.T, w *consumerstest.World, customers, renames int) {
	t.Helper()
	for customer := range customers {
		changes, err := Of(t.Context(), w.DB, fmt.Sprint(customer), Page{})
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) != renames {
			t.Errorf("customer %d has %d rows, want %d", customer, len(changes), renames)
		}
		for i, c := range changes {
			if c.Number != uint64(i+1) || *c.Old != fmt.Sprint(i) || *c.New != fmt.Sprint(i+1) {
				t.Errorf("customer %d row %d: got %s", customer, i+1, line(c))
			}
		}
	}
}

// rebuild reads everything again into a new database, in other batches, and
// gets the same rows.
func rebuild(t *testing.T, w *consumerstest.World) {
	r := w.Start(New(Options{}))
	for customer := range 5 {
		w.Publish(customer, registered(w, "Bob"), renamed(w, "Bob", "Alice"))
		w.Publish(customer, w.Event("CustomerBlocked", map[string]any{"reason": "fraud"}))
	}
	const want = 5 * 4
	await(w, want)
	r.Stop()
	before := rows(w)
	w.UseDatabase("rebuilt")
	r = w.Start(New(Options{}))
	await(w, want)
	r.Stop()
	if after := rows(w); !slices.Equal(after, before) {
		t.Errorf("rebuilt:\n%s\nwant\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}

package faults

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kept is what the consumers keep in their database.
type kept struct {
	ledger    []ledgerRow
	facts     map[uint64][]historyRow
	addresses map[uint64][]string
}

// ledgerRow is a row of the mail ledger, in the order of planning.
type ledgerRow struct {
	customer                          uint64
	consumer, event, role             string
	recipient, subject, id, state, at string
}

// historyRow is a row of the history. Its event is an id.
type historyRow struct {
	customer uint64
	event    string
	fact     fact
	at       string
}

// microseconds is how MySQL writes a time.
const microseconds = "2006-01-02 15:04:05.000000"

// readKept reads all of it.
func readKept(ctx context.Context, db *sql.DB) (k kept, err error) {
	k = kept{facts: map[uint64][]historyRow{}, addresses: map[uint64][]string{}}
	const ledger = "SELECT customer_id, consumer, event_id, role, recipient, subject, message_id, state, planned_at FROM mail_ledger ORDER BY seq"
	err = each(ctx, db, ledger, func(r *ledgerRow) []any {
		return []any{&r.customer, &r.consumer, &r.event, &r.role, &r.recipient, &r.subject, &r.id, &r.state, &r.at}
	}, func(r ledgerRow) { k.ledger = append(k.ledger, r) })
	if err != nil {
		return k, fmt.Errorf("read the mail ledger: %w", err)
	}
	const facts = `SELECT customer_id, event_id, type, what, COALESCE(old_value, '` + none + `'), COALESCE(new_value, '` + none + `'), actor, request, at
FROM history_changes ORDER BY customer_id, number`
	err = each(ctx, db, facts, func(r *historyRow) []any {
		f := &r.fact
		return []any{&r.customer, &r.event, &f.kind, &f.what, &f.old, &f.new, &f.actor, &f.request, &r.at}
	}, func(r historyRow) { k.facts[r.customer] = append(k.facts[r.customer], r) })
	if err != nil {
		return k, fmt.Errorf("read the history: %w", err)
	}
	type address struct {
		customer uint64
		address  string
	}
	err = each(ctx, db, "SELECT customer_id, address FROM security_addresses", func(r *address) []any {
		return []any{&r.customer, &r.address}
	}, func(r address) { k.addresses[r.customer] = append(k.addresses[r.customer], r.address) })
	if err != nil {
		return k, fmt.Errorf("read the known addresses: %w", err)
	}
	return k, nil
}

// each hands f the rows of a query.
func each[T any](ctx context.Context, db *sql.DB, query string, targets func(*T) []any, f func(T)) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var row T
		if err := rows.Scan(targets(&row)...); err != nil {
			return err
		}
		f(row)
	}
	return rows.Err()
}

// kept compares what the consumers keep with what must be there, of whomever it is.
// Rows name events by their ids, so the events must have been compared before.
func (f *findings) kept(want map[subject]expected, events map[subject][]rawEvent, k kept) {
	planned := map[uint64][]ledgerRow{}
	for _, r := range k.ledger {
		planned[r.customer] = append(planned[r.customer], r)
		if r.state != "sent" {
			f.problem("the mail %s to %s of event %s is %s, not sent", r.role, r.recipient, r.event, r.state)
		}
	}
	ledger, facts, addresses := f.tally("rows of the mail ledger"), f.tally("rows of the history"), f.tally("known addresses")
	for _, id := range owners(want, planned, k) {
		s := subject{customers, id}
		w, of := want[s], placesOf(events[s])
		compare(ledger, s, byConsumer(mailsOf(planned[id], of)), byConsumer(w.mails))
		compare(facts, s, factsOf(k.facts[id], of), w.facts)
		compare(addresses, s, slices.Sorted(slices.Values(k.addresses[id])), slices.Sorted(slices.Values(w.addresses)))
		f.dated(k.facts[id], of, events[s])
	}
}

// owners are the customers of whom something must be there, or is.
func owners(want map[subject]expected, planned map[uint64][]ledgerRow, k kept) []uint64 {
	all := map[uint64]bool{}
	for s := range want {
		if s.aggregate == customers {
			all[s.id] = true
		}
	}
	for id := range planned {
		all[id] = true
	}
	for id := range k.facts {
		all[id] = true
	}
	for id := range k.addresses {
		all[id] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// places are those of a customer's events among hers, by their ids.
type places map[string]int

func placesOf(events []rawEvent) places {
	of := make(places, len(events))
	for i, e := range events {
		of[e.id] = i
	}
	return of
}

// at is the place of an event, -1 for one that is none of hers.
func (p places) at(event string) int {
	if i, ok := p[event]; ok {
		return i
	}
	return -1
}

func mailsOf(rows []ledgerRow, of places) []mail {
	list := make([]mail, len(rows))
	for i, r := range rows {
		list[i] = mail{r.consumer, of.at(r.event), r.role, r.recipient}
	}
	return list
}

// byConsumer sorts mails by who planned them: each plans in order, and they do
// not wait for each other.
func byConsumer(mails []mail) []mail {
	return slices.SortedStableFunc(slices.Values(mails), func(a, b mail) int { return strings.Compare(a.consumer, b.consumer) })
}

func factsOf(rows []historyRow, of places) []fact {
	list := make([]fact, len(rows))
	for i, r := range rows {
		list[i] = r.fact
		list[i].event = of.at(r.event)
	}
	return list
}

// dated checks that rows of the history say when their event was committed.
func (f *findings) dated(rows []historyRow, of places, events []rawEvent) {
	for _, r := range rows {
		i := of.at(r.event)
		if i < 0 {
			continue // The rows themselves are compared elsewhere.
		}
		if want := events[i].committed.UTC().Format(microseconds); r.at != want {
			f.problem("the history says of event %s that it was at %s, want %s", r.event, r.at, want)
		}
	}
}

// delivered compares the mails that were taken with the ledger, and counts
// those that came more than once: the same mail, under the same Message-ID.
func (f *findings) delivered(ledger []ledgerRow, taken map[string][]letter) (again int) {
	t := f.tally("mails")
	known := map[string]bool{}
	for _, r := range ledger {
		known[r.id] = true
		t.Wanted++
		letters := taken[r.id]
		if len(letters) == 0 {
			t.Missing++
			t.example("the mail %s to %s of event %s was never taken", r.role, r.recipient, r.event)
			continue
		}
		t.Got++
		again += len(letters) - 1
		for _, l := range letters {
			if l != letters[0] || l.to != r.recipient || l.subject != r.subject {
				f.problem("the mail %s of event %s says to %s %q, the ledger to %s %q", r.id, r.event, l.to, l.subject, r.recipient, r.subject)
			}
		}
	}
	for id := range taken {
		if !known[id] {
			t.Surplus++
			t.example("the mail %s is not in the ledger", id)
		}
	}
	return again
}

// plannedAt reads a time of the ledger.
func (r ledgerRow) plannedAt() (time.Time, error) {
	at, err := time.Parse(microseconds, r.at)
	if err != nil {
		return at, fmt.Errorf("read when mail %s was planned: %s: %w", strconv.Quote(r.id), r.at, err)
	}
	return at, nil
}

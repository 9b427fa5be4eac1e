package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"telltale/load"
)

// outcome is what a pipeline has made of the history of one customer.
type outcome struct {
	changes []rawChange
	events  []rawEvent
	kept    kept
	taken   map[string][]letter
	twice   []string
}

// committed registers customer 7, and renames her and signs her in twice from
// one address, in one transaction.
func committed(t *testing.T) []change {
	t.Helper()
	row := func(v map[string]any) load.Row {
		r, err := load.NewRow(v)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	bob := row(map[string]any{"id": 7, "email": "bob@example.com", "name": "Bob", "phone": nil, "version": 1})
	alice := row(map[string]any{"id": 7, "email": "bob@example.com", "name": "Alice", "phone": nil, "version": 2})
	signIn := func(id uint64) load.Row {
		return row(map[string]any{"id": id, "customer_id": 7, "address": "203.0.113.9", "user_agent": "Agent/1", "signed_in_at": "2026-01-02T03:04:05.000006Z"})
	}
	return []change{
		{load.Change{Table: load.Customers, Op: "c", After: bob, Actor: "visitor", Request: "r1"}, 1},
		{load.Change{Table: load.Customers, Op: "u", Before: bob, After: alice}, 2},
		{load.Change{Table: load.SignIns, Op: "c", After: signIn(1), Actor: "customer:7", Request: "r2"}, 2},
		{load.Change{Table: load.SignIns, Op: "c", After: signIn(2), Actor: "customer:7", Request: "r3"}, 2},
	}
}

// exactly is the outcome that is wanted.
func exactly(t *testing.T) (map[uint64]expected, *outcome) {
	t.Helper()
	all := committed(t)
	want, sum, err := expectAll(map[uint64][]change{7: all})
	if err != nil {
		t.Fatal(err)
	}
	if sum != (totals{changes: 4, events: 4, mails: 3, facts: 6, addresses: 1}) {
		t.Fatalf("got the totals %+v", sum)
	}
	o := &outcome{kept: kept{facts: map[uint64][]historyRow{}, addresses: map[uint64][]string{7: {"203.0.113.9"}}}, taken: map[string][]letter{}}
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for i, c := range all {
		o.changes = append(o.changes, rawChange{id: fmt.Sprint("change-", i), customer: 7, change: c.Change, transaction: fmt.Sprint("gtid-", c.transaction)})
		o.events = append(o.events, rawEvent{id: fmt.Sprintf("change-%d/customer", i), customer: 7, event: want[7].events[i], times: times{committed: at}})
	}
	for i, m := range want[7].mails {
		id := fmt.Sprint("mail-", i)
		o.kept.ledger = append(o.kept.ledger, ledgerRow{
			customer: 7, consumer: m.consumer, event: o.events[m.event].id, role: m.role, recipient: m.recipient,
			subject: "Hello", id: id, state: "sent",
		})
		o.taken[id] = []letter{{m.recipient, "Hello", "Body"}}
	}
	for _, f := range want[7].facts {
		o.kept.facts[7] = append(o.kept.facts[7], historyRow{customer: 7, event: o.events[f.event].id, fact: f, at: at.Format(microseconds)})
	}
	return want, o
}

// judge compares an outcome and returns what deviates.
func (o *outcome) judge(want map[uint64]expected) (deviations []error, again int) {
	var f findings
	changes, events := map[uint64][]rawChange{}, map[uint64][]rawEvent{}
	for _, c := range o.changes {
		changes[c.customer] = append(changes[c.customer], c)
	}
	for _, e := range o.events {
		events[e.customer] = append(events[e.customer], e)
	}
	f.topics(want, received{changes: changes, events: events, twice: o.twice})
	f.kept(want, events, o.kept)
	again = f.delivered(o.kept.ledger, o.taken)
	return f.errors(), again
}

func TestWhatIsWantedIsRight(t *testing.T) {
	t.Parallel()
	want, o := exactly(t)
	o.taken["mail-1"] = append(o.taken["mail-1"], o.taken["mail-1"][0])
	deviations, again := o.judge(want)
	if len(deviations) > 0 || again != 1 {
		t.Errorf("got %v and %d mails again, want no deviation and 1", deviations, again)
	}
}

func TestDeviations(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(*outcome)
		want  string
	}{
		"a row change is missing": {
			func(o *outcome) { o.changes = o.changes[1:] },
			"row changes: wanted 4, got 3: 1 missing, 0 too many, 0 in another order",
		},
		"a row change came twice": {
			func(o *outcome) { o.changes = append(o.changes, o.changes[3]) },
			"row changes: wanted 4, got 5: 0 missing, 1 too many, 0 in another order",
		},
		"an identity came twice": {
			func(o *outcome) { o.twice = []string{"change-1"} },
			"the id change-1 came twice",
		},
		"two row changes are in another order": {
			func(o *outcome) { o.changes[2], o.changes[3] = o.changes[3], o.changes[2] },
			"row changes: wanted 4, got 4: 0 missing, 0 too many, 2 in another order",
		},
		"what was rolled back has come": {
			func(o *outcome) {
				o.changes[1].change.After = load.Row(strings.ReplaceAll(string(o.changes[1].change.After), "Alice", "Nobody"))
			},
			"row changes: wanted 4, got 4: 1 missing, 1 too many",
		},
		"a transaction was split": {
			func(o *outcome) { o.changes[3].transaction = "gtid-3" },
			"the changes change-2 and change-3 are in one transaction: false, want true",
		},
		"two transactions were joined": {
			func(o *outcome) { o.changes[0].transaction = "gtid-2" },
			"the changes change-0 and change-1 are in one transaction: true, want false",
		},
		"an event is missing": {
			func(o *outcome) { o.events = o.events[:3] },
			"events: wanted 4, got 3: 1 missing",
		},
		"an event came twice": {
			func(o *outcome) { o.events = append(o.events, o.events[0]) },
			"events: wanted 4, got 5: 0 missing, 1 too many",
		},
		"an event has another request": {
			func(o *outcome) { o.events[2].event.request = "r3" },
			"events: wanted 4, got 4: 1 missing, 1 too many",
		},
		"an event is of a stranger": {
			func(o *outcome) { o.events = append(o.events, rawEvent{id: "x/customer", customer: 8}) },
			"customer 8 has one too many",
		},
		"an event comes of another change": {
			func(o *outcome) { o.events[1].id = "change-0/other" },
			"the event change-0/other comes of another change, want change-1",
		},
		"a mail was not planned": {
			func(o *outcome) { o.kept.ledger = o.kept.ledger[1:] },
			"rows of the mail ledger: wanted 3, got 2: 1 missing",
		},
		"a mail was not sent": {
			func(o *outcome) { o.kept.ledger[0].state = "planned" },
			"is planned, not sent",
		},
		"a mail was planned to another": {
			func(o *outcome) { o.kept.ledger[0].recipient = "eve@example.com" },
			"rows of the mail ledger: wanted 3, got 3: 1 missing, 1 too many",
		},
		"a mail was never taken": {
			func(o *outcome) { delete(o.taken, "mail-2") },
			"mails: wanted 3, got 2: 1 missing",
		},
		"a mail is not in the ledger": {
			func(o *outcome) { o.taken["mail-3"] = o.taken["mail-2"] },
			"mails: wanted 3, got 3: 0 missing, 1 too many",
		},
		"one Message-ID for two mails": {
			func(o *outcome) {
				o.taken["mail-2"] = append(o.taken["mail-2"], letter{o.taken["mail-2"][0].to, "Hello", "Another body"})
			},
			"the mail mail-2 of event",
		},
		"the history misses a field": {
			func(o *outcome) { o.kept.facts[7] = o.kept.facts[7][:4] },
			"rows of the history: wanted 6, got 4: 2 missing",
		},
		"the history has another time": {
			func(o *outcome) { o.kept.facts[7][0].at = "2026-11-21 12:00:00.000001" },
			"the history says of event change-0/customer that it was at",
		},
		"an address is not known": {
			func(o *outcome) { delete(o.kept.addresses, 7) },
			"known addresses: wanted 1, got 0: 1 missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, o := exactly(t)
			tt.spoil(o)
			deviations, _ := o.judge(want)
			for _, d := range deviations {
				if strings.Contains(d.Error(), tt.want) {
					return
				}
			}
			t.Errorf("got %q, want %q among them", deviations, tt.want)
		})
	}
}

// TestUnknownColumns checks that a change of a column that the load does not know is
// a change without events.
func TestUnknownColumns(t *testing.T) {
	t.Parallel()
	touched := committed(t)[:1]
	touched = append(touched, change{load.Change{Table: load.Customers, Op: "u", Before: touched[0].After, After: touched[0].After}, 2})
	got, err := expect(touched)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.changes) != 2 || len(got.events) != 1 || got.events[0].kind != "CustomerRegistered" {
		t.Errorf("got %d changes with the events %+v, want 2 with a registration alone", len(got.changes), got.events)
	}
}

func TestTornTransactions(t *testing.T) {
	t.Parallel()
	r := &reader{open: map[int32]string{}}
	for _, c := range []rawChange{
		{id: "1", transaction: "a"},
		{id: "2", transaction: "a", last: true},
		{id: "3", transaction: "b"},
		{id: "4", transaction: "c", last: true},
	} {
		r.follow(0, c)
	}
	if len(r.torn) != 1 || !strings.Contains(r.torn[0].Error(), "the record 4 before the last of transaction b") {
		t.Errorf("got %v, want one that is torn by record 4", r.torn)
	}
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	kill := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	at := func(committed, passed int) passage {
		return passage{kill.Add(time.Duration(committed) * time.Second), kill.Add(time.Duration(passed) * time.Second)}
	}
	// What was committed before the kill may pass after it.
	if got := recovery([]passage{at(-2, 3), at(1, 7), at(2, 6)}, kill); got != 6*time.Second {
		t.Errorf("got %s, want 6s", got)
	}
	if got := recovery([]passage{at(-2, 3)}, kill); got != 0 {
		t.Errorf("got %s of what did not come back, want 0", got)
	}
}

package faults

import (
	"errors"
	"strings"
	"testing"
	"time"

	"telltale/load"
)

func TestWhatIsWantedIsRight(t *testing.T) {
	t.Parallel()
	o := exactly(t)
	o.taken["mail-1"] = append(o.taken["mail-1"], o.taken["mail-1"][0])
	deviations, again := o.judge(t)
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
			"row changes of customers: wanted 4, got 3: 1 missing, 0 too many, 0 in another order",
		},
		"a row change came twice": {
			func(o *outcome) { o.changes = append(o.changes, o.changes[3]) },
			"row changes of customers: wanted 4, got 5: 0 missing, 1 too many, 0 in another order",
		},
		"an identity came twice": {
			func(o *outcome) { o.twice = []string{"change-1"} },
			"the id change-1 came twice",
		},
		"two row changes are in another order": {
			func(o *outcome) { o.changes[2], o.changes[3] = o.changes[3], o.changes[2] },
			"row changes of customers: wanted 4, got 4: 0 missing, 0 too many, 2 in another order",
		},
		"what was rolled back has come": {
			func(o *outcome) {
				o.changes[1].change.After = load.Row(strings.ReplaceAll(string(o.changes[1].change.After), "Alice", "Nobody"))
			},
			"row changes of customers: wanted 4, got 4: 1 missing, 1 too many",
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
			func(o *outcome) { o.events = o.events[1:] },
			"events of customers: wanted 4, got 3: 1 missing",
		},
		"an event came twice": {
			func(o *outcome) { o.events = append(o.events, o.events[0]) },
			"events of customers: wanted 4, got 5: 0 missing, 1 too many",
		},
		"an event has another request": {
			func(o *outcome) { o.events[2].event.request = "r3" },
			"events of customers: wanted 4, got 4: 1 missing, 1 too many",
		},
		"an event is of a stranger": {
			func(o *outcome) { o.events = append(o.events, rawEvent{id: "x/other", subject: subject{customers, 8}}) },
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
		"a mail was planned for a stranger": {
			func(o *outcome) {
				o.kept.ledger = append(o.kept.ledger, ledgerRow{customer: 8, consumer: "mailer", id: "mail-3", state: "sent"})
			},
			"rows of the mail ledger: wanted 3, got 4: 0 missing, 1 too many",
		},
		"a mail was planned for an order": {
			func(o *outcome) { o.kept.ledger[0].event = o.events[o.event(orders)[0]].id },
			"rows of the mail ledger: wanted 3, got 3: 1 missing, 1 too many",
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
			func(o *outcome) { o.kept.facts[alice] = o.kept.facts[alice][:4] },
			"rows of the history: wanted 6, got 4: 2 missing",
		},
		"the history knows a stranger": {
			func(o *outcome) { o.kept.facts[8] = o.kept.facts[alice][:1] },
			"rows of the history: wanted 6, got 7: 0 missing, 1 too many",
		},
		"the history has another time": {
			func(o *outcome) { o.kept.facts[alice][0].at = "2026-11-21 12:00:00.000001" },
			"the history says of event change-0/CustomerRegistered that it was at",
		},
		"an address is not known": {
			func(o *outcome) { delete(o.kept.addresses, alice) },
			"known addresses: wanted 1, got 0: 1 missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := exactly(t)
			tt.spoil(o)
			deviations, _ := o.judge(t)
			for _, d := range deviations {
				if strings.Contains(d.Error(), tt.want) {
					return
				}
			}
			t.Errorf("got %q, want %q among them", deviations, tt.want)
		})
	}
}

func TestTornTransactions(t *testing.T) {
	t.Parallel()
	r := &reader{open: map[string]string{}}
	for _, c := range []rawChange{
		{id: "1", transaction: "a"},
		{id: "2", transaction: "a", last: true},
		{id: "3", transaction: "b"},
		{id: "4", transaction: "c", last: true},
	} {
		r.follow("shop.customer/0", c)
	}
	if len(r.torn) != 1 || !strings.Contains(r.torn[0].Error(), "the record 4 before the last of transaction b") {
		t.Errorf("got %v, want one that is torn by record 4", r.torn)
	}
}

func TestTombstones(t *testing.T) {
	t.Parallel()
	const where = "shop.shop.reviews/0"
	for name, tt := range map[string]struct {
		read func(*reader)
		want string
	}{
		"behind a delete": {func(r *reader) {
			r.awaitTombstone(where, "a", true)
			r.bury(where, "a")
			r.awaitTombstone(where, "b", false)
		}, ""},
		"behind nothing": {func(r *reader) {
			r.awaitTombstone(where, "a", false)
			r.bury(where, "a")
		}, "has a tombstone of a behind no delete of it"},
		"twice": {func(r *reader) {
			r.awaitTombstone(where, "a", true)
			r.bury(where, "a")
			r.bury(where, "a")
		}, "has a tombstone of a behind no delete of it"},
		"missing": {func(r *reader) {
			r.awaitTombstone(where, "a", true)
			r.awaitTombstone(where, "b", false)
		}, "has no tombstone behind the delete of a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &reader{once: true, due: map[string]string{}}
			tt.read(r)
			if err := errors.Join(r.torn...); tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
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

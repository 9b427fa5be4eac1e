package tour

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"telltale/internal/demo/feed"
)

func renamed(change, from, to string) feed.Event {
	return feed.Event{
		ID: change + "/customer.CustomerNameChanged", Change: change, Type: "CustomerNameChanged",
		Data: json.RawMessage(fmt.Sprintf(`{"id":1,"old_name":%q,"new_name":%q}`, from, to)),
	}
}

// The tour is worth what it notices.
func TestCompareNotices(t *testing.T) {
	t.Parallel()
	change := feed.Change{ID: "g:1", Op: "u"}
	event := renamed("g:1", "Bob", "Alice")
	mail := Mail{ID: "m1", To: "bob@example.com", Event: event.ID}
	w := want{
		ops:    []string{"u"},
		events: []wantEvent{{"CustomerNameChanged", map[string]any{"old_name": "Bob", "new_name": "Alice"}}},
		mails:  []string{"bob@example.com"},
	}
	tests := []struct {
		name string
		came Seen
		want string // Part of the error; empty: none.
	}{
		{"exactly so", Seen{[]feed.Change{change}, []feed.Event{event}, []Mail{mail}}, ""},
		{"no event", Seen{[]feed.Change{change}, nil, nil}, "events: got []"},
		{"another event", Seen{[]feed.Change{change}, []feed.Event{event, renamed("g:1", "x", "y")}, []Mail{mail}}, "events: got"},
		{"other data", Seen{[]feed.Change{change}, []feed.Event{renamed("g:1", "Bob", "Jim")}, []Mail{mail}}, "new_name of CustomerNameChanged: got Jim, want Alice"},
		{"an event of nothing", Seen{[]feed.Change{change}, []feed.Event{renamed("g:2", "Bob", "Alice")}, nil}, "comes of no row change"},
		{"another row change", Seen{[]feed.Change{change, {ID: "g:2", Op: "u"}}, []feed.Event{event}, []Mail{mail}}, "row changes: got"},
		{"a row change twice", Seen{[]feed.Change{change, change}, []feed.Event{event}, []Mail{mail}}, "was seen twice"},
		{"no mail", Seen{[]feed.Change{change}, []feed.Event{event}, nil}, "mails: got []"},
		{"a mail to somebody else", Seen{[]feed.Change{change}, []feed.Event{event}, []Mail{{To: "jim@example.com", Event: event.ID}}}, "mails: got"},
		{"a mail of nothing", Seen{[]feed.Change{change}, []feed.Event{event}, []Mail{{ID: "m2", To: mail.To, Event: "?"}}}, "comes of no event"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := w.compare(tt.came)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got error %v, want none", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// seenOf is what is seen of a person who was renamed twice, when all is well.
func seenOf(id int) (*person, Seen, []ledgerRow) {
	p := &person{customer: customer{ID: uint64(id)}, names: []string{"a", "b", "c"}}
	var seen Seen
	var rows []ledgerRow
	add := func(nth int, name string, e feed.Event) {
		e.Change = fmt.Sprintf("g:%d", nth)
		e.ID = e.Change + "/customer." + e.Type
		seen.Changes = append(seen.Changes, feed.Change{ID: e.Change, After: json.RawMessage(fmt.Sprintf(`{"name":%q}`, name))})
		seen.Events = append(seen.Events, e)
		message := fmt.Sprintf("m%d", nth)
		seen.Mails = append(seen.Mails, Mail{ID: message, Event: e.ID})
		rows = append(rows, ledgerRow{event: e.ID, customer: fmt.Sprint(id), messageID: message, state: "sent"})
	}
	add(1, "a", feed.Event{Type: "CustomerRegistered", Data: json.RawMessage(`{"name":"a"}`)})
	add(2, "b", renamed("", "a", "b"))
	add(3, "c", renamed("", "b", "c"))
	add(4, "c", feed.Event{Type: markerEvent, Data: json.RawMessage(`{}`)})
	return p, seen, rows
}

func TestAuditNotices(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*Seen, *[]ledgerRow)
		want  string // Part of the only problem; empty: none.
		twice int
	}{
		{"all well", func(*Seen, *[]ledgerRow) {}, "", 0},
		{"a mail sent twice", func(s *Seen, _ *[]ledgerRow) { s.Mails = append(s.Mails, s.Mails[1]) }, "", 1},
		{"an event twice", func(s *Seen, _ *[]ledgerRow) { s.Events[2] = s.Events[1] }, "was published twice", 0},
		{"events out of order", func(s *Seen, _ *[]ledgerRow) { s.Events[1], s.Events[2] = s.Events[2], s.Events[1] }, "events of customer 7", 0},
		{"a row change lost", func(s *Seen, _ *[]ledgerRow) { s.Changes = s.Changes[1:] }, "row changes of customer 7", 0},
		{"a row change twice", func(s *Seen, _ *[]ledgerRow) { s.Changes[1] = s.Changes[0] }, "was published twice", 0},
		{"a mail lost", func(s *Seen, _ *[]ledgerRow) { s.Mails = s.Mails[:3] }, "mails of customer 7", 0},
		{"mails out of order", func(s *Seen, _ *[]ledgerRow) { s.Mails[0], s.Mails[1] = s.Mails[1], s.Mails[0] }, "mails of customer 7", 0},
		{"a ledger row too many", func(_ *Seen, r *[]ledgerRow) { *r = append(*r, (*r)[3]) }, "ledger rows of customer 7", 0},
		{"a mail never sent", func(_ *Seen, r *[]ledgerRow) { (*r)[2].state = "failed" }, "is failed, not sent", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, seen, rows := seenOf(7)
			tt.spoil(&seen, &rows)
			var a audited
			a.changed(p, seen)
			a.told(p, seen)
			a.mailed(p, seen, rows)
			if a.twice != tt.twice {
				t.Errorf("mails sent twice: got %d, want %d", a.twice, tt.twice)
			}
			if tt.want == "" {
				if len(a.problems) > 0 {
					t.Errorf("got problems %v, want none", a.problems)
				}
				return
			}
			if len(a.problems) == 0 || !strings.Contains(fmt.Sprint(a.problems), tt.want) {
				t.Errorf("got problems %v, want one with %q", a.problems, tt.want)
			}
		})
	}
}

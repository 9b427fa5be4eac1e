package tour

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"telltale/internal/demo/feed"
)

// ledgerRow is a row of the mailer's ledger.
type ledgerRow struct{ event, customer, messageID, state string }

// ledger reads the whole ledger, in the order in which mails were planned.
func (w *World) ledger(ctx context.Context) ([]ledgerRow, error) {
	rows, err := w.consumers.QueryContext(ctx, "SELECT event_id, customer_id, message_id, state FROM mail_ledger ORDER BY seq")
	if err != nil {
		return nil, fmt.Errorf("read the mailer's ledger: %w", err)
	}
	defer rows.Close()
	var all []ledgerRow
	for rows.Next() {
		var r ledgerRow
		if err := rows.Scan(&r.event, &r.customer, &r.messageID, &r.state); err != nil {
			return nil, fmt.Errorf("read the mailer's ledger: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// shipped is how many consumers there are.
const shipped = 3

// settled waits until no consumer is behind another and every mail in the
// ledger was noted, which comes after the mail was taken. One of the consumers
// must have handled the last event before.
func (w *World) settled(ctx context.Context) error {
	const query = `SELECT NOT EXISTS (SELECT 1 FROM mail_ledger WHERE state = 'planned')
AND (SELECT COUNT(DISTINCT consumer) FROM consumer_offsets) = ?
AND NOT EXISTS (SELECT 1 FROM consumer_offsets GROUP BY topic, partition_id HAVING COUNT(*) < ? OR MIN(next_offset) < MAX(next_offset))`
	for {
		var settled bool
		if err := w.consumers.QueryRowContext(ctx, query, shipped, shipped).Scan(&settled); err != nil {
			return fmt.Errorf("ask how far the consumers are: %w", err)
		}
		if settled {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("wait for the consumers: %w", err)
		}
	}
}

// settledLedger reads the ledger when all is settled.
func (w *World) settledLedger(ctx context.Context) ([]ledgerRow, error) {
	if err := w.settled(ctx); err != nil {
		return nil, err
	}
	return w.ledger(ctx)
}

// learn remembers of which event every mail in the ledger came.
func (w *World) learn(rows []ledgerRow) {
	for _, r := range rows {
		w.mailEvents[r.messageID] = r.event
	}
}

// markAll marks customers by one statement, in a world in which the pipeline
// may be far behind, and waits until the mails about it were noted.
func (s *Story) markAll(ctx context.Context, crowd []*person) error {
	phone := s.world.nextMarker()
	args := []any{phone}
	for _, p := range crowd {
		args = append(args, p.ID)
	}
	statement := "UPDATE customers SET phone = ? WHERE id IN (?" + strings.Repeat(", ?", len(crowd)-1) + ")"
	if _, err := s.world.shell.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("mark %d customers: %w", len(crowd), err)
	}
	for _, p := range crowd {
		s.diary.set(p.ID, origin{}, "phone", phone)
	}
	for {
		done, err := s.world.marked(ctx, phone, len(crowd))
		if err != nil || done {
			return err
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("wait for the markers %s of %d customers: %w", phone, len(crowd), err)
		}
		if err := s.world.alive(); err != nil {
			return err
		}
	}
}

// marked tells whether the events of a marker have come, and their mails were
// noted.
func (w *World) marked(ctx context.Context, phone string, count int) (bool, error) {
	sight, _ := w.seen.look()
	markers := map[string]bool{}
	for _, e := range sight.events {
		if e.Type == markerEvent && field(e, "new_phone") == phone {
			markers[e.ID] = true
		}
	}
	if len(markers) < count {
		return false, nil
	}
	rows, err := w.ledger(ctx)
	if err != nil {
		return false, err
	}
	for _, r := range rows {
		if markers[r.event] && r.state != "planned" {
			delete(markers, r.event)
		}
	}
	return len(markers) == 0, nil
}

// audited is what came of a crowd.
type audited struct {
	changes, events, ledger, twice int
	eventTimes, mailTimes          times
	problems                       []error
}

// maxProblems bounds what an audit tells.
const maxProblems = 10

func (a *audited) problem(format string, args ...any) {
	if len(a.problems) < maxProblems {
		a.problems = append(a.problems, fmt.Errorf(format, args...))
	}
}

// audit compares all that was seen of the crowd with the names that it was
// given: everybody's first event is the registration, the last the marker.
func (s *Story) audit(ctx context.Context, crowd []*person) (audited, error) {
	var a audited
	rows, err := s.world.settledLedger(ctx)
	if err != nil {
		return a, err
	}
	s.world.learn(rows)
	sight, _ := s.world.seen.look()
	for _, p := range crowd {
		seen := sight.of(p.ID, s.world.mailEvents)
		a.changed(p, seen)
		a.told(p, seen)
		a.mailed(p, seen, rows)
	}
	return a, nil
}

// changed checks the row changes: each once, from name to name.
func (a *audited) changed(p *person, seen Seen) {
	a.changes += len(seen.Changes)
	var got []string
	known := map[string]bool{}
	for _, c := range seen.Changes {
		if known[c.ID] {
			a.problem("the row change %s was published twice", c.ID)
		}
		known[c.ID] = true
		got = append(got, text(columns(c.After)["name"]))
	}
	want := append(slices.Clone(p.names), p.names[len(p.names)-1]) // The marker keeps the name.
	if !slices.Equal(got, want) {
		a.problem("row changes of customer %d: got %d names %q, want %d names %q", p.ID, len(got), brief(got), len(want), brief(want))
	}
}

// told checks the events: each once, in order.
func (a *audited) told(p *person, seen Seen) {
	a.events += len(seen.Events)
	want := []string{"CustomerRegistered " + p.names[0]}
	for i := range p.names[1:] {
		want = append(want, fmt.Sprintf("CustomerNameChanged %s → %s", p.names[i], p.names[i+1]))
	}
	want = append(want, markerEvent)
	var got []string
	known := map[string]bool{}
	for _, e := range seen.Events {
		if known[e.ID] {
			a.problem("the event %s was published twice", e.ID)
		}
		known[e.ID] = true
		a.eventTimes = append(a.eventTimes, e.Seen.Sub(e.Time))
		got = append(got, summary(e))
	}
	if !slices.Equal(got, want) {
		a.problem("events of customer %d: got %d %q, want %d %q", p.ID, len(got), brief(got), len(want), brief(want))
	}
}

func summary(e feed.Event) string {
	switch e.Type {
	case "CustomerRegistered":
		return e.Type + " " + field(e, "name")
	case "CustomerNameChanged":
		return fmt.Sprintf("%s %s → %s", e.Type, field(e, "old_name"), field(e, "new_name"))
	}
	return e.Type
}

// mailed checks the ledger, one row an event in the order of the events, and
// the mails: each row's was taken at least once, again only with the same
// Message-ID, and for the first time in the order of the rows.
func (a *audited) mailed(p *person, seen Seen, ledger []ledgerRow) {
	var events, planned, rows, taken []string
	for _, e := range seen.Events {
		events = append(events, e.ID)
	}
	for _, r := range ledger {
		if r.customer != strconv.FormatUint(p.ID, 10) {
			continue
		}
		rows, planned = append(rows, r.event), append(planned, r.messageID)
		if r.state != "sent" {
			a.problem("the mail of event %s is %s, not sent", r.event, r.state)
		}
	}
	commits := map[string]time.Time{}
	for _, e := range seen.Events {
		commits[e.ID] = e.Time
	}
	for _, m := range seen.Mails {
		if slices.Contains(taken, m.ID) {
			a.twice++
			continue
		}
		taken = append(taken, m.ID)
		a.mailTimes = append(a.mailTimes, m.At.Sub(commits[m.Event]))
	}
	a.ledger += len(rows)
	if !slices.Equal(rows, events) {
		a.problem("ledger rows of customer %d: got %d, want one for each of %d events, in their order", p.ID, len(rows), len(events))
	}
	if !slices.Equal(taken, planned) {
		a.problem("mails of customer %d: got %d different ones, want those of %d ledger rows, in their order", p.ID, len(taken), len(planned))
	}
}

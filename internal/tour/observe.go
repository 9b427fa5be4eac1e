package tour

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"telltale/internal/demo/feed"
)

// observeTime bounds how long a step's consequences take to arrive.
const observeTime = 30 * time.Second

// Markers are changes of the phone number to one that nobody else uses.
const (
	markerPhone = "+1 555 01%02d"
	markerEvent = "CustomerPhoneChanged"
)

// nextMarker is a phone number that was never there.
func (w *World) nextMarker() string {
	w.markers++
	return fmt.Sprintf(markerPhone, w.markers)
}

// mark makes the marker and waits until its event, its mail and all consumers
// are done with it: then everything before it has been seen, since what concerns
// one customer comes in order.
func (w *World) mark(ctx context.Context, customer uint64, phone string) (Seen, error) {
	if _, err := w.shell.ExecContext(ctx, "UPDATE customers SET phone = ? WHERE id = ?", phone, customer); err != nil {
		return Seen{}, fmt.Errorf("mark customer %d: %w", customer, err)
	}
	seen, err := w.await(ctx, customer, "the marker "+phone, func(s Seen) bool {
		i := len(s.Events) - 1
		if i < 0 || s.Events[i].Type != markerEvent || field(s.Events[i], "new_phone") != phone {
			return false
		}
		changed := slices.ContainsFunc(s.Changes, func(c feed.Change) bool { return c.ID == s.Events[i].Change })
		return changed && slices.ContainsFunc(s.Mails, func(m Mail) bool { return m.Event == s.Events[i].ID })
	})
	if err != nil {
		return seen, err
	}
	if last := seen.Changes[len(seen.Changes)-1]; last.ID != seen.Events[len(seen.Events)-1].Change {
		return seen, errors.New("the marker's row change is not the customer's last")
	}
	if err := w.settled(ctx); err != nil {
		return seen, err
	}
	seen, _, err = w.look(ctx, customer)
	return seen, err
}

// withoutMarker leaves out the marker, which is the last change and event, and
// its mail.
func (s Seen) withoutMarker() Seen {
	marker := s.Events[len(s.Events)-1].ID
	return Seen{
		Changes: s.Changes[:len(s.Changes)-1],
		Events:  s.Events[:len(s.Events)-1],
		Mails:   slices.DeleteFunc(slices.Clone(s.Mails), func(m Mail) bool { return m.Event == marker }),
	}
}

// String names what was seen, for errors.
func (s Seen) String() string {
	var parts []string
	for _, c := range s.Changes {
		parts = append(parts, fmt.Sprintf("row change %s %s", c.Op, c.ID))
	}
	for _, e := range s.Events {
		parts = append(parts, fmt.Sprintf("event %s %s", e.Type, e.Data))
	}
	for _, m := range s.Mails {
		parts = append(parts, fmt.Sprintf("mail to %s: %s", m.To, m.Subject))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	counts := fmt.Sprintf("%d row changes, %d events, %d mails: ", len(s.Changes), len(s.Events), len(s.Mails))
	return counts + strings.Join(brief(parts), "; ")
}

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

// observe does something to a customer and returns all that came of it: what
// was seen after before and ahead of a marker, which is returned too as the end
// for the next step.
func (w *World) observe(ctx context.Context, before Seen, do func(context.Context) (customer uint64, err error)) (came, end Seen, err error) {
	ctx, cancel := context.WithTimeout(ctx, observeTime)
	defer cancel()
	id, err := do(ctx)
	if err != nil {
		return came, before, err
	}
	end, err = w.mark(ctx, id)
	if err != nil {
		return came, end, err
	}
	return end.after(before).withoutMarker(), end, nil
}

// mark makes the marker and waits until its mail was taken: then everything
// before it has been seen, since what concerns one customer comes in order.
func (w *World) mark(ctx context.Context, customer uint64) (Seen, error) {
	w.markers++
	phone := fmt.Sprintf(markerPhone, w.markers)
	if _, err := w.shell.ExecContext(ctx, "UPDATE customers SET phone = ? WHERE id = ?", phone, customer); err != nil {
		return Seen{}, fmt.Errorf("mark customer %d: %w", customer, err)
	}
	seen, err := w.await(ctx, customer, "the marker "+phone, func(s Seen) bool {
		i := len(s.Events) - 1
		if i < 0 || s.Events[i].Type != markerEvent || field(s.Events[i], "new_phone") != phone {
			return false
		}
		changed := slices.ContainsFunc(s.Changes, func(c feed.Change) bool { return c.ID == s.Events[i].Change })
		return changed && len(s.Mails) > 0 && s.Mails[len(s.Mails)-1].Event == s.Events[i].ID
	})
	if err != nil {
		return seen, err
	}
	if last := seen.Changes[len(seen.Changes)-1]; last.ID != seen.Events[len(seen.Events)-1].Change {
		return seen, errors.New("the marker's row change is not the customer's last")
	}
	return seen, nil
}

// withoutMarker leaves the marker out, which is the last of each kind.
func (s Seen) withoutMarker() Seen {
	return Seen{
		Changes: s.Changes[:len(s.Changes)-1],
		Events:  s.Events[:len(s.Events)-1],
		Mails:   s.Mails[:len(s.Mails)-1],
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

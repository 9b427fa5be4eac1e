package tour

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"telltale/internal/demo/feed"
)

// want is what must come of a step, no more and no less, each kind in order.
type want struct {
	// ops are the row changes: c, u or d.
	ops    []string
	events []wantEvent
	// mails are the recipients.
	mails []string
}

// wantEvent is an event whose data has at least these fields.
type wantEvent struct {
	kind string
	data map[string]any
}

// compare says what is not exactly so.
func (w want) compare(came Seen) error {
	var ops, mails []string
	for _, c := range came.Changes {
		ops = append(ops, c.Op)
	}
	for _, m := range came.Mails {
		mails = append(mails, m.To)
	}
	return errors.Join(
		same("row changes", ops, w.ops),
		w.compareEvents(came.Events),
		same("mails", mails, w.mails),
		caused(came),
	)
}

func same(what string, got, want []string) error {
	if len(got) == 0 && len(want) == 0 || reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Errorf("%s: got %q, want %q", what, got, want)
}

func (w want) compareEvents(events []feed.Event) error {
	var got, kinds []string
	for _, e := range events {
		got = append(got, e.Type)
	}
	for _, e := range w.events {
		kinds = append(kinds, e.kind)
	}
	if err := same("events", got, kinds); err != nil {
		return err
	}
	var errs []error
	for i, e := range w.events {
		errs = append(errs, e.compare(events[i]))
	}
	return errors.Join(errs...)
}

func (w wantEvent) compare(e feed.Event) error {
	var data map[string]any
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("data of %s: %w", e.ID, err)
	}
	for name, value := range w.data {
		if !reflect.DeepEqual(data[name], value) {
			return fmt.Errorf("%s of %s: got %v, want %v", name, e.Type, data[name], value)
		}
	}
	return nil
}

// caused checks that each event names one of the row changes and each mail one
// of the events, and that no identity is there twice.
func caused(s Seen) error {
	known := map[string]bool{}
	var errs []error
	for _, c := range s.Changes {
		if known[c.ID] {
			errs = append(errs, fmt.Errorf("the row change %s was seen twice", c.ID))
		}
		known[c.ID] = true
	}
	for _, e := range s.Events {
		if known[e.ID] || !known[e.Change] {
			errs = append(errs, fmt.Errorf("the event %s was seen twice or comes of no row change of this step", e.ID))
		}
		known[e.ID] = true
	}
	for _, m := range s.Mails {
		if !known[m.Event] {
			errs = append(errs, fmt.Errorf("the mail %s comes of no event of this step", m.ID))
		}
	}
	return errors.Join(errs...)
}

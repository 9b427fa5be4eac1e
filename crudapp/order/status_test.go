package order_test

import (
	"errors"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// TestAllows goes through every step that one could think of.
func TestAllows(t *testing.T) {
	t.Parallel()
	type asked struct {
		from, to order.Status
		by       order.Party
	}
	allowed := map[asked]bool{
		{order.StatusPlaced, order.StatusPaid, order.ByCustomer}:      true,
		{order.StatusPlaced, order.StatusPaid, order.ByStaff}:         true,
		{order.StatusPlaced, order.StatusCancelled, order.ByCustomer}: true,
		{order.StatusPlaced, order.StatusCancelled, order.ByStaff}:    true,
		{order.StatusPlaced, order.StatusCancelled, order.ByShop}:     true,
		{order.StatusPaid, order.StatusShipped, order.ByStaff}:        true,
		{order.StatusPaid, order.StatusCancelled, order.ByStaff}:      true,
	}
	for _, from := range order.Statuses() {
		for _, to := range order.Statuses() {
			for _, by := range []order.Party{order.ByCustomer, order.ByStaff, order.ByShop} {
				if got, want := from.Allows(to, by), allowed[asked{from, to, by}]; got != want {
					t.Errorf("a step from %s to %s by %s: %v, want %v", from, to, by, got, want)
				}
			}
		}
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 16, 0, 0, 0, time.UTC)
	stored := order.Order{ID: 7, Status: order.StatusPlaced, Version: 3, Total: 420}
	for name, test := range map[string]struct {
		step     order.Transition
		conflict bool
		status   bool
	}{
		"from the stored version": {step: order.Transition{Version: 3, To: order.StatusPaid, By: order.ByCustomer}},
		"from whichever version":  {step: order.Transition{Version: order.AnyVersion, To: order.StatusPaid, By: order.ByStaff}},
		"from none":               {step: order.Transition{To: order.StatusPaid, By: order.ByStaff}, conflict: true},
		"from an older version":   {step: order.Transition{Version: 2, To: order.StatusPaid, By: order.ByCustomer}, conflict: true},
		"a step that is none":     {step: order.Transition{Version: 3, To: order.StatusShipped, By: order.ByStaff}, status: true},
		"older, and no step":      {step: order.Transition{Version: 2, To: order.StatusShipped, By: order.ByStaff}, conflict: true},
	} {
		test.step.OrderID, test.step.At = 7, at
		got, err := test.step.Apply(stored)
		_, conflict := errors.AsType[*order.Conflict](err)
		_, status := errors.AsType[*order.StatusError](err)
		if conflict != test.conflict || status != test.status {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			if code := crudapp.ErrorCode(err); code != crudapp.CodeConflict {
				t.Errorf("%s: code %s, want %s", name, code, crudapp.CodeConflict)
			}
			continue
		}
		if got.Status != test.step.To || got.Version != 4 || got.UpdatedAt != at || got.Total != 420 || !got.CancelledAt.IsZero() {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	got, err := order.Transition{OrderID: 7, Version: 3, To: order.StatusCancelled, By: order.ByStaff, Reason: "Out of yeast.", At: at}.Apply(stored)
	if err != nil || got.CancelledAt != at || got.CancelReason != "Out of yeast." {
		t.Errorf("cancelled: got %+v, %v", got, err)
	}
}

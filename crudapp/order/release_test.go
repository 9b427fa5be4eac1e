package order_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// counter is a store of orders that wait, the oldest first.
type counter struct {
	order.Store
	orders []order.Order
	// quicker is the id of an order that somebody pays after it was found, and broken
	// that of one that cannot be cancelled.
	quicker, broken uint64
	// actor is on whose behalf the last order was cancelled.
	actor string
	// seen is called after each look.
	seen func()
}

func (c *counter) WaitingOrders(_ context.Context, w order.Waiting) ([]order.Order, error) {
	if c.seen != nil {
		defer c.seen()
	}
	var found []order.Order
	for _, o := range c.orders {
		if o.Status == order.StatusPlaced && o.ID > w.After && o.PlacedAt.Before(w.PlacedBefore) && len(found) < w.Limit {
			found = append(found, o)
		}
	}
	return found, nil
}

func (c *counter) CancelOrder(ctx context.Context, cancellation order.Cancellation) (order.Order, error) {
	c.actor = crudapp.OriginFrom(ctx).Actor
	stored := &c.orders[cancellation.OrderID-1]
	switch stored.ID {
	case c.quicker:
		stored.Status = order.StatusPaid
		stored.Version++
	case c.broken:
		return order.Order{}, errors.New("no such table")
	}
	next, err := cancellation.Apply(*stored)
	if err == nil {
		*stored = next
	}
	return next, err
}

// waitingSince returns orders that wait, each placed so long before at.
func waitingSince(ages ...time.Duration) []order.Order {
	orders := make([]order.Order, len(ages))
	for i, age := range ages {
		orders[i] = order.Order{ID: uint64(i + 1), Status: order.StatusPlaced, PlacedAt: at.Add(-age), Version: 1}
	}
	return orders
}

func TestReleaseUnpaid(t *testing.T) {
	t.Parallel()
	ages := make([]time.Duration, 250) // More than are read at once.
	for i := range ages {
		ages[i] = 2 * time.Hour
	}
	ages = append(ages, 59*time.Minute)
	store := &counter{orders: waitingSince(ages...), quicker: 7, broken: 8}
	orders := order.New(order.Options{Store: store, KeepFor: time.Hour, Now: func() time.Time { return at }})
	released, err := orders.ReleaseUnpaid(t.Context())
	if released != 248 || err == nil || !strings.Contains(err.Error(), "cancel order 8, which waited since 2026-11-21T14:00:00Z: no such table") {
		t.Errorf("ReleaseUnpaid = %d, %v, want 248 and what is wrong with order 8", released, err)
	}
	cancelled := order.Order{
		ID: 1, Status: order.StatusCancelled, PlacedAt: at.Add(-2 * time.Hour), CancelledAt: at.Truncate(time.Microsecond),
		CancelReason: "Not paid in time.", UpdatedAt: at.Truncate(time.Microsecond), Version: 2,
	}
	if got := store.orders[0]; !reflect.DeepEqual(got, cancelled) {
		t.Errorf("order 1 is %+v, want %+v", got, cancelled)
	}
	for id, want := range map[int]order.Status{7: order.StatusPaid, 8: order.StatusPlaced, 250: order.StatusCancelled, 251: order.StatusPlaced} {
		if got := store.orders[id-1].Status; got != want {
			t.Errorf("order %d is %s, want %s", id, got, want)
		}
	}
}

func TestKeptUntil(t *testing.T) {
	t.Parallel()
	paid := order.Order{Status: order.StatusPaid, PlacedAt: at}
	for name, test := range map[string]struct {
		keepFor time.Duration
		order   order.Order
		want    time.Time
	}{
		"an hour":  {time.Hour, waitingSince(0)[0], at.Add(time.Hour)},
		"for ever": {0, waitingSince(0)[0], time.Time{}},
		"paid":     {time.Hour, paid, time.Time{}},
	} {
		store := &counter{orders: waitingSince(1000 * time.Hour)}
		orders := order.New(order.Options{Store: store, KeepFor: test.keepFor, Now: func() time.Time { return at }})
		if got := orders.KeptUntil(test.order); !got.Equal(test.want) {
			t.Errorf("%s: KeptUntil = %s, want %s", name, got, test.want)
		}
		if released, err := orders.ReleaseUnpaid(t.Context()); err != nil || (released > 0) != (test.keepFor > 0) {
			t.Errorf("%s: ReleaseUnpaid = %d, %v", name, released, err)
		}
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	store := &counter{orders: waitingSince(2*time.Hour, 2*time.Hour), broken: 2}
	looks := 0
	store.seen = func() {
		if looks++; looks == 2 {
			stop()
		}
	}
	var log bytes.Buffer
	orders := order.New(order.Options{Store: store, KeepFor: time.Hour, Now: func() time.Time { return at }})
	err := orders.Release(ctx, order.Release{Every: time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil || store.orders[0].Status != order.StatusCancelled || store.actor != "shop" {
		t.Errorf("Release returned %v, order 1 is %s for %q, want it cancelled for the shop", err, store.orders[0].Status, store.actor)
	}
	for _, want := range []string{`msg="unpaid orders are cancelled" orders=1`, `msg="unpaid orders are not cancelled" error="cancel order 2`} {
		if got := strings.Count(log.String(), want); got != 1 {
			t.Errorf("%s is there %d times, want once, in\n%s", want, got, log.String())
		}
	}
}

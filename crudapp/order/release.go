package order

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"telltale/crudapp"
)

const (
	// releaseBatch bounds how many orders are read at once.
	releaseBatch = 100
	// releaseReason is what the customer is told.
	releaseReason = "Not paid in time."
	// releaseActor is on whose behalf statements run that nobody asked for.
	releaseActor = "shop"
)

// Release says how orders are cancelled that nobody pays.
type Release struct {
	// Every is the pause between two looks. Above 0.
	Every time.Duration
	// Logger is told of what was cancelled and of what went wrong. Required.
	Logger *slog.Logger
}

// KeptUntil is when an order is cancelled unless it is paid, or zero for one that is
// kept for as long as it takes, or does not wait.
func (o *Orders) KeptUntil(waiting Order) time.Time {
	if o.keepFor == 0 || waiting.Status != StatusPlaced {
		return time.Time{}
	}
	return waiting.PlacedAt.Add(o.keepFor)
}

// Release cancels orders that have waited for longer than the shop keeps them, now and
// again and again, until ctx ends; then it returns nil. What goes wrong is logged and
// tried again at the next look. Several instances of the shop may do so at once: an
// order is cancelled once.
func (o *Orders) Release(ctx context.Context, r Release) error {
	ctx = crudapp.WithActor(ctx, releaseActor)
	tick := time.NewTicker(r.Every)
	defer tick.Stop()
	for {
		released, err := o.ReleaseUnpaid(ctx)
		if released > 0 {
			r.Logger.Info("unpaid orders are cancelled", slog.Int("orders", released))
		}
		if err != nil && ctx.Err() == nil {
			r.Logger.Error("unpaid orders are not cancelled", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// ReleaseUnpaid cancels the orders that have waited to be paid for longer than the shop
// keeps them, so that others can have their goods, and returns how many those were.
// What is paid or cancelled at the same moment is left as it is. One that cannot be
// cancelled is in no other's way. A shop that keeps them for ever cancels none.
func (o *Orders) ReleaseUnpaid(ctx context.Context) (released int, err error) {
	if o.keepFor == 0 {
		return 0, nil
	}
	waiting := Waiting{PlacedBefore: o.clock().Add(-o.keepFor), Limit: releaseBatch}
	for {
		found, readErr := o.store.WaitingOrders(ctx, waiting)
		if readErr != nil {
			return released, errors.Join(err, readErr)
		}
		for _, one := range found {
			won, cancelErr := o.release(ctx, one)
			if won {
				released++
			}
			err = errors.Join(err, cancelErr)
		}
		if len(found) < releaseBatch || ctx.Err() != nil {
			return released, err
		}
		waiting.After = found[len(found)-1].ID
	}
}

// release cancels an order from the version that was found, and reports whether nobody
// was quicker.
func (o *Orders) release(ctx context.Context, found Order) (bool, error) {
	_, err := o.store.CancelOrder(ctx, Cancellation{Transition: Transition{
		OrderID: found.ID, Version: found.Version, To: StatusCancelled, By: ByShop, Reason: releaseReason, At: o.clock(),
	}})
	if _, changed := errors.AsType[*Conflict](err); changed {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cancel order %d, which waited since %s: %w", found.ID, found.PlacedAt.Format(time.RFC3339), err)
	}
	return true, nil
}

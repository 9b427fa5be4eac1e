package api

import (
	"context"
	"net/http"
	"time"

	"telltale/load"
)

// reread reads all of the visitor's again, and records what is different.
func (v *visit) reread(ctx context.Context) (load.Outcome, error) {
	before, asked := *v.who, v.from
	if err := v.who.load(ctx, v); err != nil {
		v.from = asked
		return "", err
	}
	return v.different(ctx, before, asked, load.Committed)
}

// different records what of the visitor's is not as it was before, with an outcome and
// as the doing of the request that was asked, and behind it the sessions that were opened
// to read this. Where nothing is different, it was read.
func (v *visit) different(ctx context.Context, before visitor, asked origin, o load.Outcome) (load.Outcome, error) {
	opened := v.changes
	v.changes, v.from = nil, asked
	if err := v.differences(before); err != nil {
		return "", err
	}
	changed := v.changes
	v.changes = opened
	if len(changed) == 0 {
		return load.Read, v.flush()
	}
	if err := v.recorder.Note(v.step, o, changed); err != nil {
		return "", err
	}
	if err := v.flush(); err != nil {
		return "", err
	}
	return o, v.takeStock(ctx)
}

const (
	// again is the pause before the shop is asked again for what became of a request,
	// and patience how long it may be away.
	again    = 200 * time.Millisecond
	patience = time.Minute
)

// patiently tries again while answers are lost, and tells whether it got one.
func patiently(ctx context.Context, try func(context.Context) error) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if err := try(ctx); !isLost(err) {
			return err == nil, err
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(again):
		}
	}
}

// resolve finds out what became of a request whose answer was lost. The shop may be at
// it still, or at what it was asked before, so the visitor does not come back.
func (v *visit) resolve(ctx context.Context) (load.Outcome, error) {
	if err := v.recorder.Note(v.step, load.Unknown, nil); err != nil || v.who == nil {
		return load.Unknown, err
	}
	v.retire()
	return v.readBack(ctx)
}

// readBack records what became of the last request, of which the record says that this is
// unknown: whatever of the visitor's is not as it was is the request's doing. Where
// nothing is different, and where the shop is away for long, it stays unknown.
func (v *visit) readBack(ctx context.Context) (load.Outcome, error) {
	before, asked := *v.who, v.from
	answered, err := patiently(ctx, func(ctx context.Context) error { return v.who.load(ctx, v) })
	if err != nil {
		return "", err
	}
	if !answered {
		v.retire()
		return load.Unknown, v.flush()
	}
	outcome, err := v.different(ctx, before, asked, load.Landed)
	if outcome == load.Read {
		return load.Unknown, err
	}
	return outcome, err
}

// retire leaves a visitor out from now on.
func (v *visit) retire() {
	for i, one := range v.visitors {
		if one == v.who {
			v.visitors = append(v.visitors[:i:i], v.visitors[i+1:]...)
			return
		}
	}
}

// takeStock reads how much there is of products of whose stock the visit knows that it
// was changed and not how much was left.
func (v *visit) takeStock(ctx context.Context) error {
	if v.target.clerk == nil {
		return nil
	}
	for _, id := range v.untold {
		if err := recordRead(ctx, v, stockPath(id), load.Stock, func(s stockRow) any { return s }); err != nil {
			return err
		}
	}
	return nil
}

// recordRead reads something as staff and records its row as one that was read, unless
// the shop does not answer for long, or somebody has removed it.
func recordRead[A any](ctx context.Context, v *visit, path, table string, row func(A) any) error {
	var shown A
	gone := false
	answered, err := patiently(ctx, func(ctx context.Context) error {
		a, err := v.ask(ctx, request{method: http.MethodGet, path: path, party: asStaff, into: &shown})
		if err != nil || a.ok() {
			return err
		}
		if gone = a.status == http.StatusNotFound; gone {
			return nil
		}
		return unread("GET "+path, a)
	})
	if err != nil || !answered || gone {
		return err
	}
	read, err := load.NewReading(table, row(shown))
	if err != nil {
		return err
	}
	return v.recorder.Note(v.step, load.Read, []load.Change{read})
}

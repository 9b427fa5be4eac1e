package api

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"telltale/load"
)

// deed is something that a visitor does.
type deed struct {
	load.Deed
	do func(*visit, context.Context) (load.Outcome, error)
}

// worker has visitors of its own.
type worker struct {
	target   *Target
	run      string
	deeds    map[string]deed
	visitors []*visitor
}

// Close implements load.Worker.
func (w *worker) Close() error { return nil }

// Do implements load.Worker.
func (w *worker) Do(ctx context.Context, s load.Step, r *load.Recorder) (load.Outcome, error) {
	d, ok := w.deeds[s.Deed]
	if !ok {
		return "", fmt.Errorf("no deed is called %q", s.Deed)
	}
	v := &visit{worker: w, step: s, random: s.Random(), recorder: r}
	switch {
	case len(w.visitors) > 0:
		v.who = w.visitors[load.Popular(v.random, len(w.visitors))]
	case s.Deed != load.Arrive: // The last one has gone.
		d.do = (*visit).register
	}
	outcome, err := d.do(v, ctx)
	if isLost(err) {
		return v.resolve(ctx)
	}
	return outcome, err
}

// visit is a deed under way.
type visit struct {
	*worker
	step     load.Step
	random   *rand.Rand
	recorder *load.Recorder
	// who is the visitor, whose rows are what they were before the request under way.
	who     *visitor
	changes []load.Change
	// about is the order that is to be changed; zero where none is.
	about uint64
	// request names the last request.
	request string
	serial  int
}

// unique is a text that nothing else of the run has.
func (v *visit) unique(what string) string {
	v.serial++
	return fmt.Sprintf("%s %d.%d", what, v.step.N, v.serial)
}

// named gives a request an id of its own, which the shop passes on.
func (v *visit) named(r request) request {
	v.serial++
	v.request = fmt.Sprintf("load-%s-%d-%d", v.run, v.step.N, v.serial)
	header := map[string]string{"X-Request-Id": v.request}
	for name, value := range r.header {
		header[name] = value
	}
	r.header = header
	if v.who != nil {
		r.session = v.who.session
	}
	return r
}

// ask sends a request of the visitor's.
func (v *visit) ask(ctx context.Context, r request) (answer, error) {
	return v.target.send(ctx, v.named(r))
}

// product is one that is sold; some are much more popular than others.
func (v *visit) product() uint64 {
	return v.target.products[load.Popular(v.random, len(v.target.products))]
}

// keep records what the visit changed.
func (v *visit) keep() (load.Outcome, error) {
	return load.Committed, v.recorder.Note(v.step, load.Committed, v.changes)
}

// refused is what the shop's refusal comes to: anything that it may say to a customer
// is an outcome, what only a mistake of the load's can bring about is an error.
func (v *visit) refused(ctx context.Context, r request, a answer) (load.Outcome, error) {
	switch {
	case a.busy():
		return load.Refused, v.flush()
	case a.status == http.StatusUnauthorized:
		return v.unauthorized(ctx)
	}
	switch a.status {
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusPaymentRequired, http.StatusUnprocessableEntity, http.StatusNotFound:
		// What it has is not what the load takes it for, a product's stock for example.
		if err := v.who.load(ctx, v); err != nil {
			return "", err
		}
		return load.Refused, v.flush()
	}
	return "", fmt.Errorf("%s %s: the shop answers %d (%s)", r.method, r.path, a.status, a.problem)
}

// unauthorized signs the visitor in again, whose session has ended.
func (v *visit) unauthorized(ctx context.Context) (load.Outcome, error) {
	a, err := v.who.signIn(ctx, v)
	if err != nil {
		return "", err
	}
	if !a.ok() && !a.busy() {
		return "", fmt.Errorf("sign %s in again: the shop answers %d (%s)", v.who.email, a.status, a.problem)
	}
	return load.Refused, v.flush()
}

// flush records what a visit has changed so far, if anything, though the shop has
// refused the rest.
func (v *visit) flush() error {
	if len(v.changes) == 0 {
		return nil
	}
	changes := v.changes
	v.changes = nil
	return v.recorder.Note(v.step, load.Committed, changes)
}

const (
	// again is the pause before the shop is asked again for what became of a request,
	// and patience how long it may be away.
	again    = 200 * time.Millisecond
	patience = time.Minute
)

// resolve finds out what became of a request whose answer was lost: whatever of the
// visitor's is not as it was is the request's doing. Where nothing is different it
// stays unknown, since the shop may be at it still, for which the visitor does not
// come back.
func (v *visit) resolve(ctx context.Context) (load.Outcome, error) {
	if err := v.flush(); err != nil { // What was answered before, a new session for example.
		return "", err
	}
	if err := v.recorder.Note(v.step, load.Unknown, nil); err != nil || v.who == nil {
		return load.Unknown, err
	}
	v.retire()
	before, asked := *v.who, v.request
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := v.who.load(ctx, v)
		if err == nil {
			break
		}
		if !isLost(err) {
			return "", err
		}
		select {
		case <-ctx.Done():
			return load.Unknown, v.flush() // The record says so, too.
		case <-time.After(again):
		}
	}
	if err := v.flush(); err != nil {
		return "", err
	}
	v.request = asked
	if err := v.differences(before); err != nil {
		return "", err
	}
	if len(v.changes) == 0 {
		return load.Unknown, nil // The record says so, too.
	}
	return load.Landed, v.recorder.Note(v.step, load.Landed, v.changes)
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

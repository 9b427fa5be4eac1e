package api

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"

	"telltale/load"
)

// deed is something that a visitor does, or that staff do about one.
type deed struct {
	load.Deed
	do func(*visit, context.Context) (load.Outcome, error)
	// staff is set where only staff may.
	staff bool
}

// worker has visitors of its own, and products that it alone edits.
type worker struct {
	target   *Target
	run      string
	deeds    map[string]deed
	visitors []*visitor
	products []uint64
}

// Close implements load.Worker.
func (w *worker) Close() error { return nil }

// Do implements load.Worker.
func (w *worker) Do(ctx context.Context, s load.Step, r *load.Recorder) (load.Outcome, error) {
	d, ok := w.deeds[s.Deed]
	if !ok {
		return "", fmt.Errorf("no deed is called %q", s.Deed)
	}
	if d.staff && w.target.clerk == nil {
		return "", fmt.Errorf("only staff can %s, and no account of theirs was given", s.Deed)
	}
	v := &visit{worker: w, step: s, random: s.Random(), recorder: r, saved: map[string]origin{}}
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

// origin is on whose behalf a row is changed.
type origin struct {
	staff   bool
	request string
}

// visit is a deed under way.
type visit struct {
	*worker
	step     load.Step
	random   *rand.Rand
	recorder *load.Recorder
	// who is the visitor, whose rows are what they were before the request under way;
	// nil where it is about no visitor.
	who     *visitor
	changes []load.Change
	// about is the order that is to be changed, reviewed the product that is to be
	// reviewed; zero where none is.
	about, reviewed uint64
	// left is what the answer says of the stock that the request has changed, and
	// untold are products of which none said it.
	left   left
	untold []uint64
	// from is the last request's, saved the origins of those that save details, by the
	// name that each saves.
	from   origin
	saved  map[string]origin
	serial int
}

// unique is a text that nothing else of the run has.
func (v *visit) unique(what string) string {
	v.serial++
	return fmt.Sprintf("%s %d.%d", what, v.step.N, v.serial)
}

// requestID is the header that names a request, which the shop passes on.
const requestID = "X-Request-Id"

// named gives a request a name of its own and the sessions that it is made with.
func (v *visit) named(r request) request {
	v.serial++
	v.from = origin{r.party == asStaff, fmt.Sprintf("load-%s-%d-%d", v.run, v.step.N, v.serial)}
	header := map[string]string{requestID: v.from.request}
	for name, value := range r.header {
		header[name] = value
	}
	r.header = header
	if v.who != nil && r.party != asStaff {
		r.session = v.who.session
	}
	if v.target.clerk != nil && r.party != asCustomer {
		r.session = append(r.session[:len(r.session):len(r.session)], v.target.clerk.current()...)
	}
	return r
}

// ask sends a request. A clerk whose session has ended signs in again.
func (v *visit) ask(ctx context.Context, r request) (answer, error) {
	sent := v.named(r)
	a, err := v.target.send(ctx, sent)
	if err != nil || r.party != asStaff || a.status != http.StatusUnauthorized {
		return a, err
	}
	if a, err = v.target.clerk.renew(ctx, sent.session); err != nil || !a.ok() {
		return a, err
	}
	return v.target.send(ctx, v.named(r))
}

// submit asks for a change, which the shop may refuse, and then goes on.
func (v *visit) submit(ctx context.Context, r request, then func(context.Context) (load.Outcome, error)) (load.Outcome, error) {
	a, err := v.ask(ctx, r)
	if err != nil {
		return "", err
	}
	if !a.ok() {
		return v.refused(ctx, r, a)
	}
	return then(ctx)
}

// product is one that is sold; some are much more popular than others.
func (v *visit) product() uint64 {
	shelf := v.target.shelf()
	return shelf[load.Popular(v.random, len(shelf))]
}

// note adds a change, on behalf of whom the last request was made for.
func (v *visit) note(table string, before, after any) error {
	c, err := load.NewChange(table, before, after)
	if err != nil {
		return err
	}
	c.Actor, c.Request = v.actor(), v.from.request
	v.changes = append(v.changes, c)
	return nil
}

// actor is who that is, as the shop says it.
func (v *visit) actor() string {
	if v.from.staff {
		return "staff:" + strconv.FormatUint(v.target.clerk.id, 10)
	}
	return "customer:" + strconv.FormatUint(v.who.customer.ID, 10)
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
	case a.status == http.StatusUnauthorized && r.party != asStaff:
		return v.unauthorized(ctx)
	}
	switch a.status {
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusPaymentRequired, http.StatusUnprocessableEntity, http.StatusNotFound:
		// What it has is not what the load takes it for, a product's stock for example.
		if v.who == nil {
			return load.Refused, nil
		}
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

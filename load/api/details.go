package api

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"telltale/load"
)

// save asks the shop to store details, from the version that is known.
func (v *visit) save(name string, phone load.Nullable) request {
	c := v.who.customer
	body := map[string]any{"email": c.Email, "name": name, "phone": phone, "version": c.Version}
	return request{method: http.MethodPut, path: "/api/customers/me", body: body}
}

func (v *visit) details(ctx context.Context) (load.Outcome, error) {
	phone := v.who.customer.Phone
	if v.random.IntN(3) == 0 {
		phone = load.Nullable(fmt.Sprintf("+49 30 %d", 100_000+v.random.IntN(10_000_000)))
	}
	return v.saveAs(ctx, v.save(v.unique("Ann-Marie O'Neill"), phone))
}

// saveAs has the shop store the visitor's details as a request says.
func (v *visit) saveAs(ctx context.Context, r request) (load.Outcome, error) {
	saved := v.who.customer
	r.into = &saved
	return v.submit(ctx, r, func(context.Context) (load.Outcome, error) { return v.keepDetails(saved) })
}

// keepDetails records that the shop has stored the visitor's details.
func (v *visit) keepDetails(saved customer) (load.Outcome, error) {
	if err := v.noteCustomer(v.who.customer, saved); err != nil {
		return "", err
	}
	v.who.customer = saved
	return v.keep()
}

// tabs is how many save at the same moment.
const tabs = 5

func (v *visit) race(ctx context.Context) (load.Outcome, error) {
	type try struct {
		request
		saved customer
		answer
		err error
	}
	tries := make([]try, tabs)
	var racing sync.WaitGroup
	for i := range tries {
		one, name := &tries[i], v.unique("Racer")
		one.request = v.named(v.save(name, v.who.customer.Phone))
		one.into, v.saved[name] = &one.saved, v.from
		racing.Go(func() { one.answer, one.err = v.target.send(ctx, one.request) })
	}
	racing.Wait()
	before := v.who.customer
	var winners, refused []try
	var lost error
	for _, one := range tries {
		switch {
		case one.err != nil && !isLost(one.err):
			return "", one.err
		case one.err != nil:
			lost = one.err
		case one.ok():
			winners = append(winners, one)
		case one.status != http.StatusConflict:
			refused = append(refused, one)
		}
	}
	for _, one := range winners {
		v.from, v.who.customer = v.saved[one.saved.Name], one.saved
		if err := v.note(load.Customers, before, one.saved); err != nil {
			return "", err
		}
	}
	switch {
	case len(winners) > 1 || len(winners)+len(refused) == 0 && lost == nil:
		return "", fmt.Errorf("%d of %d tabs saved customer %d from version %d, want one", len(winners), tabs, before.ID, before.Version)
	case len(winners) == 1: // Others come too late, whenever they do.
		return v.keep()
	case lost != nil:
		return "", lost
	}
	return v.refused(ctx, refused[0].request, refused[0].answer)
}

// loseAnswer hangs up at a random moment. To save once more from the same version
// decides it: one of the two has taken place.
func (v *visit) loseAnswer(ctx context.Context) (load.Outcome, error) {
	moment, cancel := context.WithTimeout(ctx, time.Duration(v.random.Int64N(int64(10*time.Millisecond))))
	name := v.unique("Lost")
	saved := v.who.customer
	r := v.save(name, saved.Phone)
	r.into = &saved
	a, err := v.ask(moment, r)
	cancel()
	switch {
	case err == nil && a.ok():
		return v.keepDetails(saved)
	case err == nil:
		return v.refused(ctx, r, a)
	case !isLost(err):
		return "", err
	}
	v.saved[name] = v.from
	if err := v.recorder.Note(v.step, load.Unknown, nil); err != nil {
		return "", err
	}
	return v.saveAgain(ctx, v.from)
}

// saveAgain saves the visitor's details from the version from which a request saved them
// of which the record says that its outcome is unknown.
func (v *visit) saveAgain(ctx context.Context, first origin) (load.Outcome, error) {
	saved := v.who.customer
	r := v.save(v.unique("Again"), saved.Phone)
	r.into = &saved
	a, err := v.ask(ctx, r)
	switch {
	case isLost(err): // Either may come yet.
		v.retire()
		return v.readBack(ctx)
	case err != nil:
		return "", err
	case a.ok():
		if err := v.recorder.Note(v.step, load.Vanished, nil); err != nil {
			return "", err
		}
		_, err := v.keepDetails(saved)
		return load.Vanished, err
	case a.busy(), a.status == http.StatusUnauthorized: // The first may come yet.
		v.retire()
	case a.status != http.StatusConflict:
		return "", fmt.Errorf("%s %s: the shop answers %d (%s)", r.method, r.path, a.status, a.problem)
	}
	v.from = first
	return v.readBack(ctx)
}

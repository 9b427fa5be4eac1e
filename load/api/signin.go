package api

import (
	"context"
	"net/http"
	"slices"

	"telltale/load"
)

const signInsPath = "/api/customers/me/sign-ins"

// signInList is the shop's answer of it, the newest first.
type signInList struct {
	SignIns []signIn `json:"sign_ins"`
}

// of is a customer's, the oldest first.
func (l signInList) of(customer uint64) []signIn {
	slices.Reverse(l.SignIns)
	for i := range l.SignIns {
		l.SignIns[i].CustomerID = customer
	}
	return l.SignIns
}

// signIn opens a session and notes its row, unless the shop refuses.
func (who *visitor) signIn(ctx context.Context, v *visit) (answer, error) {
	body := map[string]string{"email": who.email, "password": who.password}
	var shown customer
	a, err := v.ask(ctx, request{method: http.MethodPost, path: "/api/session", body: body, into: &shown})
	if err != nil || !a.ok() {
		return a, err
	}
	who.session = a.cookies
	if who.customer.ID == 0 {
		who.customer = shown
	}
	who.seen.awaited = v.from
	err = who.readSignIn(ctx, v)
	v.from = who.seen.awaited
	return a, err
}

// readSignIn notes the row of the sign-in that has just succeeded. One before it whose
// answer was lost may be in the list, too, and is left to whoever resolves that.
func (who *visitor) readSignIn(ctx context.Context, v *visit) error {
	var list signInList
	a, err := v.ask(ctx, request{method: http.MethodGet, path: signInsPath, into: &list})
	if err == nil && !a.ok() {
		err = unread("GET "+signInsPath+" for "+who.email, a)
	}
	if err != nil || len(list.SignIns) == 0 {
		return err
	}
	return v.noteSignIns(list.of(who.customer.ID)[len(list.SignIns)-1:])
}

// noteSignIns notes rows, the oldest first, which the record does not have yet. The
// newest is the one that is awaited, if one is; others are the last request's.
func (v *visit) noteSignIns(rows []signIn) error {
	asked := v.from
	defer func() { v.from = asked }()
	seen := v.who.seen
	for i, row := range rows {
		if seen.ids[row.ID] {
			continue
		}
		v.from = asked
		if i == len(rows)-1 && seen.awaited != (origin{}) {
			v.from, seen.awaited = seen.awaited, origin{}
		}
		if err := v.note(load.SignIns, nil, row); err != nil {
			return err
		}
		seen.ids[row.ID] = true
	}
	return nil
}

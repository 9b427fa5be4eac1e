package web

import (
	"errors"
	"net/http"

	"telltale/crudapp"
	"telltale/crudapp/contact"
)

// account is the data of the account page.
type account struct {
	Fields []field
	// Version is the stored version that the form is made from.
	Version uint32
	// Saved is set right after a change.
	Saved bool
	// Conflict compares what the person wanted with what is stored, after
	// somebody else was first.
	Conflict []comparison
	// SignIns are the customer's last sign-ins, the newest first.
	SignIns []crudapp.SignedIn
	// Consent is whether the customer wants to hear of offers.
	Consent contact.Consent
}

// comparison is one detail on both sides of a conflict.
type comparison struct {
	Label, Yours, Stored string
}

// Differs reports whether the sides differ.
func (c comparison) Differs() bool { return c.Yours != c.Stored }

func (s *server) showAccount(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	s.renderAccount(w, r, page{customer: &c}, account{
		Fields: detailFields(c.Details, nil), Version: c.Version, Saved: r.URL.Query().Has("saved"),
	})
}

// renderAccount shows the account page with what it shows in any case.
func (s *server) renderAccount(w http.ResponseWriter, r *http.Request, p page, a account) {
	var err error
	if a.SignIns, err = s.accounts.SignIns(r.Context(), p.customer.ID); err != nil {
		s.fail(w, r, err)
		return
	}
	if a.Consent, err = s.contact.Consent(r.Context(), p.customer.ID); err != nil {
		s.fail(w, r, err)
		return
	}
	p.name, p.data = "account", a
	s.render(w, r, p)
}

func (s *server) changeAccount(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	if err := parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	version, err := postedVersion(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	details := postedDetails(r)
	_, err = s.accounts.ChangeDetails(r.Context(), c.ID, version, details)
	if err == nil {
		http.Redirect(w, r, "/account?saved", http.StatusSeeOther)
		return
	}
	s.showRefused(w, r, c, err, account{Fields: detailFields(details, nil), Version: version})
}

// showRefused shows a form again that could not be saved, with the person's
// values and the reason.
func (s *server) showRefused(w http.ResponseWriter, r *http.Request, c crudapp.Customer, err error, form account) {
	if problems, ok := problemsOf(err); ok {
		form.Fields = withProblems(form.Fields, problems)
		s.renderAccount(w, r, page{status: http.StatusUnprocessableEntity, customer: &c}, form)
		return
	}
	conflict, ok := errors.AsType[*crudapp.ConflictError](err)
	if !ok {
		s.fail(w, r, err)
		return
	}
	// To save from here is to decide with both sides in view, so the form now
	// starts from what is stored.
	form.Fields = detailFields(conflict.Yours, nil)
	form.Version = conflict.Stored.Version
	form.Conflict = compare(conflict.Yours, conflict.Stored.Details)
	s.renderAccount(w, r, page{status: http.StatusConflict, customer: &conflict.Stored}, form)
}

func compare(yours, stored crudapp.Details) []comparison {
	sides := []comparison{}
	theirs := detailFields(stored, nil)
	for i, f := range detailFields(yours, nil) {
		sides = append(sides, comparison{Label: f.Label, Yours: f.Value, Stored: theirs[i].Value})
	}
	return sides
}

package web

import (
	"errors"
	"net/http"

	"telltale/crudapp"
	"telltale/crudapp/contact"
)

const accountPath = "/account"

// account is the data of the account page.
type account struct {
	// Details is the form of the customer's details.
	Details versioned
	// Closing is the form to close the account.
	Closing []field
	// SignIns are the customer's last sign-ins, the newest first.
	SignIns []crudapp.SignedIn
	// Consent is whether the customer wants to hear of offers.
	Consent contact.Consent
}

// detailsForm is the form of a customer's details as stored, which is shown at page
// and posted to it.
func detailsForm(page string, c crudapp.Customer) versioned {
	return opened(page, page, c.Version, detailFields(c.Details))
}

func (s *server) showAccount(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	form := detailsForm(accountPath, c)
	form.Saved = r.URL.Query().Has("saved")
	s.renderAccount(w, r, http.StatusOK, c, account{Details: form})
}

// renderAccount shows the account page with what it shows in any case.
func (s *server) renderAccount(w http.ResponseWriter, r *http.Request, status int, c crudapp.Customer, data account) {
	if data.Closing == nil {
		data.Closing = closeFields()
	}
	var err error
	if data.SignIns, err = s.accounts.SignIns(r.Context(), c.ID); err != nil {
		s.fail(w, r, err)
		return
	}
	if data.Consent, err = s.contact.Consent(r.Context(), c.ID); err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "account", status: status, customer: &c, data: data})
}

func (s *server) changeAccount(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	form, err := detailsForm(accountPath, c).posted(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_, err = s.accounts.ChangeDetails(r.Context(), c.ID, form.Version, detailsOf(form.value))
	if err == nil {
		http.Redirect(w, r, accountPath+"?saved", http.StatusSeeOther)
		return
	}
	form, stored, status := refusedDetails(form, c, err)
	if status == 0 {
		s.fail(w, r, err)
		return
	}
	s.renderAccount(w, r, status, stored, account{Details: form})
}

// refusedDetails returns the form of details that could not be saved, with the
// person's values and the reason, the customer as stored, and the status to answer
// with: 0 for an error that is none of the form's.
func refusedDetails(form versioned, c crudapp.Customer, err error) (versioned, crudapp.Customer, int) {
	if problems, ok := problemsOf(err); ok {
		return form.refused(problems), c, http.StatusUnprocessableEntity
	}
	conflict, ok := errors.AsType[*crudapp.ConflictError](err)
	if !ok {
		return form, c, 0
	}
	stored := conflict.Stored
	return form.against(stored.Version, detailFields(conflict.Yours), detailFields(stored.Details)), stored, http.StatusConflict
}

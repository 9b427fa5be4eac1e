package web

import (
	"net/http"

	"telltale/crudapp"
)

// closeFields are the inputs of a customer who closes the account.
func closeFields() []field {
	return []field{{
		Name: crudapp.FieldPassword, Label: "Password", Type: "password",
		Autocomplete: "current-password", Required: true,
	}}
}

func (s *server) closeAccount(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	if err := parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	err := s.endAccount(w, r, c, r.PostForm.Get(crudapp.FieldPassword))
	if problems, ok := problemsOf(err); ok {
		data := account{Details: detailsForm(accountPath, c), Closing: withProblems(closeFields(), problems)}
		s.renderAccount(w, r, http.StatusUnprocessableEntity, c, data)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// endAccount closes the customer's account, and with it the session.
func (s *server) endAccount(w http.ResponseWriter, r *http.Request, c crudapp.Customer, password string) error {
	closing := crudapp.Closing{Customer: c, Password: password, Network: clientOf(r, s.proxies).network}
	if err := s.accounts.Close(r.Context(), closing); err != nil {
		return err
	}
	s.cookies.clear(w)
	return nil
}

func (s *server) apiCloseAccount(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	var body struct {
		Password string `json:"password"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.endAccount(w, r, c, body.Password); err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

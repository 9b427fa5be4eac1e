package web

import (
	"net/http"
	"time"

	"telltale/crudapp"
)

// customerJSON is a customer as the API shows it.
type customerJSON struct {
	ID        uint64    `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Phone     *string   `json:"phone"`
	Country   *string   `json:"country"`
	Version   uint32    `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func newCustomerJSON(c crudapp.Customer) customerJSON {
	return customerJSON{
		ID: c.ID, Email: c.Email, Name: c.Name, Phone: optional(c.Phone), Country: optional(c.Country),
		Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
}

// optional shows the absence of a value as null.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// given is the value of an optional member, empty where it is absent.
func given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// signInJSON is a sign-in as the API shows it.
type signInJSON struct {
	ID         uint64    `json:"id"`
	Address    string    `json:"address"`
	UserAgent  string    `json:"user_agent"`
	SignedInAt time.Time `json:"signed_in_at"`
}

// detailsJSON is a customer's details as the API takes and shows them.
type detailsJSON struct {
	Email string  `json:"email"`
	Name  string  `json:"name"`
	Phone *string `json:"phone"`
	// Country may be absent: then it stays, or is the shop's own.
	Country *string `json:"country"`
}

func newDetailsJSON(d crudapp.Details) detailsJSON {
	return detailsJSON{Email: d.Email, Name: d.Name, Phone: optional(d.Phone), Country: optional(d.Country)}
}

func (d detailsJSON) details() crudapp.Details {
	return crudapp.Details{Email: d.Email, Name: d.Name, Phone: given(d.Phone), Country: given(d.Country)}
}

func (s *server) apiRegister(w http.ResponseWriter, r *http.Request) {
	var body struct {
		detailsJSON
		Password string `json:"password"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	customer, err := s.accounts.Register(r.Context(), crudapp.Registration{Details: body.details(), Password: body.Password})
	if err == nil {
		err = s.openSession(w, r, customer)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Location", "/api/customers/me")
	writeJSON(w, http.StatusCreated, newCustomerJSON(customer))
}

func (s *server) apiSignIn(w http.ResponseWriter, r *http.Request) {
	s.apiBegin(w, r, func(email, password string) (any, error) {
		customer, err := s.beginSession(w, r, email, password)
		return newCustomerJSON(customer), err
	})
}

// apiBegin answers whoever signs in by an address and a password. begin starts the
// session and returns whose it is, as the API shows them.
func (s *server) apiBegin(w http.ResponseWriter, r *http.Request, begin func(email, password string) (any, error)) {
	var body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	who, err := begin(body.Email, body.Password)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusCreated, who)
}

func (s *server) apiSignOut(w http.ResponseWriter, r *http.Request) {
	if err := s.endSession(w, r); err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) apiShow(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	writeVersion(w, r, c.Version, newCustomerJSON(c))
}

func (s *server) apiSignIns(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	signIns, err := s.accounts.SignIns(r.Context(), c.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := make([]signInJSON, 0, len(signIns))
	for _, in := range signIns {
		list = append(list, signInJSON{ID: in.ID, Address: in.Address, UserAgent: in.UserAgent, SignedInAt: in.At})
	}
	writeJSON(w, http.StatusOK, map[string][]signInJSON{"sign_ins": list})
}

func (s *server) apiChange(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	var body struct {
		detailsJSON
		Version uint32 `json:"version"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	from, fail := body.Version, s.fail
	var err error
	if r.Header.Get("If-Match") != "" {
		fail = s.failPrecondition
		if from, err = ifMatch(r, c.Version); err != nil {
			fail(w, r, err)
			return
		}
	}
	changed, err := s.accounts.ChangeDetails(r.Context(), c.ID, from, body.details())
	if err != nil {
		fail(w, r, err)
		return
	}
	w.Header().Set("ETag", etag(changed.Version))
	writeJSON(w, http.StatusOK, newCustomerJSON(changed))
}

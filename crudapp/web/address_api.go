package web

import (
	"net/http"
	"strconv"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/contact"
)

// postalJSON is what customers may change about an address, as the API takes it.
type postalJSON struct {
	Recipient string  `json:"recipient"`
	Street    string  `json:"street"`
	Postcode  *string `json:"postcode"`
	City      string  `json:"city"`
	Country   string  `json:"country"`
}

func newPostalJSON(p contact.Postal) postalJSON {
	return postalJSON{Recipient: p.Recipient, Street: p.Street, Postcode: optional(p.Postcode), City: p.City, Country: p.Country}
}

func (p postalJSON) postal() contact.Postal {
	return contact.Postal{Recipient: p.Recipient, Street: p.Street, Postcode: given(p.Postcode), City: p.City, Country: p.Country}
}

// addressJSON is an address as the API shows it.
type addressJSON struct {
	ID uint64 `json:"id"`
	postalJSON
	Default   bool      `json:"default"`
	Version   uint32    `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func newAddressJSON(a contact.Address) addressJSON {
	return addressJSON{
		ID: a.ID, postalJSON: newPostalJSON(a.Postal), Default: a.Default,
		Version: a.Version, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}

func (s *server) apiAddresses(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	all, err := s.contact.Addresses(r.Context(), c.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list := make([]addressJSON, len(all))
	for i, a := range all {
		list[i] = newAddressJSON(a)
	}
	writeJSON(w, http.StatusOK, map[string][]addressJSON{"addresses": list})
}

func (s *server) apiAddAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	var body postalJSON
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	a, err := s.contact.Add(r.Context(), c.ID, body.postal())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Location", "/api/customers/me/addresses/"+strconv.FormatUint(a.ID, 10))
	writeAddress(w, http.StatusCreated, a)
}

func writeAddress(w http.ResponseWriter, status int, a contact.Address) {
	w.Header().Set("ETag", etag(a.Version))
	writeJSON(w, status, newAddressJSON(a))
}

// ownAddress returns the address that the request names, one of the customer's.
func (s *server) ownAddress(r *http.Request, c crudapp.Customer) (contact.Address, error) {
	id, err := pathID(r)
	if err != nil {
		return contact.Address{}, err
	}
	return s.contact.Address(r.Context(), c.ID, id)
}

// ownAddressFrom returns the address of a request that changes it, and the
// version that it is changed from.
func (s *server) ownAddressFrom(r *http.Request, c crudapp.Customer) (contact.Address, uint32, error) {
	stored, err := s.ownAddress(r, c)
	if err != nil {
		return contact.Address{}, 0, err
	}
	from, err := ifMatch(r, stored.Version)
	return stored, from, err
}

// apiAddress shows one address. Whether it is the default is not counted by its
// version, so that it is shown in full whatever the client has.
func (s *server) apiAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	a, err := s.ownAddress(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeAddress(w, http.StatusOK, a)
}

func (s *server) apiChangeAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	stored, from, err := s.ownAddressFrom(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body postalJSON
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	a, err := s.contact.Change(r.Context(), c.ID, stored.ID, from, body.postal())
	if err != nil {
		s.failPrecondition(w, r, err)
		return
	}
	writeAddress(w, http.StatusOK, a)
}

func (s *server) apiRemoveAddress(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	stored, from, err := s.ownAddressFrom(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.contact.Remove(r.Context(), c.ID, stored.ID, from); err != nil {
		s.failPrecondition(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) apiMakeDefault(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	a, err := s.ownAddress(r, c)
	if err == nil {
		err = s.contact.MakeDefault(r.Context(), c.ID, a.ID)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// consentJSON is a customer's last decision as the API shows it.
type consentJSON struct {
	Given bool `json:"given"`
	// DecidedAt is null where there was no decision yet.
	DecidedAt *time.Time `json:"decided_at"`
}

func writeConsent(w http.ResponseWriter, c contact.Consent) {
	shown := consentJSON{Given: c.Given}
	if !c.At.IsZero() {
		shown.DecidedAt = &c.At
	}
	writeJSON(w, http.StatusOK, shown)
}

func (s *server) apiConsent(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	consent, err := s.contact.Consent(r.Context(), c.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeConsent(w, consent)
}

func (s *server) apiDecide(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	var body struct {
		Given *bool `json:"given"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if body.Given == nil {
		s.fail(w, r, crudapp.Invalid(map[string]string{"given": "Say whether consent is given."}))
		return
	}
	consent, err := s.contact.Decide(r.Context(), c.ID, *body.Given)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeConsent(w, consent)
}

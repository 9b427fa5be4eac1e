package web

import (
	"net/http"

	"telltale/crudapp"
)

func (s *server) apiCustomers(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	found, err := s.searched(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeList(w, "customers", found.Customers, found.Next, newCustomerJSON)
}

// ofCustomer has show answer for the customer that the address names what it answers
// customers themselves.
func (s *server) ofCustomer(show customerHandler) staffHandler {
	return func(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
		c, err := s.customerOf(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		show(w, r, c)
	}
}

func (s *server) apiCustomer(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	c, err := s.customerOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeVersion(w, r, c.Version, newCustomerJSON(c))
}

// customerFrom returns the customer of a request that changes one, and the version
// that the change is made from.
func (s *server) customerFrom(r *http.Request) (crudapp.Customer, uint32, error) {
	c, err := s.customerOf(r)
	if err != nil {
		return crudapp.Customer{}, 0, err
	}
	from, err := ifMatch(r, c.Version)
	return c, from, err
}

func (s *server) apiChangeCustomer(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	stored, from, err := s.customerFrom(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body detailsJSON
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	c, err := s.accounts.ChangeDetails(r.Context(), stored.ID, from, body.details())
	if err != nil {
		s.failPrecondition(w, r, err)
		return
	}
	w.Header().Set("ETag", etag(c.Version))
	writeJSON(w, http.StatusOK, newCustomerJSON(c))
}

func (s *server) apiCloseCustomer(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	stored, from, err := s.customerFrom(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.accounts.CloseFor(r.Context(), stored.ID, from); err != nil {
		s.failPrecondition(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

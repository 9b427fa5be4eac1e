package web

import (
	"net/http"
	"strconv"

	"telltale/crudapp"
	"telltale/crudapp/contact"
	"telltale/crudapp/order"
)

// customersPage is the data of the list of customers.
type customersPage struct {
	Customers []crudapp.Customer
	// Text is what was searched for.
	Text string
	// Next is the address of what follows, or empty.
	Next string
}

// staffCustomer is the data of a customer's page for staff.
type staffCustomer struct {
	crudapp.Customer
	Details   versioned
	Addresses []contact.Address
	Consent   contact.Consent
	// SignIns are the last, the newest first.
	SignIns []crudapp.SignedIn
	// Orders are the last.
	Orders []order.Order
	// Conflict is set where the account was to be closed and somebody else had changed
	// the details.
	Conflict bool
}

// routeCustomers adds what staff do for customers.
func (s *server) routeCustomers(mux *http.ServeMux) {
	for pattern, handler := range map[string]staffHandler{
		"GET /staff/customers":              s.showCustomers,
		"GET /staff/customers/{id}":         s.showCustomer,
		"POST /staff/customers/{id}":        s.changeCustomer,
		"POST /staff/customers/{id}/close":  s.closeCustomer,
		"GET /api/customers":                s.apiCustomers,
		"GET /api/customers/{id}":           s.apiCustomer,
		"PUT /api/customers/{id}":           s.apiChangeCustomer,
		"DELETE /api/customers/{id}":        s.apiCloseCustomer,
		"GET /api/customers/{id}/addresses": s.ofCustomer(s.apiAddresses),
		"GET /api/customers/{id}/consent":   s.ofCustomer(s.apiConsent),
		"GET /api/customers/{id}/orders":    s.ofCustomer(s.apiOrders),
		"GET /api/customers/{id}/sign-ins":  s.ofCustomer(s.apiSignIns),
	} {
		mux.HandleFunc(pattern, s.forStaff(handler))
	}
}

// searched returns the customers that the query of an address asks for.
func (s *server) searched(r *http.Request) (crudapp.FoundCustomers, error) {
	after, err := queryID(r, "after")
	if err != nil {
		return crudapp.FoundCustomers{}, err
	}
	return s.accounts.Search(r.Context(), r.URL.Query().Get("q"), after)
}

func (s *server) showCustomers(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	found, err := s.searched(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "staff-customers", staff: &staff, data: customersPage{
		Customers: found.Customers, Text: r.URL.Query().Get("q"), Next: nextPage(r.URL, "after", found.Next),
	}})
}

// customerPath is where a customer is shown to staff.
func customerPath(id uint64) string { return "/staff/customers/" + strconv.FormatUint(id, 10) }

// customerOf returns the customer that the address names.
func (s *server) customerOf(r *http.Request) (crudapp.Customer, error) {
	id, err := pathID(r)
	if err != nil {
		return crudapp.Customer{}, err
	}
	return s.accounts.Customer(r.Context(), id)
}

func (s *server) showCustomer(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	c, err := s.customerOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	form := detailsForm(customerPath(c.ID), c)
	form.Saved = r.URL.Query().Has("saved")
	s.renderCustomer(w, r, http.StatusOK, staff, staffCustomer{Customer: c, Details: form})
}

// renderCustomer shows a customer's page with what it shows in any case.
func (s *server) renderCustomer(w http.ResponseWriter, r *http.Request, status int, staff crudapp.Staff, data staffCustomer) {
	if err := s.addCustomer(r, &data); err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "staff-customer", status: status, staff: &staff, data: data})
}

func (s *server) addCustomer(r *http.Request, data *staffCustomer) (err error) {
	ctx, id := r.Context(), data.ID
	if data.Addresses, err = s.contact.Addresses(ctx, id); err != nil {
		return err
	}
	if data.Consent, err = s.contact.Consent(ctx, id); err != nil {
		return err
	}
	if data.SignIns, err = s.accounts.SignIns(ctx, id); err != nil {
		return err
	}
	orders, err := s.orders.Of(ctx, id, 0)
	data.Orders = orders.Orders
	return err
}

func (s *server) changeCustomer(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	c, err := s.customerOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	form, err := detailsForm(customerPath(c.ID), c).posted(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_, err = s.accounts.ChangeDetails(r.Context(), c.ID, form.Version, detailsOf(form.value))
	if err == nil {
		http.Redirect(w, r, customerPath(c.ID)+"?saved", http.StatusSeeOther)
		return
	}
	form, stored, status := refusedDetails(form, c, err)
	if status == 0 {
		s.fail(w, r, err)
		return
	}
	s.renderCustomer(w, r, status, staff, staffCustomer{Customer: stored, Details: form})
}

func (s *server) closeCustomer(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	c, err := s.customerOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	version, err := postedVersion(r)
	if err == nil {
		err = s.accounts.CloseFor(r.Context(), c.ID, version)
	}
	switch {
	case err == nil:
		http.Redirect(w, r, "/staff/customers", http.StatusSeeOther)
	case crudapp.ErrorCode(err) == crudapp.CodeConflict:
		data := staffCustomer{Customer: c, Details: detailsForm(customerPath(c.ID), c), Conflict: true}
		s.renderCustomer(w, r, http.StatusConflict, staff, data)
	default:
		s.fail(w, r, err)
	}
}

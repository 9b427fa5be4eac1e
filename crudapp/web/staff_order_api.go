package web

import (
	"net/http"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// staffOrderJSON is an order as the API shows it to staff.
type staffOrderJSON struct {
	orderJSON
	// Customer is whose it is, as the account is now.
	Customer buyerJSON `json:"customer"`
}

// buyerJSON is whose an order is.
type buyerJSON struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (s *server) newStaffOrderJSON(o order.Order) staffOrderJSON {
	return staffOrderJSON{orderJSON: s.newOrderJSON(o), Customer: buyerJSON{Name: o.Name, Email: o.Email}}
}

func (s *server) apiStaffOrders(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	q, err := orderQuery(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	found, err := s.orders.Search(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeList(w, "orders", found.Orders, found.Next, s.newStaffOrderJSON)
}

// anyOrder returns the order that the request names, whosever it is.
func (s *server) anyOrder(r *http.Request) (order.Order, error) {
	id, err := pathID(r)
	if err != nil {
		return order.Order{}, err
	}
	return s.orders.AnyOrder(r.Context(), id)
}

func (s *server) apiStaffOrder(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	o, err := s.anyOrder(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	// The customer's name is not counted by the order's version.
	w.Header().Set("ETag", etag(o.Version))
	writeJSON(w, http.StatusOK, s.newStaffOrderJSON(o))
}

func (s *server) apiStaffCancelOrder(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	stored, err := s.anyOrder(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.apiCancel(w, r, stored, true, func(from uint32, reason string) (order.Order, error) {
		return s.orders.CancelForStaff(r.Context(), staff, stored.ID, from, reason)
	})
}

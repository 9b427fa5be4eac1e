package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// orderQuery returns what the query of an address asks for: q is an order's number
// or how a customer's e-mail address begins, customer is a customer's number.
func orderQuery(r *http.Request) (order.Query, error) {
	values := r.URL.Query()
	q := order.Query{Status: order.Status(values.Get("status"))}
	if q.Status != "" && !slices.Contains(order.Statuses(), q.Status) {
		return order.Query{}, malformed(errors.New("status is none that an order has"))
	}
	text := strings.ToLower(strings.TrimSpace(values.Get("q")))
	if number, err := strconv.ParseUint(text, 10, 64); err == nil {
		q.Number = number
	} else {
		q.Email = text
	}
	var err error
	if q.CustomerID, err = queryID(r, "customer"); err != nil {
		return order.Query{}, err
	}
	q.Before, err = queryID(r, "before")
	return q, err
}

func (s *server) showStaffOrders(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
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
	data := ordersPage{
		Orders: found.Orders, Older: nextPage(r.URL, "before", found.Next),
		Text: r.URL.Query().Get("q"), Status: q.Status, Statuses: order.Statuses(), CustomerID: q.CustomerID,
	}
	s.render(w, r, page{name: "staff-orders", staff: &staff, data: data})
}

func (s *server) showStaffOrder(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	o, err := s.anyOrder(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.renderOrder(w, r, page{name: "staff-order", staff: &staff}, orderPage{Order: o, By: order.ByStaff})
}

func (s *server) staffCancelOrder(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
	o, err := s.anyOrder(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	version, err := postedCancel(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_, err = s.orders.CancelForStaff(r.Context(), staff, o.ID, version, postedText(r, order.FieldReason))
	if err == nil {
		http.Redirect(w, r, staffOrderAddress(o.ID), http.StatusSeeOther)
		return
	}
	s.refuseCancel(w, r, page{name: "staff-order", staff: &staff}, orderPage{Order: o, By: order.ByStaff}, err)
}

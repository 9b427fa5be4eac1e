package web

import (
	"errors"
	"net/http"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// ordersPage is the data of a list of orders.
type ordersPage struct {
	Orders []order.Order
	// Older is the address of what follows, or empty.
	Older string
	// Text and Status are what staff look for, and Statuses what there is.
	Text     string
	Status   order.Status
	Statuses []order.Status
	// CustomerID is of whom they look for orders, or 0.
	CustomerID uint64
}

// orderPage is the data of an order's page.
type orderPage struct {
	Order order.Order
	settlement
	// Good is what was done just now, and Bad why something was not; one of them, or
	// none.
	Good, Bad string
	// Reason is the reason to cancel that was typed, and Problem what is wrong with
	// it.
	Reason, Problem string
	// By is who looks at it.
	By order.Party
	// KeptUntil is when it is cancelled unless it is paid, or zero.
	KeptUntil time.Time
}

// Can reports whether who looks at the order may take it to a status.
func (p orderPage) Can(to order.Status) bool { return p.Order.Status.Allows(to, p.By) }

func (s *server) showOrders(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	before, err := queryID(r, "before")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	found, err := s.orders.Of(r.Context(), c.ID, before)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "orders", customer: &c, data: ordersPage{Orders: found.Orders, Older: nextPage(r.URL, "before", found.Next)}})
}

func (s *server) showOrder(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	o, err := s.ownOrder(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data := orderPage{Order: o, By: order.ByCustomer}
	switch done := r.URL.Query(); {
	case done.Has("placed"):
		data.Good = "Thank you. We have your order."
	case done.Has("before"):
		data.Good = "This is the order that you placed before. What you sent again was not ordered a second time."
	case done.Has("paid"):
		data.Good = "Thank you. Your order is paid."
	case done.Has("cancelled"):
		data.Good = "Your order is cancelled."
	}
	s.renderOrder(w, r, page{name: "order", customer: &c}, data)
}

// renderOrder shows the page of an order, for customers or staff, with what became of
// it.
func (s *server) renderOrder(w http.ResponseWriter, r *http.Request, p page, data orderPage) {
	var err error
	if data.settlement, err = s.settlement(r.Context(), data.Order); err != nil {
		s.fail(w, r, err)
		return
	}
	data.KeptUntil = s.orders.KeptUntil(data.Order)
	if data.By == order.ByCustomer && data.Payment != nil {
		data.Invoice = orderAddress(data.Order.ID) + "/invoice"
	}
	p.data = data
	s.render(w, r, p)
}

func (s *server) cancelOrder(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	o, err := s.ownOrder(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	version, err := postedCancel(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_, err = s.orders.Cancel(r.Context(), c.ID, o.ID, version, postedText(r, order.FieldReason))
	if err == nil {
		http.Redirect(w, r, orderAddress(o.ID)+"?cancelled", http.StatusSeeOther)
		return
	}
	s.refuseCancel(w, r, page{name: "order", customer: &c}, orderPage{Order: o, By: order.ByCustomer}, err)
}

// postedCancel reads the form that cancels an order and returns the version that it
// shows.
func postedCancel(r *http.Request) (uint32, error) {
	if err := parseForm(r); err != nil {
		return 0, err
	}
	return postedVersion(r)
}

// refuseCancel shows an order again, as it is now, that was not cancelled.
func (s *server) refuseCancel(w http.ResponseWriter, r *http.Request, p page, data orderPage, err error) {
	data.Reason = postedText(r, order.FieldReason)
	problems, invalid := problemsOf(err)
	conflict, conflicting := errors.AsType[*order.Conflict](err)
	late, tooLate := errors.AsType[*order.StatusError](err)
	switch {
	case invalid:
		data.Problem = problems[order.FieldReason]
	case conflicting:
		data.Order, data.Bad = conflict.Stored, "This order was changed elsewhere first. Look at it again before you cancel it."
	case tooLate:
		data.Order, data.Bad = late.Stored, failureOf(err).detail
	default:
		s.fail(w, r, err)
		return
	}
	p.status = failureOf(err).status
	s.renderOrder(w, r, p, data)
}

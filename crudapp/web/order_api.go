package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

// orderLineJSON is a line of an order as the API shows it.
type orderLineJSON struct {
	Line      uint16 `json:"line"`
	ProductID uint64 `json:"product_id"`
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	UnitPrice string `json:"unit_price"`
	Quantity  uint16 `json:"quantity"`
	Amount    string `json:"amount"`
}

// orderJSON is an order as the API shows it.
type orderJSON struct {
	ID         uint64     `json:"id"`
	CustomerID uint64     `json:"customer_id"`
	Status     string     `json:"status"`
	Total      string     `json:"total"`
	Currency   string     `json:"currency"`
	ShipTo     postalJSON `json:"ship_to"`
	PlacedAt   time.Time  `json:"placed_at"`
	// KeptUntil is when it is cancelled unless it is paid, or nil.
	KeptUntil    *time.Time `json:"kept_until"`
	CancelledAt  *time.Time `json:"cancelled_at"`
	CancelReason *string    `json:"cancel_reason"`
	UpdatedAt    time.Time  `json:"updated_at"`
	Version      uint32     `json:"version"`
	// Lines are left out of lists.
	Lines []orderLineJSON `json:"lines,omitempty"`
	// Stock is for staff alone, where the request changed it.
	Stock []stockJSON `json:"stock,omitempty"`
}

func (s *server) newOrderJSON(o order.Order) orderJSON {
	shown := orderJSON{
		ID: o.ID, CustomerID: o.CustomerID, Status: string(o.Status), Total: o.Total.String(), Currency: o.Currency,
		ShipTo: newPostalJSON(o.ShipTo), PlacedAt: o.PlacedAt, CancelReason: optional(o.CancelReason), UpdatedAt: o.UpdatedAt, Version: o.Version,
	}
	if until := s.orders.KeptUntil(o); !until.IsZero() {
		shown.KeptUntil = &until
	}
	if !o.CancelledAt.IsZero() {
		shown.CancelledAt = &o.CancelledAt
	}
	for _, l := range o.Lines {
		shown.Lines = append(shown.Lines, orderLineJSON{
			Line: l.Number, ProductID: l.ProductID, SKU: l.SKU, Name: l.Name,
			UnitPrice: l.UnitPrice.String(), Quantity: l.Quantity, Amount: l.Amount().String(),
		})
	}
	return shown
}

// newStepJSON is an order as the API shows it to whoever took it a step further: staff,
// at a till for example, are also told what that left in stock.
func (s *server) newStepJSON(o order.Order, staff bool) orderJSON {
	shown := s.newOrderJSON(o)
	if staff {
		for _, left := range o.Stock {
			shown.Stock = append(shown.Stock, newStockJSON(left))
		}
	}
	return shown
}

func (s *server) apiPlaceOrder(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	staff, err := s.isStaff(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	shown, err := shownBasket(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body struct {
		AddressID uint64 `json:"address_id"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	placed, err := s.orders.Place(r.Context(), c.ID, order.Checkout{
		Key: r.Header.Get("Idempotency-Key"), AddressID: body.AddressID, AddressVersion: order.AnyVersion, Fingerprint: shown,
	})
	if err != nil {
		s.failOrder(w, r, err)
		return
	}
	w.Header().Set("Location", "/api/orders/"+strconv.FormatUint(placed.ID, 10))
	w.Header().Set("ETag", etag(placed.Version))
	writeJSON(w, http.StatusCreated, s.newStepJSON(placed, staff))
}

// failOrder answers with 412 where what If-Match named is no longer there, and
// otherwise as fail does: what cannot be had, or is too late, is no matter of
// versions.
func (s *server) failOrder(w http.ResponseWriter, r *http.Request, err error) {
	_, basket := errors.AsType[*order.BasketConflict](err)
	_, changed := errors.AsType[*order.Conflict](err)
	if basket || changed {
		s.failPrecondition(w, r, err)
		return
	}
	s.fail(w, r, err)
}

// orderSide returns the basket or the order that err refuses to change, as it is now,
// or nil where err is none of those.
func (s *server) orderSide(err error) any {
	if conflict, ok := errors.AsType[*order.BasketConflict](err); ok {
		return newBasketJSON(conflict.Stored)
	}
	if obstructed, ok := errors.AsType[*order.Obstructed](err); ok {
		return newBasketJSON(obstructed.Basket)
	}
	if conflict, ok := errors.AsType[*order.Conflict](err); ok {
		return s.newOrderJSON(conflict.Stored)
	}
	if refused, ok := errors.AsType[*order.StatusError](err); ok {
		return s.newOrderJSON(refused.Stored)
	}
	return nil
}

func (s *server) apiOrders(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
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
	writeList(w, "orders", found.Orders, found.Next, s.newOrderJSON)
}

func (s *server) apiOrder(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	o, err := s.ownOrder(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeVersion(w, r, o.Version, s.newOrderJSON(o))
}

// ownOrder returns the order that the request names, one of the customer's.
func (s *server) ownOrder(r *http.Request, c crudapp.Customer) (order.Order, error) {
	id, err := pathID(r)
	if err != nil {
		return order.Order{}, err
	}
	return s.orders.Order(r.Context(), c.ID, id)
}

func (s *server) apiCancelOrder(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	stored, err := s.ownOrder(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	staff, err := s.isStaff(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.apiCancel(w, r, stored, staff, func(from uint32, reason string) (order.Order, error) {
		return s.orders.Cancel(r.Context(), c.ID, stored.ID, from, reason)
	})
}

// apiCancel has cancel carry out a request to cancel an order, by staff or not.
func (s *server) apiCancel(w http.ResponseWriter, r *http.Request, stored order.Order, staff bool, cancel func(from uint32, reason string) (order.Order, error)) {
	from, err := ifMatch(r, stored.Version)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body struct {
		Reason string `json:"reason"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	cancelled, err := cancel(from, body.Reason)
	if err != nil {
		s.failOrder(w, r, err)
		return
	}
	w.Header().Set("ETag", etag(cancelled.Version))
	writeJSON(w, http.StatusOK, s.newStepJSON(cancelled, staff))
}

package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"telltale/crudapp"
	"telltale/crudapp/contact"
	"telltale/crudapp/order"
)

// What a check-out carries along of the basket that it shows: the fingerprint, and the
// products.
const (
	fieldBasket = "basket"
	fieldShown  = "shown"
)

// checkout is the data of the page on which a customer orders.
type checkout struct {
	// Key names the form, so that it can be sent twice and orders once.
	Key    string
	Basket order.Basket
	Lines  []basketLine
	// Gone are the names of products that were shown before and are no longer there.
	Gone      []string
	Addresses []contact.Address
	// Chosen is the address that it shall be sent to.
	Chosen uint64
	// Message says why the last attempt did not succeed, or is empty.
	Message string
}

// Obstructed reports whether something in the basket cannot be had.
func (c checkout) Obstructed() bool { return len(c.Basket.Obstructed()) > 0 }

// seen is what a line shows the customer, who decides on it. Forms carry it along,
// for no more than to say what changed; what decides is the fingerprint.
func seen(l order.BasketLine) string {
	return fmt.Sprintf("%d at %s", l.Quantity, money(l.Currency, l.UnitPrice))
}

// Seen is what the line shows the customer.
func (l basketLine) Seen() string { return seen(l.BasketLine) }

// openCheckout returns the page as it is without a form that was posted.
func (s *server) openCheckout(r *http.Request, c crudapp.Customer, b order.Basket, key string) (checkout, error) {
	addresses, err := s.contact.Addresses(r.Context(), c.ID)
	if err != nil {
		return checkout{}, err
	}
	data := checkout{Key: key, Basket: b, Lines: linesOf(b), Addresses: addresses}
	if len(addresses) > 0 {
		data.Chosen = addresses[0].ID
	}
	return data, nil
}

func (s *server) showCheckout(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	b, err := s.orders.Basket(r.Context(), c.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if len(b.Lines) == 0 {
		http.Redirect(w, r, basketPath, http.StatusSeeOther)
		return
	}
	data, err := s.openCheckout(r, c, b, rand.Text())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "checkout", customer: &c, data: data})
}

// postedCheckout returns what the form orders. The address is chosen with its
// version: "3.2" is address 3 as its version 2 says. What names none is refused as an
// address that the customer does not have.
func postedCheckout(r *http.Request) (order.Checkout, error) {
	if err := parseForm(r); err != nil {
		return order.Checkout{}, err
	}
	id, version, _ := strings.Cut(r.PostForm.Get(order.FieldAddress), ".")
	address, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		address = 0
	}
	shown, err := strconv.ParseUint(version, 10, 32)
	if err != nil {
		shown = 0
	}
	return order.Checkout{
		Key: r.PostForm.Get(order.FieldKey), AddressID: address, AddressVersion: uint32(shown), Fingerprint: r.PostForm.Get(fieldBasket),
	}, nil
}

func (s *server) placeOrder(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	asked, err := postedCheckout(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	placed, err := s.orders.Place(r.Context(), c.ID, asked)
	if err == nil {
		http.Redirect(w, r, orderAddress(placed.ID)+"?placed", http.StatusSeeOther)
		return
	}
	// Somebody went back to a form that was an order already and changed it.
	if used, ok := errors.AsType[*order.KeyUsed](err); ok {
		http.Redirect(w, r, orderAddress(used.Stored.ID)+"?before", http.StatusSeeOther)
		return
	}
	s.refuseCheckout(w, r, c, asked, err)
}

// refuseCheckout shows the page again with what changed since it was shown, so that
// to order from it is to decide with that in view.
func (s *server) refuseCheckout(w http.ResponseWriter, r *http.Request, c crudapp.Customer, asked order.Checkout, err error) {
	problems, invalid := problemsOf(err)
	if problems[order.FieldKey] != "" || !invalid && crudapp.ErrorCode(err) != crudapp.CodeConflict {
		s.fail(w, r, err)
		return
	}
	b, readErr := s.orders.Basket(r.Context(), c.ID)
	if readErr != nil {
		s.fail(w, r, readErr)
		return
	}
	if len(b.Lines) == 0 {
		http.Redirect(w, r, basketPath, http.StatusSeeOther)
		return
	}
	data, readErr := s.refusedCheckout(r, c, b, asked)
	if readErr != nil {
		s.fail(w, r, readErr)
		return
	}
	data.Message = failureOf(err).detail
	for _, field := range []string{order.FieldAddress, order.FieldQuantity} {
		if problems[field] != "" {
			data.Message = problems[field]
		}
	}
	s.render(w, r, page{name: "checkout", status: failureOf(err).status, customer: &c, data: data})
}

// refusedCheckout returns the page of a form that was posted: with its key, its
// address and what is different from what it showed.
func (s *server) refusedCheckout(r *http.Request, c crudapp.Customer, b order.Basket, asked order.Checkout) (checkout, error) {
	data, err := s.openCheckout(r, c, b, asked.Key)
	if err != nil {
		return checkout{}, err
	}
	if slices.ContainsFunc(data.Addresses, func(a contact.Address) bool { return a.ID == asked.AddressID }) {
		data.Chosen = asked.AddressID
	}
	data.compare(r)
	data.Gone, err = s.gone(r, b)
	return data, err
}

// compare notes what is different from what the form showed, by what it carries along.
func (c *checkout) compare(r *http.Request) {
	for i, l := range c.Lines {
		was := r.PostForm.Get(wasPrefix + strconv.FormatUint(l.ProductID, 10))
		if was == "" {
			was = "not in it"
		}
		if was != l.Seen() {
			c.Lines[i].Was = was
		}
	}
}

// gone returns the names of the products that the form showed and that are no longer
// in the basket.
func (s *server) gone(r *http.Request, b order.Basket) ([]string, error) {
	shown := r.PostForm[fieldShown]
	var names []string
	for _, text := range shown[:min(len(shown), order.MaxLines)] {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil || b.Line(id).Quantity > 0 {
			continue
		}
		switch item, err := s.catalogue.Item(r.Context(), id); {
		case errors.Is(err, crudapp.ErrNotFound):
			names = append(names, "Something that we no longer have")
		case err != nil:
			return nil, err
		default:
			names = append(names, item.Name)
		}
	}
	return names, nil
}

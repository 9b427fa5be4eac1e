package web

import (
	"net/http"
	"strconv"

	"telltale/crudapp"
	"telltale/crudapp/order"
)

const basketPath = "/basket"

// basketLine is a line of a basket with what a template cannot ask the basket for.
type basketLine struct {
	order.BasketLine
	Obstacle order.Obstacle
	// Was is what the customer was shown of the line before, or empty where that is
	// what it is.
	Was string
}

// basketPage is the data of the basket's page.
type basketPage struct {
	Basket order.Basket
	Lines  []basketLine
	// Message says why the last change was not made, or is empty.
	Message string
}

func newBasketPage(b order.Basket) basketPage { return basketPage{Basket: b, Lines: linesOf(b)} }

func linesOf(b order.Basket) []basketLine {
	lines := make([]basketLine, len(b.Lines))
	for i, l := range b.Lines {
		lines[i] = basketLine{BasketLine: l, Obstacle: b.Obstacle(l)}
	}
	return lines
}

func (s *server) showBasket(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	b, err := s.orders.Basket(r.Context(), c.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "basket", customer: &c, data: newBasketPage(b)})
}

// addToBasket puts the product that the form names into the basket.
func (s *server) addToBasket(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	err := parseForm(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	id, err := strconv.ParseUint(r.PostForm.Get("product_id"), 10, 64)
	if err != nil {
		s.fail(w, r, errNotFound)
		return
	}
	s.afterBasket(w, r, c, s.orders.Add(r.Context(), c.ID, id, postedQuantity(r)))
}

// changeLine sets how many of a product are in the basket.
func (s *server) changeLine(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	id, err := pathID(r)
	if err == nil {
		err = parseForm(r)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.afterBasket(w, r, c, s.orders.Set(r.Context(), c.ID, id, postedQuantity(r)))
}

func (s *server) removeLine(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	id, err := pathID(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.afterBasket(w, r, c, s.orders.Remove(r.Context(), c.ID, id))
}

// postedQuantity returns how many the form asks for; what is no number is as many as
// the shop refuses.
func postedQuantity(r *http.Request) uint16 {
	quantity, err := strconv.ParseUint(r.PostForm.Get(order.FieldQuantity), 10, 16)
	if err != nil {
		return 0
	}
	return uint16(quantity)
}

// afterBasket leads to the basket after a change, or shows it with why there was none.
func (s *server) afterBasket(w http.ResponseWriter, r *http.Request, c crudapp.Customer, err error) {
	problems, invalid := problemsOf(err)
	switch {
	case err == nil:
		http.Redirect(w, r, basketPath, http.StatusSeeOther)
		return
	case !invalid:
		s.fail(w, r, err)
		return
	}
	b, err := s.orders.Basket(r.Context(), c.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data := newBasketPage(b)
	data.Message = problems[order.FieldQuantity]
	s.render(w, r, page{name: "basket", status: http.StatusUnprocessableEntity, customer: &c, data: data})
}

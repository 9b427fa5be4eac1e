package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"

	"telltale/crudapp"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
)

// till is the data of the page on which a customer pays.
type till struct {
	Order order.Order
	// Key names the form, so that it can be sent twice and pays once.
	Key string
	// Card is the form of a card's number, or empty where the shop takes none.
	Card []field
	// Transfer is set where the shop takes transfers.
	Transfer bool
	// Message says why the last attempt did not succeed, or is empty.
	Message string
}

// cardFields is the input of somebody who pays with a test card, which is chosen, so
// that nobody types a card's number that is worth something.
func cardFields() []field {
	var cards []choice
	for _, c := range payment.TestCards() {
		cards = append(cards, choice{Value: c.Number, Label: spaced(c.Number) + ", " + c.Does})
	}
	return []field{{Name: payment.FieldCard, Label: "Test card", Type: "select", Autocomplete: "off", Choices: cards, Value: cards[0].Value, Required: true}}
}

// spaced writes a card's number as it stands on cards.
func spaced(number string) string {
	var text []byte
	for i := range len(number) {
		if i > 0 && i%4 == 0 {
			text = append(text, ' ')
		}
		text = append(text, number[i])
	}
	return string(text)
}

// orderAddress is the address of an order's page for its customer.
func orderAddress(id uint64) string { return "/orders/" + strconv.FormatUint(id, 10) }

// openTill returns the page on which an order is paid.
func (s *server) openTill(o order.Order, key string) till {
	data := till{Order: o, Key: key, Transfer: s.payments.Takes(payment.MethodTransfer)}
	if s.payments.Takes(payment.MethodCard) {
		data.Card = cardFields()
	}
	return data
}

func (s *server) showPay(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	o, err := s.ownOrder(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !o.Status.Allows(order.StatusPaid, order.ByCustomer) {
		http.Redirect(w, r, orderAddress(o.ID), http.StatusSeeOther)
		return
	}
	s.render(w, r, page{name: "pay", customer: &c, data: s.openTill(o, rand.Text())})
}

func (s *server) pay(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	o, err := s.ownOrder(r, c)
	if err == nil {
		err = parseForm(r)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	key, card := r.PostForm.Get(payment.FieldKey), r.PostForm.Get(payment.FieldCard)
	_, err = s.payments.Pay(r.Context(), c.ID, o.ID, key, card)
	if err == nil {
		http.Redirect(w, r, orderAddress(o.ID)+"?paid", http.StatusSeeOther)
		return
	}
	// Another tab was faster, or staff were: the order's page says what happened.
	if _, late := errors.AsType[*order.StatusError](err); late {
		http.Redirect(w, r, orderAddress(o.ID), http.StatusSeeOther)
		return
	}
	data := s.openTill(o, key)
	if len(data.Card) > 0 {
		data.Card[0].Value = card
	}
	problems, invalid := problemsOf(err)
	switch {
	case invalid && problems[payment.FieldCard] != "":
		data.Card = withProblems(data.Card, problems)
	case crudapp.ErrorCode(err) == crudapp.CodeDeclined:
		data.Message = failureOf(err).detail
	default:
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "pay", status: failureOf(err).status, customer: &c, data: data})
}

// invoice is the data of an invoice's page.
type invoice struct {
	Order   order.Order
	Payment payment.Payment
}

func (s *server) showInvoice(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	o, err := s.ownOrder(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	paid, err := s.payments.Of(r.Context(), o.ID)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "invoice", customer: &c, data: invoice{Order: o, Payment: paid}})
}

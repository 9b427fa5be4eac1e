package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"

	"telltale/crudapp"
	"telltale/crudapp/order"
	"telltale/crudapp/payment"
	"telltale/crudapp/shipment"
)

// orderForm is the data of a page on which staff take one step of an order.
type orderForm struct {
	Order order.Order
	// Title says what the step is, Button does it, and Hint says what it comes to.
	Title, Button, Hint string
	// Action is where the form is posted to, which is also where it is shown.
	Action string
	// Key names the form, so that it can be sent twice and does one thing.
	Key    string
	Fields []field
	// Changed is set where somebody else changed the order first.
	Changed bool
}

// staffOrderAddress is the address of an order's page for staff.
func staffOrderAddress(id uint64) string { return "/staff/orders/" + strconv.FormatUint(id, 10) }

// step is a step of an order that staff take by a form of their own.
type step struct {
	// form returns the empty form.
	form func(*server, *http.Request, order.Order) (orderForm, error)
	// take does what the posted form says.
	take func(*server, *http.Request, crudapp.Staff, order.Order) error
}

func (s *server) showStep(one step) staffHandler {
	return func(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
		form, err := s.openStep(r, one)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		form.Key = rand.Text()
		s.render(w, r, page{name: "staff-order-step", staff: &staff, data: form})
	}
}

// openStep returns the form of a step of the order that the request names.
func (s *server) openStep(r *http.Request, one step) (orderForm, error) {
	o, err := s.anyOrder(r)
	if err != nil {
		return orderForm{}, err
	}
	form, err := one.form(s, r, o)
	form.Order, form.Action = o, r.URL.Path
	return form, err
}

func (s *server) takeStep(one step) staffHandler {
	return func(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
		form, err := s.openStep(r, one)
		if err == nil {
			err = parseForm(r)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		err = one.take(s, r, staff, form.Order)
		if err == nil {
			http.Redirect(w, r, staffOrderAddress(form.Order.ID), http.StatusSeeOther)
			return
		}
		form.Key = r.PostForm.Get(payment.FieldKey)
		for i, f := range form.Fields {
			form.Fields[i].Value = postedText(r, f.Name)
		}
		s.refuseStep(w, r, staff, form, err)
	}
}

// refuseStep shows the form of a step again, with the person's values and the reason.
func (s *server) refuseStep(w http.ResponseWriter, r *http.Request, staff crudapp.Staff, form orderForm, err error) {
	problems, invalid := problemsOf(err)
	_, changed := errors.AsType[*order.Conflict](err)
	switch {
	case changed:
		form.Changed = true
	case invalid && problems[payment.FieldKey] == "":
		form.Fields = withProblems(form.Fields, problems)
	default:
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "staff-order-step", status: failureOf(err).status, staff: &staff, data: form})
}

// transferStep records that the money for an order came.
func transferStep() step {
	return step{
		form: func(_ *server, _ *http.Request, o order.Order) (orderForm, error) {
			return orderForm{
				Title: "Record a transfer", Button: "The money is there",
				Hint: "All of it: " + money(o.Currency, o.Total) + ". The order gets its invoice.",
				Fields: []field{{
					Name: payment.FieldReference, Label: "Reference", Type: "text", Autocomplete: "off",
					Hint: "As the bank statement has it.", Required: true,
				}},
			}, nil
		},
		take: func(s *server, r *http.Request, staff crudapp.Staff, o order.Order) error {
			_, err := s.payments.Record(r.Context(), staff.ID, o.ID, r.PostForm.Get(payment.FieldKey), r.PostForm.Get(payment.FieldReference))
			return err
		},
	}
}

// refundStep pays back a part of what was paid for an order.
func refundStep() step {
	return step{
		form: func(s *server, r *http.Request, o order.Order) (orderForm, error) {
			paid, err := s.payments.Of(r.Context(), o.ID)
			if err != nil {
				return orderForm{}, err
			}
			return orderForm{
				Title: "Refund", Button: "Pay it back",
				Hint: "Of " + money(paid.Currency, paid.Amount) + " that was paid, " + money(paid.Currency, paid.Left()) + " is left. Send the money as it came.",
				Fields: []field{
					{Name: payment.FieldAmount, Label: "Amount", Type: "text", Autocomplete: "off", Value: paid.Left().String(), Required: true},
					{Name: payment.FieldReason, Label: "Why", Type: "text", Autocomplete: "off", Hint: "The customer sees it.", Required: true},
				},
			}, nil
		},
		take: func(s *server, r *http.Request, staff crudapp.Staff, o order.Order) error {
			_, err := s.payments.Refund(r.Context(), staff.ID, o.ID, r.PostForm.Get(payment.FieldKey), payment.RefundEntry{
				Amount: r.PostForm.Get(payment.FieldAmount), Reason: r.PostForm.Get(payment.FieldReason),
			})
			return err
		},
	}
}

// shipStep hands an order over to a carrier.
func shipStep() step {
	return step{
		form: func(*server, *http.Request, order.Order) (orderForm, error) {
			return orderForm{
				Title: "Ship", Button: "It is on its way",
				Hint: "What was shipped can no longer be cancelled.",
				Fields: []field{
					{Name: shipment.FieldCarrier, Label: "Carrier", Type: "text", Autocomplete: "off", Required: true},
					{Name: shipment.FieldTracking, Label: "Tracking number", Type: "text", Autocomplete: "off", Hint: "Optional."},
				},
			}, nil
		},
		take: func(s *server, r *http.Request, staff crudapp.Staff, o order.Order) error {
			version, err := postedVersion(r)
			if err != nil {
				return err
			}
			_, err = s.shipments.Ship(r.Context(), staff.ID, o.ID, version, shipment.Parcel{
				Carrier: r.PostForm.Get(shipment.FieldCarrier), Tracking: r.PostForm.Get(shipment.FieldTracking),
			})
			return err
		},
	}
}

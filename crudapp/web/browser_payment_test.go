package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/order"
)

// bought places an order of two products for the customer with the address email, and
// returns its number.
func (s *shopper) bought(t *testing.T, email string) uint64 {
	t.Helper()
	store := s.shop.store
	customer, _, err := store.CustomerByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	to, err := contact.New(contact.Options{Store: store}).Add(t.Context(), customer.ID, contact.Postal{
		Recipient: "Ann Orchard", Street: "1 High Street", Postcode: "N1 9GU", City: "London", Country: "GB",
	})
	if err != nil {
		t.Fatal(err)
	}
	orders := order.New(order.Options{Store: store, Goods: catalogue.New(catalogue.Options{Store: store})})
	for quantity := range uint16(2) {
		if err := orders.Add(t.Context(), customer.ID, s.shop.product(t, "active").ID, quantity+1); err != nil {
			t.Fatal(err)
		}
	}
	basket, err := orders.Basket(t.Context(), customer.ID)
	if err != nil {
		t.Fatal(err)
	}
	placed, err := orders.Place(t.Context(), customer.ID, order.Checkout{
		Key: "k", AddressID: to.ID, AddressVersion: order.AnyVersion, Fingerprint: basket.Fingerprint(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return placed.ID
}

// settleOrder pays an order with a card that is declined and one that is not, looks at
// the invoice, and has staff pay some of it back and ship it.
func settleOrder(t *testing.T, s *shopper) {
	page := s.open(t, "/")
	id := s.bought(t, s.register(t, page, "Ann Orchard"))
	at := fmt.Sprintf("/orders/%d", id)
	page.Do("go to the order", chromedp.Navigate(s.shop.url+at))
	page.Follow("a[href='" + at + "/pay']")
	look(page, "pay")
	page.Do("choose a card that is declined", chromedp.SetValue(chromedp.CSS("#card"), "4000000000000002"))
	page.Follow("form[action='" + at + "/pay'] button")
	page.AwaitText("The card was declined.")
	look(page, "pay-declined")
	page.Do("choose another card", chromedp.SetValue(chromedp.CSS("#card"), "4111111111111111"))
	page.Follow("form[action='" + at + "/pay'] button")
	page.AwaitText("Your order is paid.")
	page.Follow("a[href='" + at + "/invoice']")
	page.Await("the whole order on the invoice", `document.querySelectorAll("tbody tr").length === 2 && document.querySelector(".total").innerText.includes("£12.60")`)
	look(page, "invoice")

	staff, staffAt := s.asStaff(t), "/staff"+at
	staff.Do("go to the order", chromedp.Navigate(s.shop.url+staffAt))
	staff.Follow("a[href='" + staffAt + "/refund']")
	submit(staff, staffAt+"/refund", [2]string{"amount", "13"}, [2]string{"reason", "Stale"})
	staff.AwaitText("At most 12.60 can be paid back.")
	look(staff, "staff-refund")
	submit(staff, staffAt+"/refund", [2]string{"amount", "4.20"})
	staff.Follow("a[href='" + staffAt + "/ship']")
	look(staff, "staff-ship")
	submit(staff, staffAt+"/ship", [2]string{"carrier", "Bike"}, [2]string{"tracking", "B-7"})
	staff.AwaitText("B-7")
	look(staff, "staff-order-shipped")

	page.Follow("a[href='" + at + "']")
	page.Await("what became of the order", `["£12.60 by card", "£4.20", "Stale", "with Bike", "B-7"].every((text) => document.querySelector("main").innerText.includes(text))`)
	look(page, "order-shipped")
}

// settleByHand has staff record that money came for an order, and cancel it, upon
// which the money goes back.
func settleByHand(t *testing.T, s *shopper) {
	page := s.open(t, "/")
	at := fmt.Sprintf("/orders/%d", s.bought(t, s.register(t, page, "Ann Orchard")))
	staff, staffAt := s.asStaff(t), "/staff"+at
	staff.Do("go to the order", chromedp.Navigate(s.shop.url+staffAt))
	staff.Follow("a[href='" + staffAt + "/transfer']")
	look(staff, "staff-transfer")
	submit(staff, staffAt+"/transfer", [2]string{"reference", "RF18-000042"})
	staff.AwaitText("RF18-000042")
	submit(staff, staffAt+"/cancel", [2]string{"reason", "Out of flour."})
	staff.AwaitText("Out of flour.")
	look(staff, "staff-order-cancelled")

	page.Do("go to the order", chromedp.Navigate(s.shop.url+at))
	page.Await("that all was paid back", `["£12.60 by transfer", "Refunded", "Out of flour."].every((text) => document.querySelector("main").innerText.includes(text))`)
}

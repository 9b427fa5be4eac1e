package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/order"
	"telltale/internal/browsertest"
)

// buy places an order of two products for the customer with the address email, and
// returns its number.
func (s *shopper) buy(t *testing.T, email string) uint64 {
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

// settleOrder pays an order with a card that is declined and one that is not, prints
// the invoice, and has staff pay some of it back and ship it.
func settleOrder(t *testing.T, s *shopper) {
	page := s.open(t, "/")
	id := s.buy(t, s.register(t, page, "Ann Orchard"))
	pay := fmt.Sprintf("/orders/%d/pay", id)
	page.Do("go to pay", chromedp.Navigate(s.shop.url+pay))
	look(page, "pay")
	page.Do("choose a card that is declined", chromedp.SetValue(chromedp.CSS("#card"), "4000000000000002"))
	page.Follow("form[action='" + pay + "'] button")
	page.AwaitText("The card was declined.")
	look(page, "pay-declined")
	page.Do("choose another card", chromedp.SetValue(chromedp.CSS("#card"), "4111111111111111"))
	page.Follow("form[action='" + pay + "'] button")
	page.Do("go to the invoice", chromedp.Navigate(s.shop.url+fmt.Sprintf("/orders/%d/invoice", id)))
	page.Await("the whole order on it", `document.querySelectorAll("tbody tr").length === 2 && document.querySelector(".total").innerText.includes("£12.60")`)
	look(page, "invoice")

	staff := s.asStaff(t)
	at := fmt.Sprintf("/staff/orders/%d", id)
	staff.Do("go to refund", chromedp.Navigate(s.shop.url+at+"/refund"))
	submit(staff, at+"/refund", [2]string{"amount", "13"}, [2]string{"reason", "Stale"})
	staff.AwaitText("At most 12.60 can be paid back.")
	look(staff, "staff-refund")
	submit(staff, at+"/refund", [2]string{"amount", "4.20"})
	staff.Do("go to ship", chromedp.Navigate(s.shop.url+at+"/ship"))
	look(staff, "staff-ship")
	submit(staff, at+"/ship", [2]string{"carrier", "Bike"}, [2]string{"tracking", "B-7"})
	page.Do("look at the order", chromedp.Navigate(s.shop.url+fmt.Sprintf("/orders/%d", id)))
	if got := browsertest.Evaluate[string](page, "document.title"); got == "" {
		t.Error("the order's page has no title")
	}
}

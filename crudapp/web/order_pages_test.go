package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// hidden returns the value of a hidden input of a page.
func hidden(t *testing.T, page answer, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`).FindStringSubmatch(page.body)
	if found == nil {
		t.Fatalf("the page has no input %s: %s", name, page.body)
	}
	return found[1]
}

// checkoutForm is the form of a check-out page as a browser posts it.
func checkoutForm(t *testing.T, page answer) []string {
	t.Helper()
	address := regexp.MustCompile(`name="address_id" value="([^"]*)" required checked`).FindStringSubmatch(page.body)
	if address == nil {
		t.Fatalf("no address is chosen: %s", page.body)
	}
	form := []string{"idempotency_key", hidden(t, page, "idempotency_key"), "basket", hidden(t, page, "basket"), "address_id", address[1]}
	for _, m := range regexp.MustCompile(`name="shown" value="(\d+)"`).FindAllStringSubmatch(page.body, -1) {
		form = append(form, "shown", m[1], "was."+m[1], hidden(t, page, "was."+m[1]))
	}
	return form
}

func testBasketPages(t *testing.T, s *shop) {
	bread, retired := s.product(t, "active"), s.product(t, "retired")
	page := fmt.Sprintf("/products/%d", bread.ID)
	check(t, s.get(t, page), http.StatusOK, `href="/sign-in?next=`+page+`"`)
	checkRedirect(t, s.get(t, "/basket"), "/sign-in?next=%2Fbasket")
	s.register(t)
	check(t, s.get(t, page), http.StatusOK, `<form class="put" method="post" action="/basket">`)
	check(t, s.get(t, "/basket"), http.StatusOK, "Nothing yet.")
	checkRedirect(t, s.get(t, "/checkout"), "/basket")

	put := func(id uint64, quantity string) answer {
		return s.post(t, "/basket", "product_id", fmt.Sprint(id), "quantity", quantity)
	}
	checkRedirect(t, put(bread.ID, "2"), "/basket")
	checkRedirect(t, put(bread.ID, "1"), "/basket")
	check(t, put(bread.ID, "97"), http.StatusUnprocessableEntity, "A basket can hold 1 to 99 of this.", `value="3"`)
	check(t, put(bread.ID, "many"), http.StatusUnprocessableEntity)
	check(t, put(retired.ID, "1"), http.StatusUnprocessableEntity, "This is no longer sold.")
	check(t, put(0, "1"), http.StatusNotFound)
	check(t, s.get(t, "/basket"), http.StatusOK, bread.Name, "£12.60", `href="/checkout"`)
	line := fmt.Sprintf("/basket/%d", bread.ID)
	checkRedirect(t, s.post(t, line, "quantity", "6"), "/basket")
	short := s.get(t, "/basket")
	check(t, short, http.StatusOK, "Only 5 left", "Not everything here can be had.")
	if strings.Contains(short.body, `href="/checkout"`) {
		t.Error("what cannot be had can be checked out")
	}
	checkRedirect(t, s.post(t, line+"/remove"), "/basket")
	check(t, s.get(t, "/basket"), http.StatusOK, "Nothing yet.")
}

func testCheckoutPages(t *testing.T, s *shop) {
	bread, cake := s.product(t, "active"), s.product(t, "active")
	s.register(t)
	s.fill(t, bread, 2)
	s.fill(t, cake, 1)
	check(t, s.get(t, "/checkout"), http.StatusOK, "Add an address")
	s.addressID(t)
	opened := s.get(t, "/checkout")
	check(t, opened, http.StatusOK, "£12.60", "2 at £4.20", "Bob, 1 High Street, London, United Kingdom", "Order for £12.60")
	form := checkoutForm(t, opened)

	// A price changed and a product went: the page shows both and orders nothing.
	s.reprice(t, bread, "5")
	checkRedirect(t, s.post(t, fmt.Sprintf("/basket/%d/remove", cake.ID)), "/basket")
	changed := s.post(t, "/checkout", form...)
	check(t, changed, http.StatusConflict, "changed since you looked. Nothing was ordered.", "2 at £5.00", "before: 2 at £4.20", cake.Name, "no longer in your basket", "Order for £10.00")
	check(t, s.get(t, "/orders"), http.StatusOK, "None yet.")
	form = checkoutForm(t, changed)

	// Somebody else buys what there was.
	other := s.browser(t)
	other.register(t)
	check(t, other.order(t, other.addressID(t), other.fill(t, bread, 4), "k"), http.StatusCreated)
	check(t, s.post(t, "/checkout", form...), http.StatusConflict, "Not everything in your basket can be had.", "Only 1 left", `href="/basket"`)
	s.fill(t, bread, 1)
	form = checkoutForm(t, s.get(t, "/checkout"))
	form[5] = strings.TrimSuffix(form[5], "1") + "9"
	check(t, s.post(t, "/checkout", form...), http.StatusConflict, "This address was changed elsewhere first. Nothing was ordered.")
	form[5] = "7.x"
	check(t, s.post(t, "/checkout", form...), http.StatusUnprocessableEntity, "Choose one of your addresses.")
	testPlacedPages(t, s)
}

// testPlacedPages orders what is in the basket, twice by one form, and cancels it.
func testPlacedPages(t *testing.T, s *shop) {
	t.Helper()
	form := checkoutForm(t, s.get(t, "/checkout"))
	placed := s.post(t, "/checkout", form...)
	at, _, _ := strings.Cut(placed.header.Get("Location"), "?")
	checkRedirect(t, placed, at+"?placed")
	checkRedirect(t, s.post(t, "/checkout", form...), at+"?placed")
	form[3] = "another basket"
	checkRedirect(t, s.post(t, "/checkout", form...), at+"?before")
	form[1] = "another-key"
	checkRedirect(t, s.post(t, "/checkout", form...), "/basket")
	check(t, s.get(t, at+"?before"), http.StatusOK, "not ordered a second time")
	shown := s.get(t, at+"?placed")
	check(t, shown, http.StatusOK, "Thank you. We have your order.", "1 at £5.00", "Bob\n1 High Street\nLondon\nUnited Kingdom", `href="`+at+`/pay"`)
	check(t, s.get(t, "/orders"), http.StatusOK, `href="`+at+`"`, "placed")
	other := s.browser(t)
	other.register(t)
	check(t, other.get(t, at), http.StatusNotFound)
	check(t, other.post(t, at+"/cancel", "version", "1"), http.StatusNotFound)

	check(t, s.post(t, at+"/cancel", "version", "x"), http.StatusBadRequest)
	check(t, s.post(t, at+"/cancel", "version", "2", "reason", "<b>"), http.StatusConflict, "changed elsewhere first", `value="&lt;b&gt;"`)
	check(t, s.post(t, at+"/cancel", "version", "1", "reason", strings.Repeat("x", 201)), http.StatusUnprocessableEntity, "at most 200 characters")
	checkRedirect(t, s.post(t, at+"/cancel", "version", "1", "reason", "Too much."), at+"?cancelled")
	cancelled := s.get(t, at+"?cancelled")
	check(t, cancelled, http.StatusOK, "Your order is cancelled.", "Too much.")
	if strings.Contains(cancelled.body, `action="`+at+`/cancel"`) {
		t.Error("a cancelled order can be cancelled")
	}
}

func testStaffOrderPages(t *testing.T, s *shop) {
	item := s.product(t, "active")
	email := s.register(t)
	o := parse[ordered](t, s.order(t, s.addressID(t), s.fill(t, item, 2), "k"))
	at := fmt.Sprintf("/staff/orders/%d", o.ID)
	checkRedirect(t, s.get(t, at), fmt.Sprintf("/staff/sign-in?next=%%2Fstaff%%2Forders%%2F%d", o.ID))
	s.signInStaff(t)
	check(t, s.get(t, "/staff/orders?status=placed&q="+email), http.StatusOK, `href="`+at+`"`, email, `<option value="placed" selected>`)
	check(t, s.get(t, "/staff/orders?status=paid&q="+email), http.StatusOK, "Nothing found.")
	all := fmt.Sprintf("/staff/orders?customer=%d", o.CustomerID)
	check(t, s.get(t, fmt.Sprintf("/staff/customers/%d", o.CustomerID)), http.StatusOK, `<a href="`+all+`">All orders</a>`)
	check(t, s.get(t, all), http.StatusOK, `href="`+at+`"`, "Only those of customer")
	check(t, s.get(t, fmt.Sprintf("/staff/orders?customer=%d", o.CustomerID+1_000_000)), http.StatusOK, "Nothing found.")
	check(t, s.get(t, "/staff/orders?customer=x"), http.StatusBadRequest)
	check(t, s.get(t, at), http.StatusOK, email, item.Name, fmt.Sprintf(`href="/staff/customers/%d"`, o.CustomerID), at+"/transfer")
	check(t, s.post(t, at+"/cancel", "version", "7"), http.StatusConflict, "changed elsewhere first")
	checkRedirect(t, s.post(t, at+"/transfer", "idempotency_key", "t1", "reference", "RF18", "version", "1"), at)
	check(t, s.get(t, at), http.StatusOK, "paid", at+"/ship", "RF18", "what is left of the money goes back")
	check(t, s.post(t, fmt.Sprintf("/orders/%d/cancel", o.ID), "version", "2"), http.StatusConflict, "An order that is paid cannot become cancelled this way.")
	checkRedirect(t, s.post(t, at+"/cancel", "version", "2", "reason", "Out of yeast."), at)
	check(t, s.get(t, at), http.StatusOK, "Out of yeast.", "Refunded")
	check(t, s.get(t, fmt.Sprintf("/api/products/%d/stock", item.ID)), http.StatusOK, `"on_hand":5`)
}

// testNext checks where signing in leads: to the page that asked for it, and to no
// other shop.
func testNext(t *testing.T, s *shop) {
	email := s.register(t)
	for next, want := range map[string]string{
		"/products/7": "/products/7", "": "/account", "//evil.example": "/account", `/\evil.example`: "/account",
		"https://evil.example": "/account", "/\t/evil.example": "/account", "/" + strings.Repeat("x", 200): "/account",
	} {
		again := s.browser(t)
		checkRedirect(t, again.post(t, "/sign-in", "email", email, "password", password, "next", next), want)
	}
	for _, entry := range []string{"/sign-in", "/register"} { // She is signed in already.
		checkRedirect(t, s.get(t, entry+"?next=/checkout"), "/checkout")
		checkRedirect(t, s.get(t, entry+"?next=//evil.example"), "/account")
	}
	visitor := s.browser(t)
	check(t, visitor.get(t, "/sign-in?next=/products/7"), http.StatusOK, `name="next" value="/products/7"`, `href="/register?next=%2fproducts%2f7"`)
	check(t, visitor.post(t, "/sign-in", "email", email, "password", "wrong", "next", "/products/7"), http.StatusUnauthorized, `name="next" value="/products/7"`)
	checkRedirect(t, visitor.post(t, "/register", "email", newEmail(), "name", "Bob", "phone", "", "password", password, "next", "/products/7"), "/products/7")
}

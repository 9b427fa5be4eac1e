package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"telltale/crudapp"
	"telltale/crudapp/argon2id"
)

// signInStaff adds somebody to the staff and signs in.
func (s *shop) signInStaff(t *testing.T) string {
	t.Helper()
	email := s.addStaff(t)
	checkRedirect(t, s.post(t, "/staff/sign-in", "email", email, "password", password), "/staff/products")
	return email
}

// addStaff adds Mary to the staff and returns her address.
func (s *shop) addStaff(t *testing.T) string {
	t.Helper()
	passwords := argon2id.New(argon2id.Options{Params: argon2id.Params{Memory: 64, Time: 1, Threads: 1}})
	email := newEmail()
	if _, err := crudapp.NewStaffAccounts(crudapp.StaffOptions{Store: s.store, Passwords: passwords}).Add(t.Context(), email, "Mary", password); err != nil {
		t.Fatal(err)
	}
	return email
}

func testStaffOnly(t *testing.T, s *shop) {
	customer := s.register(t)
	for path, next := range map[string]string{
		"/staff": "?next=%2Fstaff", "/staff/products": "", "/staff/products/new": "?next=%2Fstaff%2Fproducts%2Fnew",
		"/staff/orders?q=7&status=paid": "?next=%2Fstaff%2Forders%3Fq%3D7%26status%3Dpaid",
	} {
		checkRedirect(t, s.get(t, path), "/staff/sign-in"+next)
	}
	checkRedirect(t, s.post(t, "/staff/products/1", "version", "1"), "/staff/sign-in")
	check(t, s.get(t, "/staff/sign-in"), http.StatusOK, `action="/staff/sign-in"`)
	check(t, s.post(t, "/staff/sign-in", "email", customer, "password", password), http.StatusUnauthorized, "The e-mail address or the password is wrong.")

	email := s.signInStaff(t)
	again := s.browser(t)
	check(t, again.get(t, "/staff/sign-in?next=/staff/orders"), http.StatusOK, `name="next" value="/staff/orders"`)
	for next, want := range map[string]string{"/staff/orders?q=7": "/staff/orders?q=7", "https://example.com/": "/staff/products"} {
		checkRedirect(t, again.post(t, "/staff/sign-in", "email", email, "password", password, "next", next), want)
	}
	checkRedirect(t, s.get(t, "/staff"), "/staff/products")
	check(t, s.get(t, "/staff/products"), http.StatusOK, "Mary", `action="/staff/sign-out"`)
	check(t, s.get(t, "/account"), http.StatusOK, customer)
	checkRedirect(t, s.post(t, "/staff/sign-out"), "/staff/sign-in")
	checkRedirect(t, s.get(t, "/staff/products"), "/staff/sign-in")
	check(t, s.get(t, "/account"), http.StatusOK, customer)
	check(t, s.post(t, "/sign-in", "email", email, "password", password), http.StatusUnauthorized)

	for range 10 {
		check(t, s.post(t, "/staff/sign-in", "email", email, "password", "wrong"), http.StatusUnauthorized)
	}
	check(t, s.post(t, "/staff/sign-in", "email", email, "password", password), http.StatusTooManyRequests, "Too many attempts")
	check(t, s.call(t, http.MethodPost, "/api/staff/session", `{"email":"`+email+`","password":"x"}`), http.StatusTooManyRequests)
}

func testStaffProduct(t *testing.T, s *shop) {
	s.signInStaff(t)
	sku := fmt.Sprintf("TEST-%d", skus.Add(1))
	check(t, s.get(t, "/staff/products/new"), http.StatusOK, `<option value="draft" selected>draft</option>`)
	fields := []string{
		"sku", sku, "name", "Bun", "description", "Soft.\r\nSticky.", "price", "2.4", "currency", "GBP",
		"attributes", "contains: wheat\r\ncontains: milk\r\n\r\n", "categories", "", "status", "active", "on_hand", "5", "reorder_level", "2",
	}
	bad := append([]string{}, fields...)
	bad[1], bad[7], bad[17] = "a b", "cheap", "-1"
	check(t, s.post(t, "/staff/products", bad...), http.StatusUnprocessableEntity, `id="on_hand-error">Enter a number, 0 or more.`, `value="cheap"`)
	bad[17] = "1"
	check(t, s.post(t, "/staff/products", bad...), http.StatusUnprocessableEntity, `id="sku-error">A SKU has`, `id="price-error">Enter a price`)
	added := s.post(t, "/staff/products", fields...)
	at, _, _ := strings.Cut(added.header.Get("Location"), "?")
	checkRedirect(t, added, at+"?saved=listing")

	check(t, s.get(t, at+"?saved=listing"), http.StatusOK, "The product is saved.", "Soft.\nSticky.</textarea>", "contains: wheat, milk</textarea>",
		`name="was.price" value="2.40"`, `name="version" value="1"`)
	check(t, s.get(t, "/staff/products?low&q="+sku), http.StatusOK, "Nothing found.")
	checkRedirect(t, s.post(t, at+"/stock", "version", "1", "on_hand", "1", "reorder_level", "2"), at+"?saved=stock")
	check(t, s.get(t, at+"?saved=stock"), http.StatusOK, "The stock is saved.")
	check(t, s.get(t, "/staff/products?low&q="+sku), http.StatusOK, "Bun", "1, reorder")
	check(t, s.post(t, at+"/stock", "version", "2", "on_hand", "many", "reorder_level", "2"), http.StatusUnprocessableEntity, `value="many"`, "Enter a number")
	check(t, s.post(t, at, "version", "x"), http.StatusBadRequest)

	check(t, s.post(t, at+"/remove", "version", "7"), http.StatusConflict, "Somebody else changed this product first.")
	checkRedirect(t, s.post(t, at+"/remove", "version", "1"), "/staff/products")
	check(t, s.get(t, at), http.StatusNotFound)
}

// listing is a posted form of the product that (*shop).product makes, with other
// values for some of its fields.
func listing(version string, over map[string]string) []string {
	values := map[string]string{
		"name": "Loaf", "description": "Dark.", "price": "4.20", "currency": "GBP", "attributes": "origin: Kent", "categories": "", "status": "active",
	}
	form := []string{"version", version}
	for name, value := range values {
		form = append(form, "was."+name, value)
		if _, ok := over[name]; !ok {
			form = append(form, name, value)
		}
	}
	for name, value := range over {
		form = append(form, name, value)
	}
	return form
}

// testThreeWay has two people change one product: each something that the other
// did not, and both the price.
func testThreeWay(t *testing.T, s *shop) {
	item := s.product(t, "active")
	s.signInStaff(t)
	at := fmt.Sprintf("/staff/products/%d", item.ID)
	checkRedirect(t, s.post(t, at, listing("1", nil)...), at+"?saved=listing")
	checkRedirect(t, s.post(t, at, listing("2", map[string]string{"price": "5", "attributes": "origin: Sussex"})...), at+"?saved=listing")

	lost := s.post(t, at, listing("2", map[string]string{"price": "6", "name": "Rye"})...)
	radio := func(field, side string, checked bool) string {
		return fmt.Sprintf(`<input type="radio" name="pick.%s" value="%s" required%s>`, field, side, map[bool]string{true: " checked"}[checked])
	}
	check(t, lost, http.StatusConflict, "Changed elsewhere meanwhile", `name="version" value="3"`,
		radio("name", "yours", true), radio("name", "stored", false),
		radio("attributes", "yours", false), radio("attributes", "stored", true),
		radio("price", "yours", false), radio("price", "stored", false),
		`name="price" value="6.00"`, `name="was.price" value="5.00"`,
		`<td data-label="When you opened it"><span>4.20</span></td>`,
		`name="description" value="Dark."`)
	if strings.Contains(lost.body, `name="pick.description"`) {
		t.Error("there is a choice between equal descriptions")
	}

	// What the form then posts: the rye, Sussex, and the stored price.
	chosen := []string{
		"version", "3", "name", "Rye", "was.name", "Loaf", "pick.name", "yours",
		"price", "6.00", "was.price", "5.00", "pick.price", "stored",
		"attributes", "origin: Kent", "was.attributes", "origin: Sussex", "pick.attributes", "stored",
		"description", "Dark.", "was.description", "Dark.", "currency", "GBP", "status", "active", "categories", "",
	}
	checkRedirect(t, s.post(t, at, chosen...), at+"?saved=listing")
	check(t, s.get(t, at), http.StatusOK, `value="Rye"`, `value="5.00"`, "origin: Sussex</textarea>", `name="version" value="4"`)

	checkRedirect(t, s.post(t, at+"/stock", "version", "1", "on_hand", "4", "reorder_level", "2"), at+"?saved=stock")
	check(t, s.post(t, at+"/stock", "version", "1", "on_hand", "5", "was.on_hand", "5", "reorder_level", "3", "was.reorder_level", "2"),
		http.StatusConflict, radio("on_hand", "stored", true), radio("reorder_level", "yours", true))
}

// testLargestForm posts as much as a product can have, in the characters that take
// the most.
func testLargestForm(t *testing.T, s *shop) {
	item := s.product(t, "active")
	s.signInStaff(t)
	var facts strings.Builder
	for i := range 10 {
		fmt.Fprintf(&facts, "%d: %s\r\n", i, strings.Repeat("😀", 99))
	}
	form := []string{"version", "1", "price", "9999999999.99", "was.price", "4.20", "currency", "GBP", "status", "active", "categories", ""}
	for name, value := range map[string]string{
		"name": strings.Repeat("😀", 120), "description": strings.Repeat("😀", 1500), "attributes": facts.String(),
	} {
		form = append(form, name, value, "was."+name, value)
	}
	at := fmt.Sprintf("/staff/products/%d", item.ID)
	checkRedirect(t, s.post(t, at, form...), at+"?saved=listing")
	check(t, s.get(t, at), http.StatusOK, `value="9999999999.99"`)
}

package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"telltale/internal/browsertest"
)

func workAsStaff(t *testing.T, s *shopper) {
	look(s.open(t, "/staff/sign-in"), "staff-sign-in")
	page := s.asStaff(t)
	look(page, "staff-products")
	page.Do("ask for what runs low", chromedp.Click(chromedp.CSS("input[name=low]")))
	submit(page, "/staff/products")
	page.Await("only what runs low", `[...document.querySelectorAll("tbody tr")].every((e) => e.innerText.includes("reorder"))`)

	page.Follow("a[href='/staff/products/new']")
	look(page, "staff-new")
	sku := fmt.Sprintf("TEST-%d", skus.Add(1))
	submit(page, "/staff/products", [2]string{"sku", sku}, [2]string{"name", "Bun"}, [2]string{"price", "cheap"})
	page.Await("the price to be refused", `document.activeElement.id === "price" && document.querySelector("#price-error").innerText !== ""`)
	look(page, "staff-new-refused")
	submit(page, "/staff/products", [2]string{"price", "2.40"}, [2]string{"attributes", "origin: Kent"}, [2]string{"on_hand", "5"})
	page.AwaitText("The product is saved.")

	path := browsertest.Evaluate[string](page, "location.pathname")
	submit(page, path, [2]string{"name", "Iced bun"})
	page.AwaitText("The product is saved.")
	submit(page, path+"/stock", [2]string{"on_hand", "6"})
	page.AwaitText("The stock is saved.")
	look(page, "staff-product")
	page.Follow("button.danger")
	submit(page, "/staff/products", [2]string{"q", sku})
	page.AwaitText("Nothing found.")
	submit(page, "/staff/sign-out")
	page.AwaitText("Staff only")
}

// conflictInProduct has two of the staff change one product: the second sees what she
// opened, what she wants and what is stored, and chooses.
func conflictInProduct(t *testing.T, s *shopper) {
	path := fmt.Sprintf("/staff/products/%d", s.shop.product(t, "active").ID)
	first := s.asStaff(t)
	first.Do("go to the product", chromedp.Navigate(s.shop.url+path))
	second := s.open(t, path)
	submit(first, path, [2]string{"price", "5.00"}, [2]string{"attributes", "origin: Sussex"})
	first.AwaitText("The product is saved.")

	submit(second, path, [2]string{"price", "6.00"}, [2]string{"name", "Rye"})
	second.AwaitText("Changed elsewhere meanwhile")
	look(second, "conflict")
	chosen := browsertest.Evaluate[[]string](second, `[...document.querySelectorAll("input[type=radio]:checked")].map((e) => e.name + "=" + e.value)`)
	if got, want := fmt.Sprint(chosen), "[pick.name=yours pick.attributes=stored]"; got != want {
		t.Errorf("chosen is %s, want %s", got, want)
	}
	second.Do("choose the stored price", chromedp.Click(chromedp.CSS("input[name='pick.price'][value=stored]")))
	second.Follow("form[action='" + path + "'] button")
	second.AwaitText("The product is saved.")
	got := browsertest.Evaluate[string](second, `["name", "price", "attributes"].map((id) => document.getElementById(id).value).join("|")`)
	if want := "Rye|5.00|origin: Sussex"; got != want {
		t.Errorf("the product is %s, want %s", got, want)
	}
}

// lookAfterCustomers has staff find a customer, correct her name while another of them
// does, and close the account.
func lookAfterCustomers(t *testing.T, s *shopper) {
	customer := (&shopper{shop: s.shop, browser: s.browser.Person(t)}).open(t, "/register")
	email := s.register(t, customer, "Bob")
	page := s.asStaff(t)
	page.Follow("nav a[href='/staff/customers']")
	submit(page, "/staff/customers", [2]string{"q", email})
	page.AwaitText(email)
	look(page, "staff-customers")
	page.Follow("tbody a")
	path := browsertest.Evaluate[string](page, "location.pathname")
	second := s.open(t, path)
	submit(page, path, [2]string{"name", "Alice"})
	page.AwaitText("The details are saved.")
	look(page, "staff-customer")
	submit(second, path, [2]string{"name", "Jim"})
	second.AwaitText("Changed elsewhere meanwhile")
	second.Do("choose what is stored", chromedp.Click(chromedp.CSS("input[name='pick.name'][value=stored]")))
	second.Follow("form[action='" + path + "'] button")
	second.Await("Alice", `document.querySelector("#name").value === "Alice"`)
	page.Follow("form[action$='/close'] button")
	submit(page, "/staff/customers", [2]string{"q", email})
	page.AwaitText("Nobody found.")
	customer.Do("look at the account", chromedp.Navigate(s.shop.url+"/account"))
	customer.AwaitText("Sign in")
}

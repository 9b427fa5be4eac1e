package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"telltale/internal/browsertest"
)

// buy has somebody who is not signed in find something, sign in on the way, order it
// and change her mind; staff find the order.
func buy(t *testing.T, s *shopper) {
	page := s.open(t, "/products")
	page.Follow(".goods h2 a")
	page.Follow("article a[href^='/sign-in?next=']")
	page.Follow("main a[href^='/register?next=']")
	submit(page, "/register", [2]string{"name", "Bob"}, [2]string{"email", newEmail()}, [2]string{"password", password})
	page.AwaitText("Put into the basket")
	look(page, "product-to-buy")
	submit(page, "/basket", [2]string{"quantity", "2"})
	page.AwaitText("Your basket")
	page.Do("go to the shelves", chromedp.Navigate(s.shop.url+"/products?category=coffee"))
	page.Follow(".goods h2 a")
	submit(page, "/basket", [2]string{"quantity", "99"})
	page.AwaitText("Not everything here can be had.")
	look(page, "basket-short")
	page.Do("take fewer", chromedp.SetValue(chromedp.CSS(".lines li:last-child input"), "1"))
	page.Follow(".lines li:last-child form button.second")
	look(page, "basket")
	page.Follow("a[href='/checkout']")
	page.AwaitText("We need to know where to bring it.")
	page.Follow("main a[href='/account/addresses/new?next=/checkout']")
	submit(page, "/account/addresses?next=%2Fcheckout", [2]string{"street", "1 High Street"}, [2]string{"city", "London"})
	page.AwaitText("Where we bring it")
	look(page, "checkout")

	// In another tab she takes more of the first, so that the first tab is out of date.
	other := s.open(t, "/basket")
	other.Do("take more", chromedp.SetValue(chromedp.CSS(".lines li:first-child input"), "3"))
	other.Follow(".lines li:first-child form button.second")
	other.Await("three", `document.querySelector(".lines input").value === "3"`)
	page.Follow("form[action='/checkout'] button")
	page.AwaitText("changed since you looked")
	page.Await("what she was shown before", `document.querySelector("tr.differs .was").innerText.startsWith("before: 2 at")`)
	look(page, "checkout-changed")
	page.Follow("form[action='/checkout'] button")
	page.AwaitText("Thank you. We have your order.")
	look(page, "order")
	number := browsertest.Evaluate[string](page, `location.pathname.split("/").pop()`)

	staff := (&shopper{shop: s.shop, browser: s.browser.Person(t)}).asStaff(t)
	staff.Follow("nav a[href='/staff/orders']")
	look(staff, "staff-orders")
	submit(staff, "/staff/orders", [2]string{"q", number})
	staff.Follow("td a[href='/staff/orders/" + number + "']")
	look(staff, "staff-order")

	submit(page, "/orders/"+number+"/cancel", [2]string{"reason", "Too much bread."})
	page.AwaitText("Your order is cancelled.")
	look(page, "order-cancelled")
	page.Follow("nav a[href='/orders']")
	look(page, "orders")
	submit(staff, "/staff/orders/"+number+"/cancel")
	staff.AwaitText("Too much bread.")
}

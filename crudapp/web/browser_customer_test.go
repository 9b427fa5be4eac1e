package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"telltale/internal/browsertest"
)

func browseGoods(t *testing.T, s *shopper) {
	page := s.open(t, "/")
	look(page, "home")
	page.Follow("nav a[href='/products']")
	page.AwaitText("Sourdough loaf")
	look(page, "products")
	submit(page, "/products", [2]string{"q", "sourdough"})
	page.Await("what was searched for alone", `document.querySelectorAll(".goods li").length === 1`)
	page.Follow(".shelves a[href='/products?category=coffee']")
	page.Await("coffee and no bread", `document.querySelectorAll(".goods li").length > 1 && !document.body.innerText.includes("Sourdough")`)
	page.Follow(".goods h2 a")
	page.AwaitText("What customers say")
	page.AwaitText("Sign in to write a review.")
	look(page, "product")
	page.Do("go where nothing is", chromedp.Navigate(s.shop.url+"/nowhere"))
	page.AwaitText("There is nothing at this address.")
	look(page, "error")
}

func keepAccount(t *testing.T, s *shopper) {
	page := s.open(t, "/")
	page.Follow("main a[href='/register']")
	look(page, "register")
	email := newEmail()
	submit(page, "/register", [2]string{"name", "Bob"}, [2]string{"email", email}, [2]string{"password", "password"})
	page.Await("the password to be refused", `document.activeElement.id === "password" && document.querySelector("#password-error").innerText !== ""`)
	look(page, "register-refused")
	submit(page, "/register", [2]string{"password", password})
	page.AwaitText("Not yet, other than by opening the account.")
	submit(page, "/account", [2]string{"name", "Alice"}, [2]string{"phone", "030 12345"})
	page.AwaitText("Your details are saved.")
	submit(page, "/account/consent")
	page.AwaitText("You hear of our offers")

	submit(page, "/sign-out")
	page.Follow("main a[href='/sign-in']")
	look(page, "sign-in")
	submit(page, "/sign-in", [2]string{"email", email}, [2]string{"password", "another pass phrase"})
	page.AwaitText("The e-mail address or the password is wrong.")
	submit(page, "/sign-in", [2]string{"password", password})
	page.AwaitText("127.0.0.1")
	look(page, "account")
	submit(page, "/account/close", [2]string{"password", "another pass phrase"})
	page.AwaitText("This is not your password.")
	submit(page, "/account/close", [2]string{"password", password})
	page.Await("to be signed out", `document.querySelector("main a[href='/register']") !== null`)
}

// conflictInAccount has a customer change the name in two tabs.
func conflictInAccount(t *testing.T, s *shopper) {
	first := s.open(t, "/register")
	s.register(t, first, "Bob")
	second := s.open(t, "/account")
	submit(first, "/account", [2]string{"name", "Alice"})
	first.AwaitText("Your details are saved.")
	submit(second, "/account", [2]string{"name", "Jim"})
	second.AwaitText("Changed elsewhere meanwhile")
	second.Await("all three sides", `document.querySelector(".sides tr.differs").innerText.replace(/\s+/g, " ").trim() === "Name Bob Jim Alice"`)
	look(second, "account-conflict")
	second.Do("choose her own", chromedp.Click(chromedp.CSS("input[name='pick.name'][value=yours]")))
	second.Follow("form[action='/account'] button")
	second.AwaitText("Your details are saved.")
	second.Await("Jim", `document.querySelector("#name").value === "Jim"`)
}

func keepAddresses(t *testing.T, s *shopper) {
	page := s.open(t, "/register")
	s.register(t, page, "Bob")
	page.Follow("a[href='/account/addresses']")
	page.AwaitText("None yet.")
	for _, street := range []string{"1 High Street", "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch House, 2 Low Street"} {
		page.Follow("a[href='/account/addresses/new']")
		submit(page, "/account/addresses", [2]string{"street", street}, [2]string{"postcode", "SW1A 1AA"}, [2]string{"city", "London"})
		page.AwaitText(street)
	}
	look(page, "addresses")
	page.Follow("form[action$='/default'] button")
	page.Await("the second to be the default", `document.querySelector(".addresses li").innerText.includes("2 Low Street")`)
	page.Follow(".addresses li a")
	look(page, "address")
	page.Fill([][2]string{{"city", "Leeds"}})
	page.Follow("section:first-of-type form button")
	page.AwaitText("Leeds")
	page.Follow(".addresses li a")
	page.Follow("button.danger")
	page.Await("one address", `document.querySelectorAll(".addresses li").length === 1`)
}

// writeReview has a customer say what she thinks, and staff keep it from others.
func writeReview(t *testing.T, s *shopper) {
	page := s.open(t, "/register")
	s.register(t, page, "Bob")
	page.Do("go to the shelves", chromedp.Navigate(s.shop.url+"/products"))
	page.Follow(".goods h2 a")
	page.Do("choose five stars", chromedp.SetValue(chromedp.CSS("#rating"), "5"))
	page.Fill([][2]string{{"text", "Gone by eight, and rightly so."}})
	page.Follow("form[action$='/review'] button")
	page.AwaitText("Your review is saved.")
	look(page, "product-reviewed")

	staff := (&shopper{shop: s.shop, browser: s.browser.Person(t)}).asStaff(t)
	staff.Follow("nav a[href='/staff/reviews']")
	staff.AwaitText("Gone by eight")
	look(staff, "staff-reviews")
	staff.Follow("form[action$='/hide'] button")
	staff.AwaitText("Hidden")
	page.Do("look again", chromedp.Reload())
	page.AwaitText("Nobody but you sees this review")
	if browsertest.Evaluate[bool](page, `document.querySelector("#reviews").innerText.includes("Gone by eight")`) {
		t.Error("a hidden review is shown among the others")
	}
}

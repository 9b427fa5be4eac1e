package web_test

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"telltale/crudapp/catalogue"
	"telltale/crudapp/mysql"
	"telltale/crudapp/web"
	"telltale/internal/browsertest"
	"telltale/internal/mysqlserver/mysqltest"
)

var screenshots = flag.String("screenshots", "", "folder to write pictures of the shop's pages to")

// TestBrowser goes the main way through each page, as people do, in one browser and
// one shop that sells what a new one does.
func TestBrowser(t *testing.T) {
	t.Parallel()
	store, err := mysql.Open(t.Context(), mysqltest.Start(t).DSN("shop"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := catalogue.New(catalogue.Options{Store: store}).Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	shop := newShop(t, store, web.Options{InsecureCookies: true})
	browser := browsertest.Start(t, shop.url)
	for _, test := range []struct {
		name string
		walk func(*testing.T, *shopper)
	}{
		{"goods", browseGoods},
		{"an account", keepAccount},
		{"two tabs change one account", conflictInAccount},
		{"addresses", keepAddresses},
		{"a review", writeReview},
		{"an order", buy},
		{"an order is settled", settleOrder},
		{"an order is settled by hand", settleByHand},
		{"staff", workAsStaff},
		{"two tabs change one product", conflictInProduct},
		{"staff look after customers", lookAfterCustomers},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.walk(t, &shopper{shop: shop, browser: browser.Person(t)})
		})
	}
}

// shopper is somebody with a browser in the shop.
type shopper struct {
	shop    *shop
	browser *browsertest.Browser
}

// open opens one of the shop's pages in a tab of its own. Nothing may be wrong in it
// until the test ends.
func (s *shopper) open(t *testing.T, path string) *browsertest.Tab {
	t.Helper()
	page := s.browser.Open(t, s.shop.url+path)
	t.Cleanup(func() {
		for _, complaint := range page.Complaints() {
			// Chromium calls it an error that a page answers so.
			if !strings.Contains(complaint, "responded with a status of 4") {
				t.Errorf("the browser complains: %s", complaint)
			}
		}
	})
	return page
}

// register opens an account and returns the address that it has.
func (s *shopper) register(t *testing.T, page *browsertest.Tab, name string) string {
	t.Helper()
	email := newEmail()
	page.Do("go to the form", chromedp.Navigate(s.shop.url+"/register"))
	page.Fill([][2]string{{"name", name}, {"email", email}, {"password", password}})
	page.Follow("form[action='/register'] button")
	page.AwaitText("Your account")
	return email
}

// asStaff adds a member of staff and signs in. The page then is the list of products.
func (s *shopper) asStaff(t *testing.T) *browsertest.Tab {
	t.Helper()
	email := s.shop.addStaff(t)
	page := s.open(t, "/staff")
	page.Fill([][2]string{{"email", email}, {"password", password}})
	page.Follow("form[action='/staff/sign-in'] button")
	page.AwaitText("Products")
	return page
}

// submit types into the fields of the page and follows the button of a form.
func submit(page *browsertest.Tab, action string, values ...[2]string) {
	page.T.Helper()
	page.Fill(values)
	page.Follow("form[action='" + action + "'] button")
}

// look checks how a page looks on a desk and on telephones, by day and by night, and
// takes the pictures that are asked for.
func look(page *browsertest.Tab, name string) {
	page.T.Helper()
	// What must hold all that is in it.
	const parts = ".bar, nav, main, .card, .field, .search, .goods li, .review, .notice, .actions, table, dl, .put, .lines li, .choices"
	desk := browsertest.Look{Name: "desk-light", Width: 1440, Height: 900}
	page.Looks([]browsertest.Look{
		{Name: "narrow-light", Width: 320, Height: 640},
		{Name: "phone-light", Width: 390, Height: 844},
		{Name: "phone-dark", Width: 390, Height: 844, Dark: true},
		{Name: "desk-dark", Width: 1440, Height: 900, Dark: true},
		desk,
	}, parts, func(l browsertest.Look) {
		if *screenshots != "" && (l == desk || l.Width == 390) {
			page.FullPicture(filepath.Join(*screenshots, name+"-"+l.Name+".png"))
		}
	})
}

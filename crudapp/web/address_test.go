package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// addresses returns the paths of the addresses that the list links to.
func (s *shop) addresses(t *testing.T) []string {
	t.Helper()
	return regexp.MustCompile(`/account/addresses/\d+"`).FindAllString(s.get(t, "/account/addresses").body, -1)
}

func testAddressPages(t *testing.T, s *shop) {
	s.register(t)
	check(t, s.get(t, "/account"), http.StatusOK, `href="/account/addresses"`)
	check(t, s.get(t, "/account/addresses"), http.StatusOK, "None yet.")
	check(t, s.get(t, "/account/addresses/new"), http.StatusOK, `value="Bob"`, `<option value="GB" selected>United Kingdom</option>`)
	check(t, s.post(t, "/account/addresses", "version", "0", "recipient", " ", "street", "", "city", "Oslo", "country", "XX"),
		http.StatusUnprocessableEntity, `id="recipient-error">Enter who it is for.`, `id="street-error">Enter street`,
		`id="country-error">The shop does not deliver`, `value="Oslo"`)
	home := []string{"version", "0", "recipient", "Bob", "street", "1 High Street\r\nFlat 2", "postcode", "SW1A 1AA", "city", "London", "country", "GB"}
	checkRedirect(t, s.post(t, "/account/addresses", home...), "/account/addresses")
	home[3] = "Bob's office"
	check(t, s.get(t, "/account/addresses/new?next=/checkout"), http.StatusOK, `action="/account/addresses?next=%2Fcheckout"`)
	check(t, s.get(t, "/account/addresses/new?next=//example.com"), http.StatusOK, `action="/account/addresses"`)
	checkRedirect(t, s.post(t, "/account/addresses?next=/checkout", home...), "/checkout")
	check(t, s.get(t, "/account/addresses"), http.StatusOK, "<address>Bob\n1 High Street\nFlat 2\nSW1A 1AA London\nUnited Kingdom</address>", "Bob&#39;s office")
	paths := s.addresses(t)
	if len(paths) != 2 {
		t.Fatalf("the list links to %q, want two addresses", paths)
	}
	first, second := strings.Trim(paths[0], `"`), strings.Trim(paths[1], `"`)

	checkRedirect(t, s.post(t, second+"/default"), "/account/addresses")
	if got := strings.Trim(s.addresses(t)[0], `"`); got != second {
		t.Errorf("the first address is %s, want the default, %s", got, second)
	}
	stranger := s.browser(t)
	stranger.register(t)
	for _, got := range []answer{stranger.get(t, first), stranger.post(t, first+"/default"), stranger.post(t, first+"/remove", "version", "1")} {
		check(t, got, http.StatusNotFound)
	}
	testAddressConflict(t, s, first)
	check(t, s.post(t, first+"/remove", "version", "1"), http.StatusConflict, "This address was changed elsewhere first.")
	checkRedirect(t, s.post(t, first+"/remove", "version", "3"), "/account/addresses")
	check(t, s.get(t, first), http.StatusNotFound)
}

// testAddressConflict has two tabs change one address, which is at version 1.
func testAddressConflict(t *testing.T, s *shop, path string) {
	t.Helper()
	form := func(version, recipient, city string) []string {
		return []string{
			"version", version, "recipient", recipient, "was.recipient", "Bob", "street", "1 High Street\r\nFlat 2", "was.street", "1 High Street\r\nFlat 2",
			"postcode", "", "was.postcode", "SW1A 1AA", "city", city, "was.city", "London", "country", "GB", "was.country", "GB",
		}
	}
	checkRedirect(t, s.post(t, path, form("1", "Bob", "Leeds")...), "/account/addresses")
	check(t, s.post(t, path, form("1", "Alice", "York")...), http.StatusConflict, "Changed elsewhere meanwhile", `name="version" value="2"`,
		`name="pick.recipient" value="yours" required checked>`, `name="pick.city" value="yours" required>`,
		`name="was.city" value="Leeds"`, `<td data-label="When you opened it"><span>London</span></td>`)
	chosen := append(form("2", "Alice", "York"), "pick.recipient", "yours", "pick.city", "stored", "was.city", "Leeds")
	checkRedirect(t, s.post(t, path, chosen...), "/account/addresses")
	check(t, s.get(t, path), http.StatusOK, `value="Alice"`, `value="Leeds"`, `name="version" value="3"`)
}

func testAddressAPI(t *testing.T, s *shop) {
	const mine = "/api/customers/me/addresses"
	check(t, s.get(t, mine), http.StatusUnauthorized)
	s.register(t)
	if got := s.get(t, mine).body; got != "{\"addresses\":[]}\n" {
		t.Errorf("addresses are %s, want none", got)
	}
	check(t, s.call(t, http.MethodPost, mine, `{"recipient":"Bob","street":"1 High Street","city":"","country":"gb"}`),
		http.StatusUnprocessableEntity, `"errors":{"city":"Enter a town or city."}`)
	added := s.call(t, http.MethodPost, mine, `{"recipient":"Bob","street":"1 High Street","city":"London","country":"gb"}`)
	check(t, added, http.StatusCreated, `"country":"GB"`, `"postcode":null`, `"default":true`, `"version":1`)
	at := added.header.Get("Location")
	if got := s.get(t, at); got.body != added.body || got.header.Get("ETag") != `"1"` {
		t.Errorf("GET %s returned %s with ETag %s, want what adding returned", at, got.body, got.header.Get("ETag"))
	}
	body := `{"recipient":"Bob","street":"2 High Street","postcode":"SW1","city":"London","country":"GB"}`
	check(t, s.put(t, at, body, ""), http.StatusPreconditionRequired)
	check(t, s.put(t, at, body, `"1"`), http.StatusOK, `"postcode":"SW1"`, `"version":2`)
	check(t, s.put(t, at, strings.Replace(body, "SW1", "SW2", 1), `"1"`), http.StatusPreconditionFailed,
		`"yours":{"recipient":"Bob","street":"2 High Street","postcode":"SW2"`, `"stored":{"id":`)
	second := s.call(t, http.MethodPost, mine, body).header.Get("Location")
	check(t, s.send(t, http.MethodPut, second+"/default", ""), http.StatusNoContent)
	check(t, s.get(t, second), http.StatusOK, `"default":true`, `"version":1`)
	check(t, s.send(t, http.MethodDelete, second, "", "If-Match", `"7"`), http.StatusPreconditionFailed)
	check(t, s.send(t, http.MethodDelete, second, "", "If-Match", `"1"`), http.StatusNoContent)
	check(t, s.get(t, at), http.StatusOK, `"default":true`)
	check(t, s.get(t, second), http.StatusNotFound)
}

func testConsent(t *testing.T, s *shop) {
	s.register(t)
	check(t, s.get(t, "/account"), http.StatusOK, "Tell me of offers too")
	check(t, s.post(t, "/account/consent", "given", "maybe"), http.StatusBadRequest)
	checkRedirect(t, s.post(t, "/account/consent", "given", "true"), "/account")
	check(t, s.get(t, "/account"), http.StatusOK, "You hear of our offers", "No more offers")
	const path = "/api/customers/me/consent"
	given := s.get(t, path)
	check(t, given, http.StatusOK, `"given":true`)
	check(t, s.call(t, http.MethodPut, path, `{}`), http.StatusUnprocessableEntity, `"given":`)
	if got := s.call(t, http.MethodPut, path, `{"given":true}`); got.body != given.body {
		t.Errorf("to give consent again returned %s, want %s", got.body, given.body)
	}
	check(t, s.call(t, http.MethodPut, path, `{"given":false}`), http.StatusOK, `"given":false`)
	newcomer := s.browser(t)
	newcomer.register(t)
	check(t, newcomer.get(t, path), http.StatusOK, `{"given":false,"decided_at":null}`)
}

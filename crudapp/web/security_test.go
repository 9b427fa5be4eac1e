package web_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"telltale/crudapp/web"
)

// cookie returns the session cookie that the browser holds.
func (s *shop) cookie(t *testing.T) *http.Cookie {
	t.Helper()
	address, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range s.client.Jar.Cookies(address) {
		if cookie.Name == "shop_session" {
			return cookie
		}
	}
	t.Fatal("the browser has no session cookie")
	return nil
}

func testReplay(t *testing.T, s *shop) {
	s.register(t)
	stolen := s.cookie(t).String()
	thief := s.browser(t)
	check(t, thief.send(t, http.MethodGet, "/api/customers/me", "", "Cookie", stolen), http.StatusOK, `"name":"Bob"`)
	checkRedirect(t, s.post(t, "/sign-out"), "/")
	check(t, thief.send(t, http.MethodGet, "/api/customers/me", "", "Cookie", stolen), http.StatusUnauthorized, `"code":"unauthenticated"`)
}

func testFixation(t *testing.T, s *shop) {
	email := s.register(t)
	planted := s.cookie(t).String()
	checkRedirect(t, s.post(t, "/sign-in", "email", email, "password", password), "/account")
	if s.cookie(t).String() == planted {
		t.Error("the token is the same after signing in")
	}
	check(t, s.browser(t).send(t, http.MethodGet, "/api/customers/me", "", "Cookie", planted), http.StatusUnauthorized)
	check(t, s.get(t, "/account"), http.StatusOK)
}

func testRateLimit(t *testing.T, s *shop) {
	email := s.register(t)
	for range 10 {
		check(t, s.post(t, "/sign-in", "email", email, "password", "wrong"), http.StatusUnauthorized)
	}
	got := s.post(t, "/sign-in", "email", email, "password", password)
	check(t, got, http.StatusTooManyRequests, "Too many attempts to sign in.")
	if wait := got.header.Get("Retry-After"); !regexp.MustCompile(`^(59|60)$`).MatchString(wait) {
		t.Errorf("Retry-After is %q, want about a minute", wait)
	}
	check(t, s.get(t, "/account"), http.StatusOK)
}

func testCrossSite(t *testing.T, s *shop) {
	email := s.register(t)
	form := url.Values{"version": {"1"}, "email": {email}, "name": {"Eve"}}.Encode()
	for name, headers := range map[string][]string{
		"another site":          {"Sec-Fetch-Site", "cross-site"},
		"another host there":    {"Sec-Fetch-Site", "same-site"},
		"by origin":             {"Origin", "https://evil.example"},
		"no origin to speak of": {"Origin", "null"},
	} {
		headers = append(headers, "Content-Type", "application/x-www-form-urlencoded")
		got := s.send(t, http.MethodPost, "/account", form, headers...)
		if got.status != http.StatusForbidden || !strings.Contains(got.body, "came from another site") {
			t.Errorf("%s: status %d, want %d", name, got.status, http.StatusForbidden)
		}
		check(t, s.send(t, http.MethodDelete, "/api/session", "", headers...), http.StatusForbidden, `"code":"forbidden"`)
	}
	check(t, s.get(t, "/account"), http.StatusOK, `value="Bob"`)
	got := s.send(t, http.MethodPost, "/account", form, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
	checkRedirect(t, got, "/account?saved")
	// A link on another site may lead here: to look changes nothing.
	check(t, s.send(t, http.MethodGet, "/account", "", "Sec-Fetch-Site", "cross-site"), http.StatusOK)
}

func testHeaders(t *testing.T, s *shop) {
	secure := newShop(t, s.store, web.Options{})
	// Errors and files carry the same headers as pages.
	for _, path := range []string{"/", "/account", "/nowhere", "/api/customers/me", "/static/icon.svg?v=old"} {
		checkGolden(t, "headers.golden", securityHeaders(secure.get(t, path)))
	}
}

func testFramedHeaders(t *testing.T, s *shop) {
	framed := newShop(t, s.store, web.Options{InsecureCookies: true, FrameAncestors: []string{"'self'", "http://127.0.0.1:8080"}})
	checkGolden(t, "headers-framed.golden", securityHeaders(framed.get(t, "/")))
}

// securityHeaders returns the headers that do not depend on the page, one a
// line.
func securityHeaders(a answer) string {
	var lines []string
	for name, values := range a.header {
		switch name {
		case "Date", "Content-Type", "Content-Length", "X-Request-Id", "Location", "Accept-Ranges", "Www-Authenticate":
		default:
			lines = append(lines, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant, from %s,\n%s", got, name, want)
	}
}

func testCookies(t *testing.T, s *shop) {
	for _, test := range []struct {
		options web.Options
		want    string
	}{
		{web.Options{}, `^__Host-shop_session=[\w-]{43}; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax$`},
		{web.Options{InsecureCookies: true}, `^shop_session=[\w-]{43}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax$`},
	} {
		got := newShop(t, s.store, test.options).post(t, "/register", "email", newEmail(), "name", "Bob", "password", password)
		if cookie := got.header.Get("Set-Cookie"); !regexp.MustCompile(test.want).MatchString(cookie) {
			t.Errorf("Set-Cookie is %q, want %s", cookie, test.want)
		}
	}
}

func testMalformed(t *testing.T, s *shop) {
	email := s.register(t)
	large := strings.Repeat("x", 64<<10+1)
	check(t, s.post(t, "/account", "version", "1", "email", email, "name", large), http.StatusRequestEntityTooLarge, "larger than 64 KiB")
	check(t, s.post(t, "/account", "version", "one", "email", email, "name", "Eve"), http.StatusBadRequest, "the version is not a number")
	check(t, s.post(t, "/account", "email", email, "name", "Eve"), http.StatusBadRequest)
	check(t, s.send(t, http.MethodPost, "/account", "%zz", "Content-Type", "application/x-www-form-urlencoded"), http.StatusBadRequest)
	check(t, s.get(t, "/account"), http.StatusOK, `value="Bob"`)
}

func testUnmatched(t *testing.T, s *shop) {
	check(t, s.get(t, "/nowhere"), http.StatusNotFound, "There is nothing at this address.", "Corner Shop")
	check(t, s.get(t, "/api/nowhere"), http.StatusNotFound, `"code":"not_found"`)
	s.register(t)
	check(t, s.get(t, "/orders/0"), http.StatusNotFound, `action="/sign-out"`, `href="/account"`)
	s.signInStaff(t)
	check(t, s.get(t, "/staff/orders/0"), http.StatusNotFound, `action="/staff/sign-out"`, `href="/staff"`)
	got := s.send(t, http.MethodDelete, "/account", "")
	check(t, got, http.StatusMethodNotAllowed, "does not support the method")
	if allow := got.header.Get("Allow"); allow != "GET, HEAD, POST" {
		t.Errorf("Allow is %q", allow)
	}
	// What changes something cannot be done by following a link.
	check(t, s.get(t, "/sign-out"), http.StatusMethodNotAllowed)
	check(t, s.send(t, http.MethodPost, "/api/customers/me", ""), http.StatusMethodNotAllowed, `"code":"method_not_allowed"`)
}

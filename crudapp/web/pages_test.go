package web_test

import (
	"net/http"
	"strings"
	"testing"
)

func testPages(t *testing.T, s *shop) {
	email := newEmail()
	check(t, s.get(t, "/"), http.StatusOK, `href="/register"`, `href="/sign-in"`)
	check(t, s.get(t, "/register"), http.StatusOK, `<label for="password">Password</label>`, `action="/register"`)

	checkRedirect(t, s.post(t, "/register", "email", email, "name", "Bob", "phone", "030 12345", "password", password), "/account")
	check(t, s.get(t, "/account"), http.StatusOK, `value="Bob"`, `value="`+email+`"`, `value="030 12345"`, `name="version" value="1"`,
		"Not yet, other than by opening the account.")
	check(t, s.get(t, "/"), http.StatusOK, "Welcome back, Bob.")
	checkRedirect(t, s.get(t, "/sign-in"), "/account")
	checkRedirect(t, s.get(t, "/register"), "/account")

	checkRedirect(t, s.post(t, "/account", "version", "1", "email", email, "name", "Alice", "phone", ""), "/account?saved")
	check(t, s.get(t, "/account?saved"), http.StatusOK, "Your details are saved.", `value="Alice"`, `name="version" value="2"`)
	checkRedirect(t, s.post(t, "/account", "version", "2", "email", email, "name", "Alice", "phone", ""), "/account?saved")
	check(t, s.get(t, "/account"), http.StatusOK, `name="version" value="2"`)

	checkRedirect(t, s.post(t, "/sign-out"), "/")
	checkRedirect(t, s.get(t, "/account"), "/sign-in")
	check(t, s.post(t, "/sign-in", "email", email, "password", "wrong"), http.StatusUnauthorized,
		"The e-mail address or the password is wrong.", `value="`+email+`"`)
	checkRedirect(t, s.post(t, "/sign-in", "email", strings.ToUpper(email), "password", password), "/account")
	check(t, s.get(t, "/account"), http.StatusOK, `value="Alice"`, `data-label="Address">127.0.0.1<`, "Go-http-client")
}

func testPageProblems(t *testing.T, s *shop) {
	got := s.post(t, "/register", "email", "bob", "name", " ", "phone", "call me", "password", "s3cr3t!")
	check(t, got, http.StatusUnprocessableEntity,
		`id="email-error">This is not an e-mail address.`, `id="name-error">Enter your name.`,
		`id="phone-error">A telephone number has digits`, `id="password-error">A password has at least 8`,
		`aria-describedby="email-error"`, `aria-describedby="password-error password-hint"`, `value="call me"`)
	if strings.Contains(got.body, "s3cr3t!") {
		t.Error("the password is sent back")
	}
	if n := strings.Count(got.body, "autofocus"); n != 1 {
		t.Errorf("%d fields want the focus, want 1", n)
	}

	taken := s.register(t)
	other := s.browser(t)
	other.register(t)
	check(t, other.post(t, "/account", "version", "1", "email", taken, "name", "Bob", "phone", ""),
		http.StatusUnprocessableEntity, "There is already an account with this e-mail address.", `name="version" value="1"`)
	check(t, other.browser(t).post(t, "/register", "email", taken, "name", "Bob", "password", password),
		http.StatusUnprocessableEntity, "There is already an account with this e-mail address.")
}

func testTwoTabs(t *testing.T, s *shop) {
	email := s.register(t)
	checkRedirect(t, s.post(t, "/account", "version", "1", "email", email, "name", "Alice", "phone", ""), "/account?saved")

	form := []string{"version", "1", "email", email, "was.email", email, "name", "Jim", "was.name", "Bob", "phone", "030 12345", "was.phone", ""}
	check(t, s.post(t, "/account", form...), http.StatusConflict, "Changed elsewhere meanwhile", `name="version" value="2"`,
		`<td data-label="When you opened it"><span>Bob</span></td>`, `name="name" value="Jim"`, `name="was.name" value="Alice"`,
		`name="pick.name" value="yours" required>`, `name="pick.name" value="stored" required>`,
		`name="pick.phone" value="yours" required checked>`, "Save what is chosen")
	check(t, s.get(t, "/account"), http.StatusOK, `value="Alice"`, `name="version" value="2"`)

	form = append(form, "version", "2", "was.name", "Alice", "pick.name", "stored", "pick.phone", "yours")
	checkRedirect(t, s.post(t, "/account", form...), "/account?saved")
	check(t, s.get(t, "/account"), http.StatusOK, `value="Alice"`, `value="030 12345"`, `name="version" value="3"`)
}

func testDoubleSubmit(t *testing.T, s *shop) {
	email := s.register(t)
	for range 2 {
		checkRedirect(t, s.post(t, "/account", "version", "1", "email", email, "name", "Alice", "phone", ""), "/account?saved")
	}
	check(t, s.get(t, "/account"), http.StatusOK, `name="version" value="2"`)
}

func testEscaping(t *testing.T, s *shop) {
	email := s.register(t)
	const name = `"><script>alert(1)</script>*/ {{.}}`
	checkRedirect(t, s.post(t, "/account", "version", "1", "email", email, "name", name, "phone", ""), "/account?saved")
	for _, path := range []string{"/", "/account"} {
		got := s.get(t, path)
		check(t, got, http.StatusOK, "&lt;script&gt;alert(1)&lt;/script&gt;*/ {{.}}")
		if strings.Contains(got.body, "<script") {
			t.Errorf("%s has a script", path)
		}
	}
}

func testNotSignedIn(t *testing.T, s *shop) {
	checkRedirect(t, s.get(t, "/account"), "/sign-in")
	checkRedirect(t, s.post(t, "/account", "version", "1", "name", "Eve"), "/sign-in")
	checkRedirect(t, s.post(t, "/sign-out"), "/")
}

func testAssets(t *testing.T, s *shop) {
	home := s.get(t, "/").body
	_, rest, _ := strings.Cut(home, `rel="stylesheet" href="`)
	path, _, _ := strings.Cut(rest, `"`)
	got := s.get(t, path)
	check(t, got, http.StatusOK, "prefers-color-scheme: dark")
	if kind := got.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/css") {
		t.Errorf("the style sheet has the type %q", kind)
	}
	if want, cache := "public, max-age=31536000, immutable", got.header.Get("Cache-Control"); cache != want {
		t.Errorf("at its own address the style sheet has Cache-Control %q, want %q", cache, want)
	}
	if want, cache := "no-store", s.get(t, "/static/shop.css?v=old").header.Get("Cache-Control"); cache != want {
		t.Errorf("at an old address the style sheet has Cache-Control %q, want %q", cache, want)
	}
	check(t, s.get(t, "/static/..%2fserver.go"), http.StatusNotFound)
}

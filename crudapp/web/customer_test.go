package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func testCloseAccount(t *testing.T, s *shop) {
	email := s.register(t)
	checkRedirect(t, s.post(t, "/account/consent", "given", "true"), "/account")
	check(t, s.post(t, "/account/close", "password", "another pass phrase"), http.StatusUnprocessableEntity,
		`id="password-error">This is not your password.`, `value="`+email+`"`)
	other := s.browser(t)
	checkRedirect(t, other.post(t, "/sign-in", "email", email, "password", password), "/account")
	checkRedirect(t, s.post(t, "/account/close", "password", password), "/")
	for _, who := range []*shop{s, other} {
		checkRedirect(t, who.get(t, "/account"), "/sign-in")
	}
	check(t, s.post(t, "/sign-in", "email", email, "password", password), http.StatusUnauthorized)
	checkRedirect(t, s.post(t, "/register", "email", email, "name", "Bob", "password", password), "/account")
	check(t, s.get(t, "/account"), http.StatusOK, "We write only about your account.")

	const path = "/api/customers/me/close"
	check(t, s.call(t, http.MethodPost, path, `{"password":"another pass phrase"}`), http.StatusUnprocessableEntity, `"errors":{"password":`)
	check(t, s.call(t, http.MethodPost, path, `{"password":"`+password+`"}`), http.StatusNoContent)
	check(t, s.get(t, "/api/customers/me"), http.StatusUnauthorized)
}

// customerOf registers somebody and returns the e-mail address and the path of the page
// for staff.
func (s *shop) customerOf(t *testing.T) (email, path string) {
	t.Helper()
	other := s.browser(t)
	email = other.register(t)
	return email, fmt.Sprintf("/staff/customers/%d", parse[customer](t, other.get(t, "/api/customers/me")).ID)
}

func testStaffCustomers(t *testing.T, s *shop) {
	email, at := s.customerOf(t)
	checkRedirect(t, s.get(t, "/staff/customers"), "/staff/sign-in?next=%2Fstaff%2Fcustomers")
	checkRedirect(t, s.post(t, at), "/staff/sign-in")
	s.signInStaff(t)
	check(t, s.get(t, "/staff/customers?q="+email), http.StatusOK, `<a href="`+at+`">Bob</a>`, email, "United Kingdom")
	check(t, s.get(t, "/staff/customers?q=nobody"), http.StatusOK, "Nobody found.")
	check(t, s.get(t, at), http.StatusOK, `value="`+email+`"`, "No address yet.", "Was not told of offers", "None yet.")

	form := func(version, name, phone string) []string {
		return []string{"version", version, "name", name, "was.name", "Bob", "email", email, "was.email", email, "phone", phone, "was.phone", "", "country", "GB", "was.country", "GB"}
	}
	checkRedirect(t, s.post(t, at, form("1", "Alice", "")...), at+"?saved")
	check(t, s.get(t, at+"?saved"), http.StatusOK, "The details are saved.", `value="Alice"`)
	check(t, s.post(t, at, form("1", "Jim", "030 12345")...), http.StatusConflict, "Changed elsewhere meanwhile",
		`<td data-label="When you opened it"><span>Bob</span></td>`, `name="pick.name" value="yours" required>`, `name="pick.phone" value="yours" required checked>`)
	chosen := append(form("2", "Jim", "030 12345"), "was.name", "Alice", "pick.name", "stored", "pick.phone", "yours")
	checkRedirect(t, s.post(t, at, chosen...), at+"?saved")
	check(t, s.get(t, at), http.StatusOK, `value="Alice"`, `value="030 12345"`, `name="version" value="3"`)
	check(t, s.post(t, at, form("3", " ", "")...), http.StatusUnprocessableEntity, `id="name-error"`)

	check(t, s.post(t, at+"/close", "version", "2"), http.StatusConflict, "Somebody else changed these details first.")
	checkRedirect(t, s.post(t, at+"/close", "version", "3"), "/staff/customers")
	check(t, s.get(t, at), http.StatusNotFound)
	check(t, s.get(t, "/staff/customers?q="+email), http.StatusOK, "Nobody found.")
}

func testStaffCustomersAPI(t *testing.T, s *shop) {
	email, page := s.customerOf(t)
	at := strings.Replace(page, "/staff/", "/api/", 1)
	check(t, s.get(t, at), http.StatusUnauthorized)
	s.signInStaff(t)
	check(t, s.get(t, "/api/customers?q="+email), http.StatusOK, `"email":"`+email+`"`, `"next":null`)
	shown := s.get(t, at)
	check(t, shown, http.StatusOK, `"country":"GB"`)
	if tag := shown.header.Get("ETag"); tag != `"1"` {
		t.Errorf("the ETag is %s, want \"1\"", tag)
	}
	check(t, s.send(t, http.MethodGet, at, "", "If-None-Match", `"1"`), http.StatusNotModified)
	for part, want := range map[string]string{
		"addresses": `{"addresses":[]}`, "consent": `{"given":false,"decided_at":null}`,
		"orders": `{"next":null,"orders":[]}`, "sign-ins": `{"sign_ins":[]}`,
	} {
		check(t, s.get(t, at+"/"+part), http.StatusOK, want)
		check(t, s.browser(t).get(t, at+"/"+part), http.StatusUnauthorized, `"code":"unauthenticated"`)
		check(t, s.get(t, "/api/customers/0/"+part), http.StatusNotFound, `"code":"not_found"`)
	}
	body := `{"email":"` + email + `","name":"Alice","country":"se"}`
	check(t, s.put(t, at, body, ""), http.StatusPreconditionRequired)
	check(t, s.put(t, at, body, `"1"`), http.StatusOK, `"name":"Alice"`, `"country":"SE"`, `"version":2`)
	check(t, s.put(t, at, strings.Replace(body, "Alice", "Jim", 1), `"1"`), http.StatusPreconditionFailed, `"yours":{`, `"stored":{`)
	check(t, s.send(t, http.MethodDelete, at, "", "If-Match", `"1"`), http.StatusPreconditionFailed, `"code":"conflict"`)
	check(t, s.send(t, http.MethodDelete, at, "", "If-Match", `"2"`), http.StatusNoContent)
	check(t, s.get(t, at), http.StatusNotFound)
}

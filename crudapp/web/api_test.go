package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// call sends a JSON body.
func (s *shop) call(t *testing.T, method, path, body string) answer {
	t.Helper()
	return s.send(t, method, path, body, "Content-Type", "application/json")
}

// customer is a customer as the API documents it.
type customer struct {
	ID        uint64  `json:"id"`
	Email     string  `json:"email"`
	Name      string  `json:"name"`
	Phone     *string `json:"phone"`
	Country   string  `json:"country"`
	Version   uint32  `json:"version"`
	CreatedAt string  `json:"created_at"`
	UpdatedAt string  `json:"updated_at"`
}

// signIns are a customer's sign-ins as the API documents them.
type signIns struct {
	SignIns []struct {
		ID         uint64 `json:"id"`
		Address    string `json:"address"`
		UserAgent  string `json:"user_agent"`
		SignedInAt string `json:"signed_in_at"`
	} `json:"sign_ins"`
}

// stamp is how the API writes times.
var stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT[\d:.]+Z$`)

func parse[T any](t *testing.T, a answer) T {
	t.Helper()
	var value T
	decoder := json.NewDecoder(strings.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("decode %s: %v", a.body, err)
	}
	return value
}

func testAPI(t *testing.T, s *shop) {
	email := newEmail()
	registered := s.call(t, http.MethodPost, "/api/customers", `{"email":"`+email+`","name":"Bob","password":"`+password+`"}`)
	check(t, registered, http.StatusCreated, `"phone":null`, `"version":1`)
	if got := registered.header.Get("Location"); got != "/api/customers/me" {
		t.Errorf("Location is %q", got)
	}
	bob := parse[customer](t, registered)
	if bob.ID == 0 || bob.Email != email || bob.CreatedAt != bob.UpdatedAt || !stamp.MatchString(bob.CreatedAt) {
		t.Errorf("registered %+v", bob)
	}
	if got := parse[customer](t, s.get(t, "/api/customers/me")); got != bob {
		t.Errorf("me is %+v, want what registering returned, %+v", got, bob)
	}

	changed := s.call(t, http.MethodPut, "/api/customers/me", `{"email":"`+email+`","name":"Alice","phone":"030 12345","version":1}`)
	check(t, changed, http.StatusOK, `"name":"Alice"`, `"phone":"030 12345"`, `"version":2`)
	same := s.call(t, http.MethodPut, "/api/customers/me", `{"email":"`+email+`","name":"Alice","phone":"030 12345","version":2}`)
	if same.body != changed.body {
		t.Errorf("an unchanged PUT returned %s, want %s", same.body, changed.body)
	}
	check(t, s.call(t, http.MethodPut, "/api/customers/me", `{"email":"`+email+`","name":"Alice","version":2}`),
		http.StatusOK, `"phone":null`, `"version":3`)

	check(t, s.send(t, http.MethodDelete, "/api/session", ""), http.StatusNoContent)
	check(t, s.send(t, http.MethodDelete, "/api/session", ""), http.StatusNoContent)
	refused := s.get(t, "/api/customers/me")
	check(t, refused, http.StatusUnauthorized)
	if got := refused.header.Get("WWW-Authenticate"); got != `Session realm="shop"` {
		t.Errorf("WWW-Authenticate is %q", got)
	}
	check(t, s.call(t, http.MethodPost, "/api/session", `{"email":"`+email+`","password":"`+password+`"}`), http.StatusCreated, `"name":"Alice"`)
	check(t, s.get(t, "/api/customers/me"), http.StatusOK, `"name":"Alice"`)
	testAPISignIns(t, s)
}

// testAPISignIns expects somebody who has signed in once.
func testAPISignIns(t *testing.T, s *shop) {
	t.Helper()
	got := parse[signIns](t, s.get(t, "/api/customers/me/sign-ins")).SignIns
	if len(got) != 1 || got[0].ID == 0 || got[0].Address != "127.0.0.1" || !strings.HasPrefix(got[0].UserAgent, "Go-http-client") || !stamp.MatchString(got[0].SignedInAt) {
		t.Errorf("sign-ins are %+v, want one from 127.0.0.1", got)
	}
	check(t, s.browser(t).get(t, "/api/customers/me/sign-ins"), http.StatusUnauthorized)
	newcomer := s.browser(t)
	newcomer.register(t)
	if got := newcomer.get(t, "/api/customers/me/sign-ins").body; got != "{\"sign_ins\":[]}\n" {
		t.Errorf("after registering the sign-ins are %s, want none", got)
	}
}

// problem is a problem as the API documents it.
type problem struct {
	Title  string            `json:"title"`
	Status int               `json:"status"`
	Detail string            `json:"detail"`
	Code   string            `json:"code"`
	Errors map[string]string `json:"errors"`
	Yours  *struct {
		Email   string  `json:"email"`
		Name    string  `json:"name"`
		Phone   *string `json:"phone"`
		Country string  `json:"country"`
	} `json:"yours"`
	Stored *customer `json:"stored"`
}

func testAPIProblems(t *testing.T, s *shop) {
	email := s.register(t)
	wrong := s.call(t, http.MethodPost, "/api/session", `{"email":"`+email+`","password":"wrong"}`)
	unknown := s.call(t, http.MethodPost, "/api/session", `{"email":"nobody@example.com","password":"wrong"}`)
	if wrong.status != unknown.status || wrong.body != unknown.body {
		t.Errorf("a wrong password gets %d %s, an unknown address %d %s", wrong.status, wrong.body, unknown.status, unknown.body)
	}
	for _, test := range []struct {
		name, method, path, body, kind string
		status                         int
		code                           string
		field                          string
	}{
		{"wrong password", "POST", "/api/session", `{"email":"nobody@example.com","password":"x"}`, "application/json", 401, "unauthenticated", ""},
		{"bad e-mail", "POST", "/api/customers", `{"email":"bob","name":"Bob","password":"` + password + `"}`, "application/json", 422, "invalid", "email"},
		{"taken e-mail", "POST", "/api/customers", `{"email":"` + email + `","name":"Bob","password":"` + password + `"}`, "application/json", 422, "invalid", "email"},
		{"empty name", "PUT", "/api/customers/me", `{"email":"` + email + `","name":" ","version":1}`, "application/json; charset=utf-8", 422, "invalid", "name"},
		{"short password", "POST", "/api/customers", `{"email":"x@example.com","name":"Bob","password":"short"}`, "application/json", 422, "invalid", "password"},
		{"no version", "PUT", "/api/customers/me", `{"email":"` + email + `","name":"Eve"}`, "application/json", 409, "conflict", ""},
		{"form instead of JSON", "POST", "/api/session", `email=x`, "application/x-www-form-urlencoded", 415, "unsupported_media_type", ""},
		{"no type", "POST", "/api/session", `{}`, "", 415, "unsupported_media_type", ""},
		{"unknown member", "POST", "/api/session", `{"mail":"x"}`, "application/json", 400, "malformed", ""},
		{"wrong type", "PUT", "/api/customers/me", `{"version":"1"}`, "application/json", 400, "malformed", ""},
		{"version out of range", "PUT", "/api/customers/me", `{"version":4294967296}`, "application/json", 400, "malformed", ""},
		{"cut short", "POST", "/api/session", `{"email":`, "application/json", 400, "malformed", ""},
		{"two values", "POST", "/api/session", `{} {}`, "application/json", 400, "malformed", ""},
		{"no body", "POST", "/api/session", ``, "application/json", 400, "malformed", ""},
		{"deep", "POST", "/api/session", strings.Repeat("[", 60000), "application/json", 400, "malformed", ""},
		{"large", "POST", "/api/session", `{"email":"` + strings.Repeat("x", 64<<10) + `"}`, "application/json", 413, "too_large", ""},
	} {
		got := s.send(t, test.method, test.path, test.body, "Content-Type", test.kind)
		if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
			t.Errorf("%s: Content-Type is %q", test.name, kind)
		}
		p := parse[problem](t, got)
		if got.status != test.status || p.Status != test.status || p.Code != test.code || p.Title != http.StatusText(test.status) || p.Detail == "" {
			t.Errorf("%s: status %d with %+v, want %d %s", test.name, got.status, p, test.status, test.code)
		}
		if test.field != "" && (len(p.Errors) != 1 || p.Errors[test.field] == "") {
			t.Errorf("%s: errors are %v, want one about %s", test.name, p.Errors, test.field)
		}
	}
}

func testAPIConflict(t *testing.T, s *shop) {
	email := s.register(t)
	put := func(name string, version int) answer {
		return s.call(t, http.MethodPut, "/api/customers/me", fmt.Sprintf(`{"email":%q,"name":%q,"version":%d}`, email, name, version))
	}
	check(t, put("Alice", 1), http.StatusOK)
	lost := put("Jim", 1)
	check(t, lost, http.StatusConflict)
	p := parse[problem](t, lost)
	if p.Code != "conflict" || p.Yours == nil || p.Yours.Name != "Jim" || p.Yours.Email != email {
		t.Errorf("the problem is %+v, want a conflict with Jim as yours", p)
	}
	if want := parse[customer](t, s.get(t, "/api/customers/me")); p.Stored == nil || *p.Stored != want || want.Name != "Alice" {
		t.Errorf("stored is %+v, want %+v", p.Stored, want)
	}
	check(t, put("Jim", 2), http.StatusOK, `"version":3`)

	const me = "/api/customers/me"
	if tag := s.get(t, me).header.Get("ETag"); tag != `"3"` {
		t.Errorf("the ETag is %s, want \"3\"", tag)
	}
	body := fmt.Sprintf(`{"email":%q,"name":"Eve"}`, email)
	check(t, s.put(t, me, body, `"2"`), http.StatusPreconditionFailed, `"code":"conflict"`)
	check(t, s.put(t, me, body, `"3"`), http.StatusOK, `"version":4`)
}

func testFiftyTabsOfDetails(t *testing.T, s *shop) {
	email := s.register(t)
	const tabs = 50
	var answers [tabs]answer
	var wg sync.WaitGroup
	for i := range tabs {
		wg.Go(func() {
			answers[i] = s.post(t, "/account", "version", "1", "email", email, "name", fmt.Sprintf("Tab %d", i), "phone", "")
		})
	}
	wg.Wait()
	stored := parse[customer](t, s.get(t, "/api/customers/me"))
	if stored.Version != 2 {
		t.Errorf("the version is %d, want 2", stored.Version)
	}
	for i, a := range answers {
		want := http.StatusConflict
		if stored.Name == fmt.Sprintf("Tab %d", i) {
			want = http.StatusSeeOther
		}
		if a.status != want {
			t.Errorf("tab %d got status %d while the stored name is %q", i, a.status, stored.Name)
		}
	}
}

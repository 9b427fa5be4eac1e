package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func testReviewPages(t *testing.T, s *shop) {
	sold, draft := s.product(t, "active"), s.product(t, "draft")
	page := fmt.Sprintf("/products/%d", sold.ID)
	check(t, s.get(t, page), http.StatusOK, "Nothing yet.", "to write a review")
	checkRedirect(t, s.post(t, page+"/review", "version", "0", "rating", "5"), "/sign-in")
	s.register(t)
	check(t, s.get(t, page), http.StatusOK, `<option value="" selected>Choose</option>`, `name="version" value="0"`)
	check(t, s.post(t, page+"/review", "version", "0", "rating", "", "text", "a\ab"), http.StatusUnprocessableEntity,
		`id="rating-error">Choose a rating`, `id="text-error">A review cannot contain`)
	checkRedirect(t, s.post(t, page+"/review", "version", "0", "rating", "4", "text", "<i>Good</i>\r\ncrust."), page+"?saved")
	check(t, s.get(t, page+"?saved"), http.StatusOK, "Your review is saved.", "<strong>4.0</strong> out of 5, from 1 review.",
		"★★★★☆", "&lt;i&gt;Good&lt;/i&gt;\ncrust.</p>", `name="version" value="1"`)
	check(t, s.post(t, fmt.Sprintf("/products/%d/review", draft.ID), "version", "0", "rating", "5"), http.StatusNotFound)

	// Two tabs: one changes the rating, the other the text, then both.
	checkRedirect(t, s.post(t, page+"/review", "version", "1", "rating", "5", "text", "Good"), page+"?saved")
	check(t, s.post(t, page+"/review", "version", "1", "rating", "4", "was.rating", "4", "text", "Bad", "was.text", "Old"), http.StatusConflict,
		"Changed elsewhere meanwhile", `name="pick.rating" value="stored" required checked>`, `name="pick.text" value="yours" required>`)
	checkRedirect(t, s.post(t, page+"/review", "version", "2", "rating", "4", "was.rating", "5", "pick.rating", "stored", "text", "Bad", "pick.text", "yours"), page+"?saved")
	check(t, s.get(t, page), http.StatusOK, "★★★★★", "Bad</p>")

	staff := s.browser(t)
	checkRedirect(t, staff.get(t, "/staff/reviews"), "/staff/sign-in?next=%2Fstaff%2Freviews")
	staff.signInStaff(t)
	list := staff.get(t, "/staff/reviews").body
	at := strings.Index(list, ">"+sold.Name+"<")
	if at < 0 {
		t.Fatalf("the list lacks %s: %s", sold.Name, list)
	}
	_, rest, _ := strings.Cut(list[at:], `action="`)
	hide, _, _ := strings.Cut(rest, `"`)
	checkRedirect(t, staff.post(t, hide), "/staff/reviews")
	check(t, staff.get(t, page), http.StatusOK, "Nothing yet.")
	check(t, s.get(t, page), http.StatusOK, "Nobody but you sees this review at present.", "Bad</textarea>")
	checkRedirect(t, staff.post(t, strings.Replace(hide, "/hide", "/show", 1)), "/staff/reviews")
	check(t, staff.get(t, page), http.StatusOK, "★★★★★")
	check(t, staff.post(t, "/staff/reviews/0/hide"), http.StatusNotFound)
}

func testReviewAPI(t *testing.T, s *shop) {
	sold := s.product(t, "active")
	path := fmt.Sprintf("/api/products/%d/reviews", sold.ID)
	if got := s.get(t, path).body; got != "{\"reviews\":[],\"count\":0,\"average\":null,\"next\":null}\n" {
		t.Errorf("reviews are %s, want none", got)
	}
	check(t, s.get(t, path+"/mine"), http.StatusUnauthorized)
	s.register(t)
	check(t, s.get(t, path+"/mine"), http.StatusNotFound)
	mine := path + "/mine"
	first := func(body string) answer {
		return s.send(t, http.MethodPut, mine, body, "Content-Type", "application/json", "If-None-Match", "*")
	}
	check(t, s.put(t, mine, `{"rating":4}`, ""), http.StatusPreconditionRequired)
	check(t, s.put(t, mine, `{"rating":4}`, "*"), http.StatusNotFound)
	check(t, first(`{"rating":6}`), http.StatusUnprocessableEntity, `"errors":{"rating":`)
	check(t, first(`{"rating":4,"text":"Good"}`), http.StatusOK, `"author":"Bob"`, `"rating":4`, `"version":1`)
	check(t, first(`{"rating":4,"text":"Good"}`), http.StatusOK, `"version":1`)
	check(t, first(`{"rating":1,"text":"Bad"}`), http.StatusPreconditionFailed, `"yours":{"rating":1,"text":"Bad"}`, `"stored":{"id":`)
	changed := s.put(t, mine, `{"rating":5,"text":""}`, `"1"`)
	check(t, changed, http.StatusOK, `"version":2`)
	if got := s.get(t, mine); got.body != changed.body || got.header.Get("ETag") != `"2"` {
		t.Errorf("mine is %s with ETag %s, want what changing returned", got.body, got.header.Get("ETag"))
	}
	check(t, s.put(t, mine, `{"rating":2,"text":""}`, `"1"`), http.StatusPreconditionFailed)
	other := s.browser(t)
	other.register(t)
	check(t, other.send(t, http.MethodPut, mine, `{"rating":4,"text":""}`, "Content-Type", "application/json", "If-None-Match", "*"), http.StatusOK)
	check(t, s.get(t, path), http.StatusOK, `"count":2`, `"average":"4.5"`, `"next":null`)
	check(t, s.get(t, path+"?before=x"), http.StatusBadRequest)

	id := parse[struct {
		ID        uint64 `json:"id"`
		ProductID uint64 `json:"product_id"`
		Author    string `json:"author"`
		Rating    int    `json:"rating"`
		Text      string `json:"text"`
		Version   uint32 `json:"version"`
		CreatedAt string `json:"created_at"`
		UpdatedAt string `json:"updated_at"`
	}](t, changed).ID
	hidden := fmt.Sprintf("/api/reviews/%d/hidden", id)
	check(t, s.call(t, http.MethodPut, hidden, `{"hidden":true}`), http.StatusUnauthorized)
	s.signInStaff(t)
	check(t, s.call(t, http.MethodPut, hidden, `{"hidden":true}`), http.StatusNoContent)
	check(t, s.get(t, path), http.StatusOK, `"count":1`, `"average":"4.0"`)
	latest := fmt.Sprintf("/api/staff/reviews?before=%d", id+1)
	check(t, s.get(t, latest), http.StatusOK, fmt.Sprintf(`"id":%d,`, id), `"customer_id":`, `"hidden":true`, `"next":`)
	check(t, s.get(t, "/api/staff/reviews?before=x"), http.StatusBadRequest, `"code":"malformed"`)
	check(t, other.get(t, latest), http.StatusUnauthorized)
	check(t, s.call(t, http.MethodPut, "/api/reviews/0/hidden", `{"hidden":true}`), http.StatusNotFound)
}

package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
)

const (
	goodCard = `{"card":"4111111111111111"}`
	badCard  = `{"card":"4000000000000002"}`
)

// placed registers a customer with an order of 8.40 and returns its number.
func (s *shop) placed(t *testing.T) uint64 {
	t.Helper()
	item := s.product(t, "active")
	s.register(t)
	answer := s.order(t, s.addressID(t), s.fill(t, item, 2), "place")
	check(t, answer, http.StatusCreated, `"total":"8.40"`)
	return parse[ordered](t, answer).ID
}

// keyed sends a request under a key.
func (s *shop) keyed(t *testing.T, path, body, key string) answer {
	t.Helper()
	return s.send(t, http.MethodPost, path, body, "Content-Type", "application/json", "Idempotency-Key", key)
}

func testPaymentAPI(t *testing.T, s *shop) {
	at := fmt.Sprintf("/api/orders/%d", s.placed(t))
	pay := at + "/payment"
	check(t, s.get(t, pay), http.StatusNotFound)
	check(t, s.call(t, http.MethodPost, pay, goodCard), http.StatusUnprocessableEntity, `"errors":{"idempotency_key":`)
	check(t, s.keyed(t, pay, `{"card":"4242"}`, "k1"), http.StatusUnprocessableEntity, `"errors":{"card":"This is none of the test cards.`)
	check(t, s.keyed(t, pay, badCard, "k1"), http.StatusPaymentRequired, `"code":"declined"`, "Nothing was paid")
	paid := s.keyed(t, pay, goodCard, "k1")
	check(t, paid, http.StatusCreated, `"method":"card"`, `"amount":"8.40"`, `"currency":"GBP"`, `"reference":"test-`, `"invoice":"20`)
	check(t, s.get(t, at), http.StatusOK, `"status":"paid"`, `"version":2`)
	if again := s.keyed(t, pay, goodCard, "k1"); again.status != paid.status || again.body != paid.body {
		t.Errorf("sent again: %d %s, want what it was: %s", again.status, again.body, paid.body)
	}
	check(t, s.keyed(t, pay, `{"card":"5555555555554444"}`, "k1"), http.StatusUnprocessableEntity, `"errors":{"idempotency_key":"This key was used for another request."}`)
	check(t, s.keyed(t, pay, goodCard, "k2"), http.StatusConflict, `"code":"conflict"`, `"stored":{"id":`, `"status":"paid"`)
	check(t, s.get(t, pay), http.StatusOK, `"refunded":"0.00","refunds":[],"version":1`)
	check(t, s.send(t, http.MethodGet, pay, "", "If-None-Match", `"1"`), http.StatusNotModified)

	other := s.browser(t)
	check(t, other.keyed(t, pay, goodCard, "k1"), http.StatusUnauthorized)
	other.register(t)
	check(t, other.keyed(t, pay, goodCard, "k1"), http.StatusNotFound)
	check(t, other.get(t, pay), http.StatusNotFound)
	check(t, other.get(t, at+"/shipment"), http.StatusNotFound)
}

func testSettlementAPI(t *testing.T, s *shop) {
	id := s.placed(t)
	order, at := fmt.Sprintf("/api/orders/%d", id), fmt.Sprintf("/api/staff/orders/%d", id)
	ship := func(from, body string) answer { return s.put(t, at+"/shipment", body, from) }
	check(t, s.keyed(t, at+"/payment", `{"reference":"RF18"}`, "k1"), http.StatusUnauthorized)
	check(t, s.keyed(t, at+"/refunds", `{}`, "k1"), http.StatusUnauthorized)
	check(t, ship("*", `{}`), http.StatusUnauthorized)
	s.signInStaff(t)
	check(t, s.keyed(t, at+"/refunds", `{"amount":"1","reason":"Stale"}`, "k1"), http.StatusConflict, "Nothing was paid for this order.")
	check(t, ship(`"1"`, `{"carrier":"Bike","tracking":null}`), http.StatusConflict, "An order that is placed cannot become shipped", `"status":"placed"`)
	check(t, s.keyed(t, at+"/payment", `{"reference":" "}`, "k1"), http.StatusUnprocessableEntity, `"errors":{"reference":`)
	check(t, s.keyed(t, at+"/payment", `{"reference":"RF18"}`, "k1"), http.StatusCreated, `"method":"transfer"`, `"reference":"RF18"`)

	refund := s.keyed(t, at+"/refunds", `{"amount":"1.40","reason":"Stale"}`, "k1")
	check(t, refund, http.StatusCreated, `"amount":"1.40"`, `"currency":"GBP"`, `"reason":"Stale"`)
	if again := s.keyed(t, at+"/refunds", `{"amount":"1.40","reason":"Stale"}`, "k1"); again.status != refund.status || again.body != refund.body {
		t.Errorf("sent again: %d %s, want what it was: %s", again.status, again.body, refund.body)
	}
	check(t, s.keyed(t, at+"/refunds", `{"amount":"1.40","reason":"Burnt"}`, "k1"), http.StatusUnprocessableEntity, `"errors":{"idempotency_key":`)
	check(t, s.keyed(t, at+"/refunds", `{"amount":"7.01","reason":"Stale"}`, "k2"), http.StatusUnprocessableEntity, `"errors":{"amount":"At most 7.00 can be paid back."}`)
	check(t, s.get(t, at+"/payment"), http.StatusOK, `"refunded":"1.40"`, `"version":2`)
	check(t, s.get(t, order+"/payment"), http.StatusOK, `"refunds":[{"id":`, `"reason":"Stale"`)

	check(t, s.get(t, at+"/shipment"), http.StatusNotFound)
	check(t, ship("", `{"carrier":"Bike"}`), http.StatusPreconditionRequired)
	check(t, ship(`"1"`, `{"carrier":"Bike"}`), http.StatusPreconditionFailed, `"stored":{"id":`, `"version":2`)
	check(t, ship(`"2"`, `{"carrier":" "}`), http.StatusUnprocessableEntity, `"errors":{"carrier":`)
	shipped := ship(`"2"`, `{"carrier":"Bike","tracking":"B-7"}`)
	check(t, shipped, http.StatusOK, `"carrier":"Bike","tracking":"B-7","shipped_at":`)
	check(t, ship(`"2"`, `{"carrier":"Bike","tracking":"B-7"}`), http.StatusOK)
	check(t, ship(`"3"`, `{"carrier":"Van","tracking":null}`), http.StatusConflict, "This order is shipped already.")
	for _, path := range []string{order, at} {
		if got := s.get(t, path+"/shipment"); got.body != shipped.body {
			t.Errorf("%s: the shipment is %s, want %s", path, got.body, shipped.body)
		}
	}
	check(t, s.get(t, order), http.StatusOK, `"status":"shipped"`, `"version":3`)
}

// testFiftyPayments has fifty tabs of one customer pay one order, each under a key of
// its own.
func testFiftyPayments(t *testing.T, s *shop) {
	pay := fmt.Sprintf("/api/orders/%d/payment", s.placed(t))
	const tabs = 50
	var answers [tabs]answer
	var wg sync.WaitGroup
	for i := range tabs {
		wg.Go(func() { answers[i] = s.keyed(t, pay, goodCard, fmt.Sprint("k", i)) })
	}
	wg.Wait()
	won := 0
	for _, a := range answers {
		if a.status == http.StatusCreated {
			won++
			continue
		}
		check(t, a, http.StatusConflict, `"status":"paid"`)
	}
	if won != 1 {
		t.Errorf("%d of %d paid, want 1", won, tabs)
	}
}

func testPayPages(t *testing.T, s *shop) {
	id := s.placed(t)
	at := fmt.Sprintf("/orders/%d", id)
	check(t, s.browser(t).get(t, at+"/pay"), http.StatusSeeOther)
	check(t, s.get(t, at+"/invoice"), http.StatusNotFound)
	form := s.get(t, at+"/pay")
	check(t, form, http.StatusOK, "£8.40", "No money moves.", `<option value="4111111111111111" selected>4111 1111 1111 1111, pays</option>`, fmt.Sprintf("name order %d", id))
	key := regexp.MustCompile(`name="idempotency_key" value="([A-Z2-7]{26})"`).FindStringSubmatch(form.body)
	if key == nil {
		t.Fatalf("the form has no key: %s", form.body)
	}
	pay := func(card, key string) answer { return s.post(t, at+"/pay", "card", card, "idempotency_key", key) }
	declined := pay("4000000000000002", key[1])
	check(t, declined, http.StatusPaymentRequired, "The card was declined. Nothing was paid", `<option value="4000000000000002" selected>`, key[1])
	check(t, pay("1234", key[1]), http.StatusUnprocessableEntity, `id="card-error">This is none of the test cards.`)
	check(t, pay("4111111111111111", ""), http.StatusUnprocessableEntity, "Some values need another look.")
	checkRedirect(t, pay("4111111111111111", key[1]), at+"?paid")
	checkRedirect(t, pay("4111111111111111", key[1]), at+"?paid")
	checkRedirect(t, pay("4111111111111111", "another"), at)
	checkRedirect(t, s.get(t, at+"/pay"), at)
	check(t, s.get(t, at+"/invoice"), http.StatusOK, "<h1>Invoice 20", "£8.40", "by card, test-", "1 High Street", "United Kingdom")
	other := s.browser(t)
	other.register(t)
	for _, page := range []string{"/pay", "/invoice"} {
		check(t, other.get(t, at+page), http.StatusNotFound)
	}
	check(t, other.post(t, at+"/pay", "card", "4111111111111111", "idempotency_key", "k"), http.StatusNotFound)
}

func testSettlementPages(t *testing.T, s *shop) {
	id := s.placed(t)
	at := fmt.Sprintf("/staff/orders/%d", id)
	checkRedirect(t, s.post(t, at+"/transfer"), "/staff/sign-in")
	s.signInStaff(t)
	check(t, s.get(t, at), http.StatusOK, "Waits to be paid until <time")
	check(t, s.get(t, at+"/refund"), http.StatusNotFound)
	check(t, s.get(t, at+"/transfer"), http.StatusOK, "All of it: £8.40.", `name="idempotency_key" value="`)
	check(t, s.post(t, at+"/transfer", "reference", " ", "idempotency_key", "k1"), http.StatusUnprocessableEntity, `id="reference-error"`, `value="k1"`)
	for range 2 {
		checkRedirect(t, s.post(t, at+"/transfer", "reference", "RF18", "idempotency_key", "k1"), at)
	}
	check(t, s.post(t, at+"/transfer", "reference", "RF18", "idempotency_key", "k2"), http.StatusConflict, "This order is paid already.")

	check(t, s.get(t, at+"/refund"), http.StatusOK, "Of £8.40 that was paid, £8.40 is left.", `value="8.40"`)
	check(t, s.post(t, at+"/refund", "amount", "9", "reason", "", "idempotency_key", "k1"), http.StatusUnprocessableEntity, `id="reason-error">Say why.`, `value="9"`)
	check(t, s.post(t, at+"/refund", "amount", "9", "reason", "Stale", "idempotency_key", "k1"), http.StatusUnprocessableEntity, `id="amount-error">At most 8.40`)
	for range 2 {
		checkRedirect(t, s.post(t, at+"/refund", "amount", "1", "reason", "Stale", "idempotency_key", "k1"), at)
	}
	check(t, s.get(t, at+"/refund"), http.StatusOK, "£7.40 is left.")

	check(t, s.get(t, at+"/ship"), http.StatusOK, `name="version" value="2"`)
	check(t, s.post(t, at+"/ship", "carrier", "Bike", "version", "1"), http.StatusConflict, "Somebody else changed this order first.", `value="Bike"`)
	check(t, s.post(t, at+"/ship", "carrier", "", "version", "2"), http.StatusUnprocessableEntity, `id="carrier-error">Say who brings it.`)
	check(t, s.post(t, at+"/ship", "carrier", "Bike"), http.StatusBadRequest)
	for range 2 {
		checkRedirect(t, s.post(t, at+"/ship", "carrier", "Bike", "tracking", "B-7", "version", "2"), at)
	}
	if got := s.get(t, fmt.Sprintf("/api/orders/%d", id)).body; !strings.Contains(got, `"status":"shipped"`) {
		t.Errorf("the order is %s, want it shipped", got)
	}
}

// testCancelPaid has staff cancel an order of which a part was paid back.
func testCancelPaid(t *testing.T, s *shop) {
	id := s.placed(t)
	at := fmt.Sprintf("/staff/orders/%d", id)
	check(t, s.keyed(t, fmt.Sprintf("/api/orders/%d/payment", id), goodCard, "k"), http.StatusCreated)
	s.signInStaff(t)
	check(t, s.keyed(t, "/api"+at+"/refunds", `{"amount":"1","reason":"Stale"}`, "k"), http.StatusCreated)
	check(t, s.get(t, at), http.StatusOK, "£8.40 by card", "£1.00", "Stale", at+"/refund", at+"/ship")
	checkRedirect(t, s.post(t, at+"/cancel", "version", "2", "reason", "No more flour."), at)
	check(t, s.get(t, at), http.StatusOK, "£7.40", "No more flour.")
	check(t, s.get(t, fmt.Sprintf("/orders/%d", id)), http.StatusOK, "£7.40", "No more flour.", fmt.Sprintf("/orders/%d/invoice", id))
	check(t, s.get(t, "/api"+at+"/payment"), http.StatusOK, `"refunded":"8.40"`, `"reason":"No more flour."`, `"version":3`)
	check(t, s.keyed(t, "/api"+at+"/refunds", `{"amount":"0.01","reason":"Stale"}`, "l"), http.StatusUnprocessableEntity, "All of it was paid back already.")
	if got := s.get(t, at).body; strings.Contains(got, at+"/refund") || strings.Contains(got, at+"/ship") {
		t.Errorf("the page offers to refund or to ship what was cancelled: %s", got)
	}
}

package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// testFiftyTabs has fifty tabs change one thing from the same version, for each kind of
// thing: one wins, and the others are told.
func testFiftyTabs(t *testing.T, s *shop) {
	s.register(t)
	s.signInStaff(t)
	sold := s.product(t, "active")
	address := s.call(t, http.MethodPost, "/api/customers/me/addresses", `{"recipient":"Bob","street":"1 High Street","city":"London","country":"GB"}`)
	review := fmt.Sprintf("/api/products/%d/reviews/mine", sold.ID)
	check(t, s.send(t, http.MethodPut, review, `{"rating":5,"text":""}`, "Content-Type", "application/json", "If-None-Match", "*"), http.StatusOK)
	me := parse[customer](t, s.get(t, "/api/customers/me"))
	for _, race := range []struct {
		path string
		// body is what a tab asks for, mark what tells by what is stored that it won.
		body, mark func(tab string) string
	}{
		{
			"/api/customers/me",
			func(tab string) string { return fmt.Sprintf(`{"email":%q,"name":"Tab %s"}`, me.Email, tab) },
			func(tab string) string { return fmt.Sprintf(`"name":"Tab %s"`, tab) },
		},
		{
			address.header.Get("Location"),
			func(tab string) string {
				return fmt.Sprintf(`{"recipient":"Bob","street":"Tab %s","city":"London","country":"GB"}`, tab)
			},
			func(tab string) string { return fmt.Sprintf(`"street":"Tab %s"`, tab) },
		},
		{
			fmt.Sprintf("/api/products/%d", sold.ID),
			func(tab string) string { return productBody("Tab "+tab, "1") },
			func(tab string) string { return fmt.Sprintf(`"name":"Tab %s"`, tab) },
		},
		{
			fmt.Sprintf("/api/products/%d/stock", sold.ID),
			func(tab string) string { return fmt.Sprintf(`{"on_hand":1%s,"reorder_level":2}`, tab) },
			func(tab string) string { return fmt.Sprintf(`"on_hand":1%s,`, tab) },
		},
		{
			review,
			func(tab string) string { return fmt.Sprintf(`{"rating":5,"text":"Tab %s"}`, tab) },
			func(tab string) string { return fmt.Sprintf(`"text":"Tab %s"`, tab) },
		},
	} {
		const tabs = 50
		var answers [tabs]answer
		var wg sync.WaitGroup
		for i := range tabs {
			wg.Go(func() { answers[i] = s.put(t, race.path, race.body(fmt.Sprintf("%02d", i)), `"1"`) })
		}
		wg.Wait()
		stored := s.get(t, race.path).body
		if !strings.Contains(stored, `"version":2`) {
			t.Errorf("%s is %s, want version 2", race.path, stored)
		}
		for i, a := range answers {
			want := http.StatusPreconditionFailed
			if strings.Contains(stored, race.mark(fmt.Sprintf("%02d", i))) {
				want = http.StatusOK
			}
			if a.status != want {
				t.Errorf("%s: tab %d got status %d while %s is stored", race.path, i, a.status, stored)
			}
		}
	}
}

package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"telltale/crudapp"
	"telltale/crudapp/web"
)

func testRequestID(t *testing.T, s *shop) {
	const made = `^[A-Z2-7]{26}$`
	for sent, want := range map[string]string{
		"req-1.a_b:c":            `^req-1\.a_b:c$`,
		"":                       made,
		"a b":                    made,
		"*/":                     made,
		strings.Repeat("x", 65):  made,
		strings.Repeat("x", 64):  `^x{64}$`,
		"a\x80b":                 made,
		"'; DROP TABLE users;--": made,
	} {
		got := s.send(t, http.MethodGet, "/", "", "X-Request-Id", sent).header.Get("X-Request-Id")
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("X-Request-Id %q came back as %q, want %s", sent, got, want)
		}
	}
}

// recording notes on whose behalf details are changed.
type recording struct {
	allStores
	got crudapp.Origin
}

func (r *recording) UpdateDetails(ctx context.Context, u crudapp.DetailsUpdate) (bool, error) {
	r.got = crudapp.OriginFrom(ctx)
	return r.allStores.UpdateDetails(ctx, u)
}

func testOriginReachesStore(t *testing.T, s *shop) {
	store := &recording{allStores: s.store}
	recorded := newShop(t, store, web.Options{InsecureCookies: true})
	email := recorded.register(t)
	me := parse[customer](t, recorded.get(t, "/api/customers/me"))
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	check(t, recorded.send(t, http.MethodPut, "/api/customers/me", `{"email":"`+email+`","name":"Alice","version":1}`,
		"Content-Type", "application/json", "X-Request-Id", "req-1", "Traceparent", trace), http.StatusOK)
	want := crudapp.Origin{Actor: fmt.Sprintf("customer:%d", me.ID), RequestID: "req-1", Traceparent: trace}
	if store.got != want {
		t.Errorf("the store got %+v, want %+v", store.got, want)
	}
}

func testMetrics(t *testing.T, s *shop) {
	registry := prometheus.NewRegistry()
	counted := newShop(t, s.store, web.Options{InsecureCookies: true, Registerer: registry})
	counted.get(t, "/")
	counted.get(t, "/nowhere/1")
	counted.get(t, "/nowhere/2")
	counted.get(t, "/account")
	const want = `
# HELP telltale_crudapp_requests_total Requests answered, by route and HTTP status.
# TYPE telltale_crudapp_requests_total counter
telltale_crudapp_requests_total{route="GET /account",status="303"} 1
telltale_crudapp_requests_total{route="GET /{$}",status="200"} 1
telltale_crudapp_requests_total{route="unmatched",status="404"} 2
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "telltale_crudapp_requests_total"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "telltale_crudapp_request_duration_seconds"); err != nil || n != 3 {
		t.Errorf("%d routes have durations, %v, want 3", n, err)
	}
}

// failing is a store whose database went away.
type failing struct{ allStores }

func (failing) CustomerByEmail(context.Context, string) (crudapp.Customer, string, error) {
	return crudapp.Customer{}, "", errors.New("dial tcp 10.0.0.1:3306: connection refused")
}

func testBrokenDatabase(t *testing.T, s *shop) {
	broken := newShop(t, failing{s.store}, web.Options{InsecureCookies: true})
	page := broken.post(t, "/sign-in", "email", "bob@example.com", "password", password)
	check(t, page, http.StatusInternalServerError, "Something went wrong on our side.")
	api := broken.call(t, http.MethodPost, "/api/session", `{"email":"bob@example.com","password":"x"}`)
	check(t, api, http.StatusInternalServerError, `"code":"internal"`)
	for _, a := range []answer{page, api} {
		if strings.Contains(a.body, "10.0.0.1") {
			t.Errorf("the answer tells the cause: %s", a.body)
		}
	}
	for _, log := range broken.log.lines() {
		if !strings.Contains(log, "10.0.0.1") || !strings.Contains(log, "request_id=") {
			t.Errorf("the log says %q, want the cause and the request", log)
		}
	}
	if got := len(broken.log.lines()); got != 2 {
		t.Errorf("%d lines are logged, want 2", got)
	}
}

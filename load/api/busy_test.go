package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"telltale/load"
	"telltale/load/api"
)

// stub is a shop of one customer, which answers sign-ins and saves as it is told, and
// stores the former alone. To a save that is to be lost it does not answer at all.
type stub struct {
	signIn, save atomic.Int32
	// signIns counts those that succeeded.
	signIns atomic.Int32
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, body := http.StatusOK, any(map[string]any{
		"id": 1, "email": "x@load.example", "name": "Zoë", "phone": nil, "version": 1,
		"products": []any{map[string]int{"id": 1}}, "addresses": []any{}, "orders": []any{}, "lines": []any{},
	})
	switch r.Method + " " + r.URL.Path {
	case "POST /api/session":
		if status = int(s.signIn.Load()); status == http.StatusOK {
			s.signIns.Add(1)
		}
	case "GET /api/customers/me/sign-ins":
		list := []any{}
		for id := s.signIns.Load(); id > 0; id-- { // The newest comes first.
			list = append(list, map[string]any{"id": id, "address": "127.0.0.1", "user_agent": "stub", "signed_in_at": "2026-11-22T02:00:00Z"})
		}
		body = map[string]any{"sign_ins": list}
	case "PUT /api/customers/me":
		var asked struct{ Name string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err == nil && strings.HasPrefix(asked.Name, "Lost") {
			<-r.Context().Done()
			return
		}
		status = int(s.save.Load())
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// TestBusy checks what a load makes of a shop that refuses for a while, and of one that
// may not have done what it was asked for.
func TestBusy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mix          string
		signIn, save int32
		transactions int
		want         load.Outcome
		// record is what the record has of it, besides the customer.
		record string
	}{
		"too busy to sign in":       {"sign-in=1", 503, 200, 1, load.Refused, ""},
		"too many sign-ins":         {"sign-in=1", 429, 200, 1, load.Refused, ""},
		"too busy to save":          {"details=1", 200, 503, 1, load.Refused, ""},
		"a session that has ended":  {"details=1", 200, 401, 1, load.Refused, "committed sign_ins"},
		"and too busy to sign in":   {"details=1", 503, 401, 1, load.Refused, ""},
		"too busy for several tabs": {"race=1", 200, 429, 1, load.Refused, ""},
		"a save that may come yet":  {"details=1", 200, 500, 1, load.Unknown, "unknown"},
		// The first save may come yet, so that another visitor has to come.
		"lost, then too busy":                 {"lose-answer=1", 200, 503, 2, load.Unknown, "unknown, committed customers"},
		"lost, then a session that has ended": {"lose-answer=1", 200, 401, 2, load.Unknown, "unknown, committed customers"},
		"lost, then never stored":             {"lose-answer=1", 200, 200, 1, load.Vanished, "unknown, vanished, committed customers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := &stub{}
			shop.signIn.Store(tt.signIn)
			shop.save.Store(tt.save)
			server := httptest.NewServer(shop)
			defer server.Close()
			target, err := api.Open(t.Context(), api.Options{URL: server.URL, Visitors: 1})
			if err != nil {
				t.Fatal(err)
			}
			var record bytes.Buffer
			l, err := load.Open(t.Context(), load.Options{Rate: 1000, Workers: 1, Mix: tt.mix, Record: &record}, target)
			if err == nil {
				err = l.Run(t.Context(), load.Span{Transactions: tt.transactions})
			}
			if err != nil {
				t.Error(err)
			}
			if got := l.Summary().Outcomes; got[tt.want] != 1 {
				t.Errorf("got %v, want one that was %s", got, tt.want)
			}
			if got := outcomes(t, &record); got != tt.record {
				t.Errorf("the record has %q, want %q", got, tt.record)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWithoutStaff checks that nothing is done as staff where there is none.
func TestWithoutStaff(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&stub{})
	defer server.Close()
	target, err := api.Open(t.Context(), api.Options{URL: server.URL, Visitors: 1})
	if err != nil {
		t.Fatal(err)
	}
	without, err := load.ParseMix("default", target.Deeds())
	if err != nil || api.ForStaff(without) != "" {
		t.Errorf("the default is %s, %v, want nothing of the staff's", without, err)
	}
	with, err := load.ParseMix("default", api.Deeds(true))
	if err != nil || len(with) < len(without)+7 || api.ForStaff(with) != "edit" {
		t.Errorf("the default with staff is %s, %v, want what they do, too", with, err)
	}
	l, err := load.Open(t.Context(), load.Options{Rate: 1000, Workers: 1, Mix: "ship=1"}, target)
	if err == nil {
		err = l.Run(t.Context(), load.Span{Transactions: 1})
	}
	if err == nil || !strings.Contains(err.Error(), "only staff can ship") {
		t.Errorf("got %v, want that only staff can ship", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// outcomes are a record's, with the tables that changed, but for how the load began.
func outcomes(t *testing.T, record *bytes.Buffer) string {
	t.Helper()
	var all []string
	for r := load.NewRecordReader(record); ; {
		e, err := r.Next()
		if err != nil {
			return strings.Join(all, ", ")
		}
		if e.Deed == load.Arrive {
			continue
		}
		one := string(e.Outcome)
		for _, c := range e.Changes {
			one += fmt.Sprintf(" %s", c.Table)
		}
		all = append(all, one)
	}
}

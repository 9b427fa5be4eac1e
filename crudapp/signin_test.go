package crudapp_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"telltale/crudapp"
)

func (w *world) try(t *testing.T, email, pass, address string) (crudapp.Token, error) {
	t.Helper()
	token, _, err := w.SignIn(t.Context(), crudapp.SignIn{Email: email, Password: pass, Network: address})
	return token, err
}

func (w *world) mustSignIn(t *testing.T, previous crudapp.Token) crudapp.Token {
	t.Helper()
	token, c, err := w.SignIn(t.Context(), crudapp.SignIn{
		Email: " BOB@example.com", Password: password, Previous: previous,
		Address: "2001:db8::1", Network: "2001:db8::/64", UserAgent: "Browser/1.0",
	})
	if err != nil || c.Name != "Bob" {
		t.Fatalf("SignIn = %+v, %v", c, err)
	}
	return token
}

func (w *world) checkToken(t *testing.T, token crudapp.Token, want crudapp.Code) {
	t.Helper()
	c, err := w.Authenticate(t.Context(), token)
	if want == "" && (err != nil || c.Email != "bob@example.com") {
		t.Errorf("Authenticate = %+v, %v, want Bob", c, err)
	}
	if want != "" && (err == nil || crudapp.ErrorCode(err) != want) {
		t.Errorf("Authenticate = %+v, %v, want code %s", c, err, want)
	}
}

func TestSignInRefusesAlike(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.mustRegister(t, bob())
	_, wrong := w.try(t, "bob@example.com", "not the password", "192.0.2.1")
	_, unknown := w.try(t, "eve@example.com", "not the password", "192.0.2.1")
	for _, err := range []error{wrong, unknown} {
		if e, ok := errors.AsType[*crudapp.Error](err); !ok || e.Code != crudapp.CodeUnauthenticated {
			t.Fatalf("SignIn returned %v, want code %s", err, crudapp.CodeUnauthenticated)
		}
	}
	if wrong.Error() != unknown.Error() {
		t.Errorf("a wrong password gets %q, an unknown address %q", wrong, unknown)
	}
	if got := len(w.passwords.verified); got != 2 {
		t.Errorf("%d passwords were verified, want 2: the time tells", got)
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	const gone = crudapp.CodeUnauthenticated
	for _, test := range []struct {
		name string
		do   func(*testing.T, *world, crudapp.Token)
		want crudapp.Code
	}{
		{"not at once", func(*testing.T, *world, crudapp.Token) {}, ""},
		{"by signing out", func(t *testing.T, w *world, token crudapp.Token) {
			if err := w.SignOut(t.Context(), token); err != nil {
				t.Error(err)
			}
		}, gone},
		{"by signing in again", func(t *testing.T, w *world, token crudapp.Token) {
			if again := w.mustSignIn(t, token); again == token {
				t.Error("the new session has the old token")
			}
		}, gone},
		{"not by signing in elsewhere", func(t *testing.T, w *world, _ crudapp.Token) { w.mustSignIn(t, "") }, ""},
		{"not when nearly idle", func(_ *testing.T, w *world, _ crudapp.Token) {
			w.now = w.now.Add(crudapp.DefaultSessionIdle - time.Second)
		}, ""},
		{"when idle", func(_ *testing.T, w *world, _ crudapp.Token) {
			w.now = w.now.Add(crudapp.DefaultSessionIdle)
		}, gone},
		{"not while used", func(t *testing.T, w *world, token crudapp.Token) {
			for range 20 {
				w.now = w.now.Add(time.Hour)
				w.checkToken(t, token, "")
			}
		}, ""},
		{"after their life, used or not", func(t *testing.T, w *world, token crudapp.Token) {
			for range 23 {
				w.now = w.now.Add(time.Hour)
				w.checkToken(t, token, "")
			}
			w.now = w.now.Add(time.Hour)
		}, gone},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.mustRegister(t, bob())
			token := w.mustSignIn(t, "")
			test.do(t, w, token)
			w.checkToken(t, token, test.want)
		})
	}
}

func TestSignInsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.mustRegister(t, bob())
	if _, err := w.OpenSession(t.Context(), c, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.try(t, "bob@example.com", "wrong", "192.0.2.1"); err == nil {
		t.Fatal("a wrong password signs in")
	}
	if got, err := w.SignIns(t.Context(), c.ID); err != nil || len(got) != 0 {
		t.Errorf("after registering and a failed attempt: SignIns = %+v, %v, want none", got, err)
	}
	for range 12 {
		w.now = w.now.Add(time.Second)
		w.mustSignIn(t, "")
	}
	got, err := w.SignIns(t.Context(), c.ID)
	if err != nil || len(got) != 10 {
		t.Fatalf("%d sign-ins, %v, want 10", len(got), err)
	}
	want := crudapp.SignedIn{
		ID: 12, CustomerID: c.ID, Address: "2001:db8::1", UserAgent: "Browser/1.0",
		At: time.Date(2024, 3, 10, 2, 30, 12, 123456000, time.UTC),
	}
	if got[0] != want || got[9].ID != 3 {
		t.Errorf("the newest is %+v and the oldest %d, want %+v and 3", got[0], got[9].ID, want)
	}
}

func TestSignInsFitTheStore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sent, want string }{
		{"none", "", ""},
		{"as long as there is room", strings.Repeat("x", 255), strings.Repeat("x", 255)},
		{"too long", strings.Repeat("x", 256), strings.Repeat("x", 255)},
		{"cut between characters", strings.Repeat("日", 300), strings.Repeat("日", 255)},
		{"not UTF-8", "caf\xe9", "caf\uFFFD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			c := w.mustRegister(t, bob())
			_, _, err := w.SignIn(t.Context(), crudapp.SignIn{Email: c.Email, Password: password, UserAgent: test.sent})
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.SignIns(t.Context(), c.ID)
			if err != nil || len(got) != 1 || got[0].UserAgent != test.want {
				t.Errorf("SignIns = %+v, %v, want the user agent %q", got, err, test.want)
			}
		})
	}
}

func TestTokensThatNeverWere(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.mustRegister(t, bob())
	token := w.mustSignIn(t, "")
	for _, bad := range []crudapp.Token{"", "x", token + "A", token[:42], "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", token + "="} {
		w.checkToken(t, bad, crudapp.CodeUnauthenticated)
		if err := w.SignOut(t.Context(), bad); err != nil {
			t.Errorf("SignOut(%q): %v", bad, err)
		}
	}
	w.checkToken(t, token, "")
}

func TestUseIsNotedOncePerMinute(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.mustRegister(t, bob())
	token := w.mustSignIn(t, "")
	for range 180 {
		w.checkToken(t, token, "")
		w.now = w.now.Add(time.Second)
	}
	if got := w.store.touches; got != 2 {
		t.Errorf("in three minutes the use was noted %d times, want 2", got)
	}
}

func TestEndedSessionsAreSwept(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.mustRegister(t, bob())
	for range 3 {
		w.mustSignIn(t, "")
	}
	w.now = w.now.Add(crudapp.DefaultSessionIdle)
	w.mustSignIn(t, "")
	if got := len(w.store.sessions); got != 1 {
		t.Errorf("%d sessions are kept, want 1", got)
	}
}

func TestRehash(t *testing.T) {
	t.Parallel()
	w := newWorld()
	c := w.mustRegister(t, bob())
	w.passwords.prefix = "2"
	if _, err := w.try(t, "bob@example.com", "wrong", "192.0.2.1"); err == nil {
		t.Error("a wrong password signs in")
	}
	if got, want := w.store.hashes[c.ID], "1"+password; got != want {
		t.Errorf("after a wrong password the hash is %q, want %q", got, want)
	}
	w.mustSignIn(t, "")
	if got, want := w.store.hashes[c.ID], "2"+password; got != want {
		t.Errorf("after the right password the hash is %q, want %q", got, want)
	}
	if got := w.store.customers[c.ID].Version; got != 1 {
		t.Errorf("version is %d, want 1", got)
	}
}

func TestSignInAttemptsAreLimited(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// attempt makes the i-th attempt.
		attempt func(t *testing.T, w *world, i int) error
		allowed int
		// after is how long one more attempt is refused.
		after time.Duration
	}{
		{"for one account", func(t *testing.T, w *world, i int) error {
			_, err := w.try(t, "bob@example.com", "wrong", fmt.Sprintf("192.0.2.%d", i))
			return err
		}, 10, time.Minute},
		{"for one account in several spellings", func(t *testing.T, w *world, i int) error {
			_, err := w.try(t, []string{"BOB@example.com", " bob@example.com"}[i%2], "wrong", fmt.Sprintf("192.0.2.%d", i))
			return err
		}, 10, time.Minute},
		{"from one address", func(t *testing.T, w *world, i int) error {
			_, err := w.try(t, fmt.Sprintf("bob%d@example.com", i), "wrong", "192.0.2.1")
			return err
		}, 60, 5 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.mustRegister(t, bob())
			for i := range test.allowed {
				if err := test.attempt(t, w, i); crudapp.ErrorCode(err) != crudapp.CodeUnauthenticated {
					t.Fatalf("attempt %d returned %v", i, err)
				}
			}
			err := test.attempt(t, w, test.allowed)
			e, ok := errors.AsType[*crudapp.Error](err)
			if !ok || e.Code != crudapp.CodeTooMany || e.RetryAfter != test.after {
				t.Fatalf("attempt %d returned %v, want code %s and %s to wait", test.allowed, err, crudapp.CodeTooMany, test.after)
			}
			w.now = w.now.Add(test.after)
			if err := test.attempt(t, w, test.allowed); crudapp.ErrorCode(err) != crudapp.CodeUnauthenticated {
				t.Errorf("after %s an attempt returned %v", test.after, err)
			}
		})
	}
}

func TestSuccessIsNotLimited(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.mustRegister(t, bob())
	for range 200 {
		w.mustSignIn(t, "")
	}
}

func TestFailuresOfTheShopAreNotHeldAgainstAnyone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.mustRegister(t, bob())
	w.passwords.err = &crudapp.Error{Code: crudapp.CodeUnavailable, Message: "busy"}
	for range 100 {
		if _, err := w.try(t, "bob@example.com", password, "192.0.2.1"); crudapp.ErrorCode(err) != crudapp.CodeUnavailable {
			t.Fatalf("SignIn returned %v, want code %s", err, crudapp.CodeUnavailable)
		}
	}
	w.passwords.err = nil
	w.mustSignIn(t, "")
}

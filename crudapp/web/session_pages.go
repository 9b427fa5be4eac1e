package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"telltale/crudapp"
)

// maxNext is how long a path may be that signing in leads to.
const maxNext = 200

// entry is the data of the pages on which a session begins.
type entry struct {
	Fields []field
	// Message says why the last attempt did not succeed, or is empty.
	Message string
	// Next is the path of the shop's that it leads to, or empty.
	Next string
}

// nextPath returns the path that a page was asked to lead to, if it is one of the
// shop's own: a link elsewhere could show a false shop to somebody who has just signed
// in at the true one.
func nextPath(path string) string {
	if len(path) > maxNext || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return ""
	}
	return path
}

// entryFor is the address at which somebody signs in who asked for a page without
// being signed in, and which leads back to that page unless it leads there anyway. A
// form that was posted cannot be asked for again.
func entryFor(r *http.Request, at, otherwise string) string {
	next := nextPath(r.URL.RequestURI())
	if r.Method != http.MethodGet || next == "" || next == otherwise {
		return at
	}
	return at + "?" + url.Values{"next": {next}}.Encode()
}

// afterEntry is the path that a posted form leads to by which a session began.
func afterEntry(r *http.Request, otherwise string) string {
	return cmp.Or(nextPath(r.PostForm.Get("next")), otherwise)
}

// askedNext is the path that the address of a page asks to be led to from there, or
// empty.
func askedNext(r *http.Request) string { return nextPath(r.URL.Query().Get("next")) }

// customerHandler is a handler for somebody who is signed in.
type customerHandler func(http.ResponseWriter, *http.Request, crudapp.Customer)

// signedIn lets only customers through to next. Others are sent to sign in or,
// at the API, refused.
func (s *server) signedIn(next customerHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		customer, err := s.accounts.Authenticate(r.Context(), s.cookies.token(r))
		switch {
		case err == nil:
			next(w, r.WithContext(crudapp.WithActor(r.Context(), customer.Actor())), customer)
		case crudapp.ErrorCode(err) == crudapp.CodeUnauthenticated && !isAPI(r):
			http.Redirect(w, r, entryFor(r, "/sign-in", accountPath), http.StatusSeeOther)
		default:
			s.fail(w, r, err)
		}
	}
}

// visitor returns who is signed in, or nil.
func (s *server) visitor(r *http.Request) (*crudapp.Customer, error) {
	customer, err := s.accounts.Authenticate(r.Context(), s.cookies.token(r))
	if crudapp.ErrorCode(err) == crudapp.CodeUnauthenticated && err != nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &customer, nil
}

func (s *server) showHome(w http.ResponseWriter, r *http.Request) {
	customer, err := s.visitor(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "home", customer: customer})
}

func (s *server) showRegister(w http.ResponseWriter, r *http.Request) {
	s.showEntry(w, r, page{name: "register", data: entry{Fields: registerFields(crudapp.Details{Country: s.accounts.Country()}, nil), Next: askedNext(r)}})
}

func (s *server) showSignIn(w http.ResponseWriter, r *http.Request) {
	s.showEntry(w, r, page{name: "sign-in", data: entry{Fields: signInFields(""), Next: askedNext(r)}})
}

// showEntry shows a page on which a session begins. Those who have one already are led
// on at once.
func (s *server) showEntry(w http.ResponseWriter, r *http.Request, p page) {
	customer, err := s.visitor(r)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case customer != nil:
		http.Redirect(w, r, cmp.Or(askedNext(r), accountPath), http.StatusSeeOther)
	default:
		s.render(w, r, p)
	}
}

func (s *server) register(w http.ResponseWriter, r *http.Request) {
	if err := parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	details := detailsOf(r.PostForm.Get)
	registration := crudapp.Registration{Details: details, Password: r.PostForm.Get(crudapp.FieldPassword)}
	customer, err := s.accounts.Register(r.Context(), registration)
	if problems, ok := problemsOf(err); ok {
		s.render(w, r, page{
			name: "register", status: http.StatusUnprocessableEntity,
			data: entry{Fields: registerFields(details, problems), Next: nextPath(r.PostForm.Get("next"))},
		})
		return
	}
	if err == nil {
		err = s.openSession(w, r, customer)
	}
	s.leadTo(w, r, afterEntry(r, accountPath), err)
}

// openSession signs in somebody who has just registered.
func (s *server) openSession(w http.ResponseWriter, r *http.Request, c crudapp.Customer) error {
	token, err := s.accounts.OpenSession(r.Context(), c, s.cookies.token(r))
	if err != nil {
		return err
	}
	s.cookies.set(w, token)
	return nil
}

func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	if err := parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	email := r.PostForm.Get(crudapp.FieldEmail)
	_, err := s.beginSession(w, r, email, r.PostForm.Get(crudapp.FieldPassword))
	switch crudapp.ErrorCode(err) {
	case crudapp.CodeUnauthenticated, crudapp.CodeTooMany, crudapp.CodeUnavailable:
		f := s.prepare(w, r, err)
		s.render(w, r, page{name: "sign-in", status: f.status, data: entry{Fields: signInFields(email), Message: f.detail, Next: nextPath(r.PostForm.Get("next"))}})
	default:
		s.leadTo(w, r, afterEntry(r, accountPath), err)
	}
}

// beginSession signs a customer in and sets the cookie.
func (s *server) beginSession(w http.ResponseWriter, r *http.Request, email, password string) (crudapp.Customer, error) {
	from := clientOf(r, s.proxies)
	token, customer, err := s.accounts.SignIn(r.Context(), crudapp.SignIn{
		Email: email, Password: password,
		Address: from.address, Network: from.network, UserAgent: r.UserAgent(),
		Previous: s.cookies.token(r),
	})
	if err != nil {
		return crudapp.Customer{}, err
	}
	s.cookies.set(w, token)
	return customer, nil
}

// leadTo leads to a path, unless there is an error to show.
func (s *server) leadTo(w http.ResponseWriter, r *http.Request, path string, err error) {
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) {
	s.leadTo(w, r, "/", s.endSession(w, r))
}

// endSession ends the session, if there is one, on behalf of whom it was.
func (s *server) endSession(w http.ResponseWriter, r *http.Request) error {
	customer, err := s.visitor(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	if customer != nil {
		ctx = crudapp.WithActor(ctx, customer.Actor())
	}
	if err := s.accounts.SignOut(ctx, s.cookies.token(r)); err != nil {
		return err
	}
	s.cookies.clear(w)
	return nil
}

package web

import (
	"net/http"

	"telltale/crudapp"
)

// staffProductsPath is where staff begin.
const staffProductsPath = "/staff/products"

// staffHandler is a handler for staff who are signed in.
type staffHandler func(http.ResponseWriter, *http.Request, crudapp.Staff)

// forStaff lets only staff through to next. Others are sent to sign in or, at the
// API, refused.
func (s *server) forStaff(next staffHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		staff, err := s.staff.Authenticate(r.Context(), s.staffCookies.token(r))
		switch {
		case err == nil:
			next(w, r.WithContext(crudapp.WithActor(r.Context(), staff.Actor())), staff)
		case crudapp.ErrorCode(err) == crudapp.CodeUnauthenticated && !isAPI(r):
			http.Redirect(w, r, entryFor(r, "/staff/sign-in", staffProductsPath), http.StatusSeeOther)
		default:
			s.fail(w, r, err)
		}
	}
}

// isStaff reports whether the request comes from staff who are signed in.
func (s *server) isStaff(r *http.Request) (bool, error) {
	_, err := s.staff.Authenticate(r.Context(), s.staffCookies.token(r))
	if err != nil && crudapp.ErrorCode(err) == crudapp.CodeUnauthenticated {
		return false, nil
	}
	return err == nil, err
}

func (s *server) showStaffHome(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	http.Redirect(w, r, staffProductsPath, http.StatusSeeOther)
}

func (s *server) showStaffSignIn(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, page{name: "staff-sign-in", data: entry{Fields: signInFields(""), Next: askedNext(r)}})
}

func (s *server) staffSignIn(w http.ResponseWriter, r *http.Request) {
	if err := parseForm(r); err != nil {
		s.fail(w, r, err)
		return
	}
	email := r.PostForm.Get(crudapp.FieldEmail)
	_, err := s.beginStaffSession(w, r, email, r.PostForm.Get(crudapp.FieldPassword))
	switch crudapp.ErrorCode(err) {
	case crudapp.CodeUnauthenticated, crudapp.CodeTooMany, crudapp.CodeUnavailable:
		f := s.prepare(w, r, err)
		s.render(w, r, page{name: "staff-sign-in", status: f.status, data: entry{Fields: signInFields(email), Message: f.detail, Next: nextPath(r.PostForm.Get("next"))}})
	default:
		s.leadTo(w, r, afterEntry(r, staffProductsPath), err)
	}
}

// beginStaffSession signs staff in and sets their cookie.
func (s *server) beginStaffSession(w http.ResponseWriter, r *http.Request, email, password string) (crudapp.Staff, error) {
	token, staff, err := s.staff.SignIn(r.Context(), crudapp.SignIn{
		Email: email, Password: password, Network: clientOf(r, s.proxies).network, Previous: s.staffCookies.token(r),
	})
	if err != nil {
		return crudapp.Staff{}, err
	}
	s.staffCookies.set(w, token)
	return staff, nil
}

func (s *server) staffSignOut(w http.ResponseWriter, r *http.Request) {
	s.leadTo(w, r, "/staff/sign-in", s.endStaffSession(w, r))
}

// endStaffSession ends the session, if there is one, on behalf of whom it was.
func (s *server) endStaffSession(w http.ResponseWriter, r *http.Request) error {
	ctx, token := r.Context(), s.staffCookies.token(r)
	staff, err := s.staff.Authenticate(ctx, token)
	switch {
	case err == nil:
		ctx = crudapp.WithActor(ctx, staff.Actor())
	case crudapp.ErrorCode(err) != crudapp.CodeUnauthenticated:
		return err
	}
	if err := s.staff.SignOut(ctx, token); err != nil {
		return err
	}
	s.staffCookies.clear(w)
	return nil
}

func (s *server) apiStaffSignIn(w http.ResponseWriter, r *http.Request) {
	s.apiBegin(w, r, func(email, password string) (any, error) {
		staff, err := s.beginStaffSession(w, r, email, password)
		return staffJSON{ID: staff.ID, Email: staff.Email, Name: staff.Name}, err
	})
}

// staffJSON is a member of staff as the API shows them.
type staffJSON struct {
	ID    uint32 `json:"id"`
	Email string `json:"email"`
	Name  string `json:"name"`
}

func (s *server) apiStaffSignOut(w http.ResponseWriter, r *http.Request) {
	if err := s.endStaffSession(w, r); err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

package web

import (
	"net/http"
	"time"

	"telltale/crudapp"
)

// cookies reads and writes a session cookie.
type cookies struct {
	// base is the cookie's name without a prefix.
	base     string
	insecure bool
	life     time.Duration
}

// name returns the cookie's name. Browsers accept the prefix __Host- only for a
// secure cookie of exactly this host, so that no other host can plant one.
func (c cookies) name() string {
	if c.insecure {
		return c.base
	}
	return "__Host-" + c.base
}

// token returns the token that the request carries, or an empty one.
func (c cookies) token(r *http.Request) crudapp.Token {
	cookie, err := r.Cookie(c.name())
	if err != nil {
		return ""
	}
	return crudapp.Token(cookie.Value)
}

func (c cookies) set(w http.ResponseWriter, token crudapp.Token) {
	http.SetCookie(w, c.cookie(string(token), int(c.life.Seconds())))
}

func (c cookies) clear(w http.ResponseWriter) {
	http.SetCookie(w, c.cookie("", -1))
}

func (c cookies) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: c.name(), Value: value, Path: "/", MaxAge: maxAge,
		Secure: !c.insecure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

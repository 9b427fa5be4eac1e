package web

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"

	"telltale/crudapp"
)

// failure is an error as it is shown: a status, a code for programs and a
// sentence for people.
type failure struct {
	status int
	code   string
	detail string
}

// Error implements error.
func (f *failure) Error() string { return f.detail }

// Failures that arise from HTTP rather than from accounts.
var (
	errCrossOrigin = &failure{http.StatusForbidden, "forbidden", "This request came from another site and was refused."}
	errNotFound    = &failure{http.StatusNotFound, "not_found", "There is nothing at this address."}
	errMethod      = &failure{http.StatusMethodNotAllowed, "method_not_allowed", "This address does not support the method."}
	errTooLarge    = &failure{http.StatusRequestEntityTooLarge, "too_large", "The request is larger than 64 KiB."}
	errNoVersion   = &failure{http.StatusPreconditionRequired, "precondition_required", "Say in If-Match which ETag the change was made from."}
	errMediaType   = &failure{http.StatusUnsupportedMediaType, "unsupported_media_type", "Send application/json."}
)

// malformed returns the failure of a request that cannot be read. The error is
// about what the client itself sent, so it may see it.
func malformed(err error) *failure {
	return &failure{http.StatusBadRequest, "malformed", "The request is not well formed: " + err.Error() + "."}
}

// statuses maps the codes of accounts to HTTP.
var statuses = map[crudapp.Code]int{
	crudapp.CodeInvalid:         http.StatusUnprocessableEntity,
	crudapp.CodeConflict:        http.StatusConflict,
	crudapp.CodeNotFound:        http.StatusNotFound,
	crudapp.CodeUnauthenticated: http.StatusUnauthorized,
	crudapp.CodeDeclined:        http.StatusPaymentRequired,
	crudapp.CodeTooMany:         http.StatusTooManyRequests,
	crudapp.CodeUnavailable:     http.StatusServiceUnavailable,
}

// failureOf returns how err is shown. Nobody outside sees the text of an
// internal error.
func failureOf(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if _, ok := errors.AsType[*crudapp.ConflictError](err); ok {
		return &failure{http.StatusConflict, string(crudapp.CodeConflict), "Somebody else changed these details first."}
	}
	if e, ok := errors.AsType[*crudapp.Error](err); ok {
		return &failure{statuses[e.Code], string(e.Code), e.Message}
	}
	if errors.Is(err, crudapp.ErrNotFound) {
		return errNotFound
	}
	return &failure{
		http.StatusInternalServerError, string(crudapp.CodeInternal),
		"Something went wrong on our side. Please try again later.",
	}
}

// fail answers a request with err, as a page or as a problem.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := s.prepare(w, r, err)
	if isAPI(r) {
		s.writeProblem(w, *f, err)
		return
	}
	s.render(w, r, s.errorPage(r, f))
}

// errorPage is the page that shows f to whoever asks. Where the fault is the shop's, its
// database may be the cause: it is not asked who that is.
func (s *server) errorPage(r *http.Request, f *failure) page {
	p := page{name: "error", status: f.status, data: f}
	if f.status >= http.StatusInternalServerError {
		return p
	}
	if strings.HasPrefix(r.URL.Path, "/staff") {
		if staff, err := s.staff.Authenticate(r.Context(), s.staffCookies.token(r)); err == nil {
			p.staff = &staff
		}
		return p
	}
	// Nobody is told more for being unknown.
	p.customer, _ = s.visitor(r)
	return p
}

// prepare sets the headers that belong to err and logs an internal one.
func (s *server) prepare(w http.ResponseWriter, r *http.Request, err error) *failure {
	f := failureOf(err)
	if e, ok := errors.AsType[*crudapp.Error](err); ok && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	if f.status == http.StatusInternalServerError && r.Context().Err() == nil {
		origin := crudapp.OriginFrom(r.Context())
		s.log.Error("request failed", slog.String("route", r.Pattern),
			slog.String("request_id", origin.RequestID), slog.String("trace_id", origin.TraceID()), slog.Any("error", err))
	}
	return f
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

func (s *server) refuseCrossOrigin(w http.ResponseWriter, r *http.Request) {
	s.fail(w, r, errCrossOrigin)
}

// unmatched answers what mux has no route for in the shop's own way.
func (s *server) unmatched(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		plain, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		// The mux tells "no such path" from "not this method" only by answering.
		answer := discarded{header: http.Header{}}
		plain.ServeHTTP(&answer, r)
		if answer.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", answer.header.Get("Allow"))
			s.fail(w, r, errMethod)
			return
		}
		s.fail(w, r, errNotFound)
	})
}

// discarded is an answer of which only status and headers are looked at.
type discarded struct {
	header http.Header
	status int
}

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) WriteHeader(status int)      { d.status = status }
func (d *discarded) Write(p []byte) (int, error) { return len(p), nil }

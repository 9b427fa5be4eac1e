package web

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"

	"telltale/crudapp"
)

var (
	requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)
	// traceparentForm is version 00 of W3C Trace Context. The ids must not be
	// all zeros, which the expression cannot say.
	traceparentForm = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$`)
)

// withOrigin gives each request an id and a trace, its own or new ones, and
// answers with the id.
func withOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := crudapp.Origin{
			RequestID:   requestID(r.Header.Get("X-Request-Id")),
			Traceparent: traceparent(r.Header.Get("Traceparent")),
		}
		w.Header().Set("X-Request-Id", origin.RequestID)
		next.ServeHTTP(w, r.WithContext(crudapp.WithOrigin(r.Context(), origin)))
	})
}

func requestID(sent string) string {
	if requestIDForm.MatchString(sent) {
		return sent
	}
	return rand.Text()
}

// traceparent passes a valid trace context on as it is, for a shop that records
// no spans of its own that could stand between; withSpan replaces it. A new one
// is marked as not sampled for the same reason.
func traceparent(sent string) string {
	ids := traceparentForm.FindStringSubmatch(sent)
	if ids != nil && strings.Trim(ids[1], "0") != "" && strings.Trim(ids[2], "0") != "" {
		return sent
	}
	var b [24]byte
	// Read never fails: it ends the program where the system has no randomness.
	rand.Read(b[:])
	return "00-" + hex.EncodeToString(b[:16]) + "-" + hex.EncodeToString(b[16:]) + "-00"
}

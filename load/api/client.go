package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// party is as whom the shop is asked.
type party int

const (
	// asCustomer is as the visitor.
	asCustomer party = iota
	// asStaff is as the clerk.
	asStaff
	// atTill is as the visitor where the clerk, if there is one, is signed in as well:
	// the answer then says what is left in stock.
	atTill
)

// request is what is asked of the shop.
type request struct {
	method, path string
	party        party
	// body becomes JSON; none where it is nil.
	body any
	// header is added to what every request has.
	header map[string]string
	// session are cookies that are sent along.
	session []*http.Cookie
	// into takes the body of an answer that is a success.
	into any
}

// answer is what came back.
type answer struct {
	status  int
	etag    string
	cookies []*http.Cookie
	// problem is the code of an error.
	problem string
}

// ok tells whether the shop did what it was asked for.
func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// busy tells whether the shop did nothing since it has too much to do.
func (a answer) busy() bool {
	return a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable
}

// userAgent is what the load calls itself.
const userAgent = "telltale-load"

// lostError is a request of which nobody knows whether it was carried out.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// maxAnswer is many times what the shop answers.
const maxAnswer = 4 << 20

// send asks the shop. An answer that did not come, or that says that the shop itself
// failed, is a lostError.
func (t *Target) send(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	asked, err := t.build(ctx, r)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	response, err := t.client.Do(asked)
	if err != nil {
		return answer{}, &lostError{err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, &lostError{fmt.Errorf("%s %s: read the answer: %w", r.method, r.path, err)}
	}
	a := answer{status: response.StatusCode, etag: response.Header.Get("ETag"), cookies: response.Cookies()}
	if a.status >= http.StatusInternalServerError && a.status != http.StatusServiceUnavailable {
		return a, &lostError{fmt.Errorf("%s %s: the shop answers %d", r.method, r.path, a.status)}
	}
	if !a.ok() {
		var problem struct {
			Code string `json:"code"`
		}
		_ = json.Unmarshal(text, &problem) // Something in between may answer in another form.
		a.problem = problem.Code
		return a, nil
	}
	if r.into == nil {
		return a, nil
	}
	if err := json.Unmarshal(text, r.into); err != nil {
		return a, fmt.Errorf("%s %s: read the answer %.200q: %w", r.method, r.path, text, err)
	}
	return a, nil
}

func (t *Target) build(ctx context.Context, r request) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	asked, err := http.NewRequestWithContext(ctx, r.method, t.URL+r.path, body)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		asked.Header.Set("Content-Type", "application/json")
	}
	asked.Header.Set("User-Agent", userAgent)
	for name, value := range r.header {
		asked.Header.Set(name, value)
	}
	// Not by a jar: it would keep a secure cookie from a shop on plain HTTP.
	for _, c := range r.session {
		asked.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return asked, nil
}

func isLost(err error) bool { return errors.As(err, new(*lostError)) }

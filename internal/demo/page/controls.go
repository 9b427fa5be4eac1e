package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"telltale/internal/demo/feed"
)

// maxControl bounds the body of a request to a control, in bytes.
const maxControl = 1 << 10

// Controls are what the page's buttons do. Each returns when it is done; an
// [UnknownError] says that there is nothing of that name.
type Controls interface {
	// KillStage ends a stage's process at once, as kill -9 does. It is started
	// again by itself.
	KillStage(name string) error
	// RestartServer stops a server, in order where that does not take long, and
	// starts it again.
	RestartServer(name string) error
	// SetMail takes the mail server away or brings it back.
	SetMail(down bool) error
	// History returns the rows of a customer's history, oldest first.
	History(ctx context.Context, customer string) ([]feed.Fact, error)
}

// UnknownError says that there is nothing of a name, and what there is.
type UnknownError struct {
	What, Name string
	Known      []string
}

// Error implements error.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("no %s is called %q; there are %s", e.What, e.Name, strings.Join(e.Known, ", "))
}

// failure is the answer to what could not be done.
type failure struct {
	Error string `json:"error"`
}

func (p *page) killStage(w http.ResponseWriter, r *http.Request) {
	p.done(w, p.Controls.KillStage(r.PathValue("name")))
}

func (p *page) restartServer(w http.ResponseWriter, r *http.Request) {
	p.done(w, p.Controls.RestartServer(r.PathValue("name")))
}

func (p *page) setMail(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Down *bool `json:"down"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil || in.Down == nil {
		p.writeJSON(w, http.StatusBadRequest, failure{`want {"down": true} or {"down": false}`})
		return
	}
	p.done(w, p.Controls.SetMail(*in.Down))
}

func (p *page) history(w http.ResponseWriter, r *http.Request) {
	customer := r.URL.Query().Get("customer")
	if customer == "" {
		p.writeJSON(w, http.StatusBadRequest, failure{"want ?customer= and the customer's id"})
		return
	}
	facts, err := p.Controls.History(r.Context(), customer)
	if err != nil {
		p.done(w, err)
		return
	}
	if facts == nil {
		facts = []feed.Fact{}
	}
	p.writeJSON(w, http.StatusOK, struct {
		History []feed.Fact `json:"history"`
	}{facts})
}

// done answers what became of a control.
func (p *page) done(w http.ResponseWriter, err error) {
	var unknown *UnknownError
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.As(err, &unknown):
		p.writeJSON(w, http.StatusNotFound, failure{err.Error()})
	default:
		p.writeJSON(w, http.StatusConflict, failure{err.Error()})
	}
}

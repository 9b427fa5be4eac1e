package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
	"telltale/crudapp/review"
)

// problem is an RFC 9457 problem details object. Its type is the default
// "about:blank"; code tells problems apart.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
	// Errors says what is wrong with each bad field.
	Errors map[string]string `json:"errors,omitempty"`
	// Yours and Stored are the sides of a conflict, as the API takes the one and
	// shows the other. Who asked knows what both began from.
	Yours  any `json:"yours,omitempty"`
	Stored any `json:"stored,omitempty"`
}

// writeProblem answers with f and what err adds to it.
func (s *server) writeProblem(w http.ResponseWriter, f failure, err error) {
	p := problem{Title: http.StatusText(f.status), Status: f.status, Detail: f.detail, Code: f.code}
	if fields, ok := problemsOf(err); ok {
		p.Errors = fields
	}
	if conflict, ok := errors.AsType[*crudapp.ConflictError](err); ok {
		p.Yours, p.Stored = newDetailsJSON(conflict.Yours), newCustomerJSON(conflict.Stored)
	}
	if conflict, ok := errors.AsType[*catalogue.ProductConflict](err); ok {
		p.Stored = newProductJSON(conflict.Stored)
		if conflict.Yours != nil {
			p.Yours = newListingJSON(*conflict.Yours)
		}
	}
	if conflict, ok := errors.AsType[*catalogue.StockConflict](err); ok {
		p.Yours, p.Stored = newLevelJSON(conflict.Yours), newStockJSON(conflict.Stored)
	}
	if conflict, ok := errors.AsType[*contact.AddressConflict](err); ok {
		p.Stored = newAddressJSON(conflict.Stored)
		if conflict.Yours != nil {
			p.Yours = newPostalJSON(*conflict.Yours)
		}
	}
	if conflict, ok := errors.AsType[*review.Conflict](err); ok {
		p.Yours, p.Stored = opinionJSON(conflict.Yours), newReviewJSON(conflict.Stored)
	}
	if stored := s.orderSide(err); stored != nil {
		p.Stored = stored
	}
	if f.status == http.StatusUnauthorized {
		// RFC 9110 wants a challenge. This scheme is not a registered one, so
		// that browsers do not ask for a password by themselves.
		w.Header().Set("WWW-Authenticate", `Session realm="shop"`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.status)
	// A client that went away is no error of the shop.
	_ = json.NewEncoder(w).Encode(p)
}

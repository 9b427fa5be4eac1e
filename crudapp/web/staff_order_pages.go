package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"telltale/crudapp/order"
)

// orderQuery returns what the query of an address asks for: q is an order's number
// or how a customer's e-mail address begins.
func orderQuery(r *http.Request) (order.Query, error) {
	values := r.URL.Query()
	q := order.Query{Status: order.Status(values.Get("status"))}
	if q.Status != "" && !slices.Contains(order.Statuses(), q.Status) {
		return order.Query{}, malformed(errors.New("status is none that an order has"))
	}
	text := strings.ToLower(strings.TrimSpace(values.Get("q")))
	if number, err := strconv.ParseUint(text, 10, 64); err == nil {
		q.Number = number
	} else {
		q.Email = text
	}
	var err error
	q.Before, err = queryID(r, "before")
	return q, err
}

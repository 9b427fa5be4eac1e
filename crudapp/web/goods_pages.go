package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"telltale/crudapp/catalogue"
)

// shelves is the data of a list of products.
type shelves struct {
	Categories []catalogue.Category
	// Category is the one that is looked at, by its slug; empty is all.
	Category string
	// Text is what is searched for.
	Text string
	// Low asks for products of which it is time to order more.
	Low   bool
	Items []catalogue.Item
	// Next is the address of what follows, or empty.
	Next string
}

func (s *server) showProducts(w http.ResponseWriter, r *http.Request) {
	customer, err := s.visitor(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data, err := s.shelves(r, s.catalogue.Browse)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, page{name: "products", customer: customer, data: data})
}

// finder is one of the catalogue's ways to look for products.
type finder func(ctx context.Context, q catalogue.Query) (catalogue.Page, error)

// shelves returns what the request's query asks for.
func (s *server) shelves(r *http.Request, find finder) (shelves, error) {
	q, err := postedQuery(r)
	if err != nil {
		return shelves{}, err
	}
	categories, err := s.catalogue.Categories(r.Context())
	if err != nil {
		return shelves{}, err
	}
	found, err := find(r.Context(), q)
	if err != nil {
		return shelves{}, err
	}
	return shelves{
		Categories: categories, Category: q.Category, Text: q.Text, Low: q.Low,
		Items: found.Items, Next: nextPage(r.URL, found.Next),
	}, nil
}

// postedQuery returns what the query of an address asks for. An after that is no
// number was made up by hand.
func postedQuery(r *http.Request) (catalogue.Query, error) {
	values := r.URL.Query()
	q := catalogue.Query{Category: values.Get("category"), Text: strings.TrimSpace(values.Get("q")), Low: values.Has("low")}
	if text := values.Get("after"); text != "" {
		after, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return catalogue.Query{}, malformed(errors.New("after is not a number"))
		}
		q.After = after
	}
	return q, nil
}

// nextPage returns the address that shows what follows, or empty.
func nextPage(at *url.URL, after uint64) string {
	if after == 0 {
		return ""
	}
	values := at.Query()
	values.Set("after", strconv.FormatUint(after, 10))
	return at.Path + "?" + values.Encode()
}

// goods is the data of a product's page.
type goods struct {
	catalogue.Item
	Shelves []catalogue.Category
}

func (s *server) showProduct(w http.ResponseWriter, r *http.Request) {
	customer, err := s.visitor(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	id, err := pathID(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	item, err := s.catalogue.Item(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	categories, err := s.catalogue.Categories(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	categories = slices.DeleteFunc(categories, func(c catalogue.Category) bool { return !slices.Contains(item.Categories, c.Slug) })
	s.render(w, r, page{name: "product", customer: customer, data: goods{Item: item, Shelves: categories}})
}

// pathID returns the id in the address. What is no id names nothing.
func pathID(r *http.Request) (uint64, error) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, errNotFound
	}
	return id, nil
}

// money shows an amount as people write it.
func money(currency string, a catalogue.Amount) string {
	symbols := map[string]string{"GBP": "£", "EUR": "€", "USD": "$"}
	if symbol, ok := symbols[currency]; ok {
		return symbol + a.String()
	}
	return currency + " " + a.String()
}

package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/review"
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
		Items: found.Items, Next: nextPage(r.URL, "after", found.Next),
	}, nil
}

// postedQuery returns what the query of an address asks for.
func postedQuery(r *http.Request) (catalogue.Query, error) {
	values := r.URL.Query()
	q := catalogue.Query{Category: values.Get("category"), Text: strings.TrimSpace(values.Get("q")), Low: values.Has("low")}
	var err error
	q.After, err = queryID(r, "after")
	return q, err
}

// queryID returns an id in the query of an address, or 0 where there is none. One
// that is no number was made up by hand.
func queryID(r *http.Request, key string) (uint64, error) {
	text := r.URL.Query().Get(key)
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, malformed(errors.New(key + " is not a number"))
	}
	return id, nil
}

// nextPage returns the address that shows what follows, after or before an id, or
// empty.
func nextPage(at *url.URL, key string, id uint64) string {
	if id == 0 {
		return ""
	}
	values := at.Query()
	values.Set(key, strconv.FormatUint(id, 10))
	return at.Path + "?" + values.Encode()
}

// goods is the data of a product's page.
type goods struct {
	catalogue.Item
	Shelves []catalogue.Category
	Reviews review.Page
	// Older is the address of older reviews, or empty.
	Older   string
	Summary review.Summary
	// Mine is the form of the customer's own review, for those who are signed in.
	Mine *versioned
	// Hidden is set while staff keep that review from others' eyes.
	Hidden bool
}

func (s *server) showProduct(w http.ResponseWriter, r *http.Request) {
	customer, err := s.visitor(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data, err := s.openGoods(r, customer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if data.Mine != nil {
		data.Mine.Saved = r.URL.Query().Has("saved")
	}
	s.render(w, r, page{name: "product", customer: customer, data: data})
}

// openGoods returns the page of the product that the address names, as customers
// see it.
func (s *server) openGoods(r *http.Request, customer *crudapp.Customer) (goods, error) {
	id, err := pathID(r)
	if err != nil {
		return goods{}, err
	}
	var data goods
	if data.Item, err = s.catalogue.Item(r.Context(), id); err != nil {
		return goods{}, err
	}
	if data.Shelves, err = s.catalogue.Categories(r.Context()); err != nil {
		return goods{}, err
	}
	data.Shelves = slices.DeleteFunc(data.Shelves, func(c catalogue.Category) bool { return !slices.Contains(data.Categories, c.Slug) })
	return data, s.addReviews(r, customer, &data)
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

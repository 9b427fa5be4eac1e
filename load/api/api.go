// Package api puts a load on the shop by its JSON API, as programs of its customers
// would: they register, browse, change their details, review, order and pay.
//
// With an account of the staff's, one for all workers, it also ships, refunds and
// cancels their orders, records transfers, corrects their details, fills the shelves up
// and changes the prices of products that it has put there.
//
// Each worker has visitors of its own, each with a session. What a visitor's rows are
// is known from the answers; where an answer was lost, they are read again, and what
// is different is what the lost request did. What an order leaves in stock, the shop
// tells its staff alone, so that both sessions are sent with it, as from a till.
package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"telltale/load"
)

// Options say which shop gets the load.
type Options struct {
	// URL is where the shop is, http://127.0.0.1:8080.
	URL string
	// Visitors is how many customers each worker begins with. Default 3: to register
	// is the most expensive thing a shop does.
	Visitors int
	// Timeout is how long an answer may take before it counts as lost. Default 30 s.
	Timeout time.Duration
	// Clerk is an account of the shop's staff. Without one nothing is done that only
	// staff may, and the record does not say how much is left in stock.
	Clerk Clerk
	// Products is how many products each worker puts on the shelves, where there is a
	// clerk. Default 2.
	Products int
}

// Target is the shop.
type Target struct {
	Options
	client *http.Client
	// clerk is nil where there is none.
	clerk *clerk
	// currency is that of the shop's products.
	currency string

	mu sync.Mutex
	// products are what is sold, in the order of the shop, and then those of the
	// workers in the order of their arrival.
	products []uint64
}

// Open looks whether a shop is there and what it sells. The load that the target is
// handed to closes it.
func Open(ctx context.Context, o Options) (*Target, error) {
	if o.Visitors == 0 {
		o.Visitors = 3
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Products == 0 {
		o.Products = 2
	}
	at, err := url.Parse(o.URL)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, fmt.Errorf("read the shop's URL: %q is not like http://127.0.0.1:8080", o.URL)
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = maxIdle
	t := &Target{Options: o, client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
	if err := t.look(ctx); err != nil {
		transport.CloseIdleConnections()
		return nil, fmt.Errorf("look at the shop at %s: %w", o.URL, err)
	}
	if o.Clerk == (Clerk{}) {
		return t, nil
	}
	t.clerk = &clerk{Clerk: o.Clerk, target: t}
	if err := t.clerk.open(ctx); err != nil {
		transport.CloseIdleConnections()
		return nil, err
	}
	return t, nil
}

// maxIdle is how many connections are kept for several workers.
const maxIdle = 64

// look reads the first page of what is sold.
func (t *Target) look(ctx context.Context) error {
	var list struct {
		Products []struct {
			ID       uint64 `json:"id"`
			Currency string `json:"currency"`
		} `json:"products"`
	}
	a, err := t.send(ctx, request{method: http.MethodGet, path: "/api/products", into: &list})
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("it answers %d where a shop lists its products", a.status)
	}
	for _, p := range list.Products {
		t.products = append(t.products, p.ID)
	}
	if len(t.products) == 0 {
		return fmt.Errorf("it sells nothing; run `telltale crudapp seed` for it first")
	}
	t.currency = list.Products[0].Currency // A basket is of one.
	return nil
}

// shelf are the products that are sold.
func (t *Target) shelf() []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.products
}

// putOnShelf adds a product, behind those that others may be looking at.
func (t *Target) putOnShelf(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.products = append(slices.Clip(t.products), id)
}

// Name implements load.Target.
func (t *Target) Name() string { return "api" }

// Deeds implements load.Target.
func (t *Target) Deeds() []load.Deed { return Deeds(t.clerk != nil) }

// Open implements load.Target.
func (t *Target) Open(_ context.Context, _ int, run string) (load.Worker, error) {
	w := &worker{target: t, run: run, deeds: map[string]deed{}}
	for _, d := range append(deeds(), deed{Deed: load.Deed{Name: load.Arrive}, do: (*visit).arrive}) {
		w.deeds[d.Name] = d
	}
	return w, nil
}

// Close implements load.Target.
func (t *Target) Close() error {
	t.client.CloseIdleConnections()
	return nil
}

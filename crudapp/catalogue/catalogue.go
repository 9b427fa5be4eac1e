package catalogue

import (
	"context"
	"fmt"
	"time"

	"telltale/crudapp"
)

// PageSize is how many products a page of a list has at most.
const PageSize = 24

// Options are the parts of a Catalogue.
type Options struct {
	// Store keeps the data. Required.
	Store Store
	// Now tells the time. Nil means time.Now.
	Now func() time.Time
}

// Catalogue does what people ask of the assortment. It may be used by several
// goroutines at once. Errors for people are *crudapp.Error, *ProductConflict or
// *StockConflict; anything else is internal (see crudapp.ErrorCode).
type Catalogue struct {
	store Store
	clock crudapp.Clock
}

// New returns a Catalogue over the given parts.
func New(o Options) *Catalogue {
	return &Catalogue{store: o.Store, clock: crudapp.NewClock(o.Now)}
}

// Page is a part of a list.
type Page struct {
	Items []Item
	// Next is the After of the query for what follows; 0 where nothing does.
	Next uint64
}

// Categories returns all categories in their order.
func (c *Catalogue) Categories(ctx context.Context) ([]Category, error) {
	return c.store.Categories(ctx)
}

// Browse returns a page of the products that customers can buy. It looks at the
// query's Category, Text and After.
func (c *Catalogue) Browse(ctx context.Context, q Query) (Page, error) {
	return c.page(ctx, Query{Category: q.Category, Text: q.Text, After: q.After, Statuses: []Status{StatusActive}})
}

// Search returns a page of any products, for staff. The query's Limit does not
// matter.
func (c *Catalogue) Search(ctx context.Context, q Query) (Page, error) { return c.page(ctx, q) }

func (c *Catalogue) page(ctx context.Context, q Query) (Page, error) {
	q.Limit = PageSize + 1
	items, err := c.store.Items(ctx, q)
	if err != nil || len(items) <= PageSize {
		return Page{Items: items}, err
	}
	items = items[:PageSize]
	return Page{Items: items, Next: items[PageSize-1].ID}, nil
}

// Item returns a product that customers may see, sold or no longer sold, or
// crudapp.ErrNotFound.
func (c *Catalogue) Item(ctx context.Context, id uint64) (Item, error) {
	item, err := c.store.Item(ctx, id)
	if err == nil && item.Status == StatusDraft {
		return Item{}, fmt.Errorf("show product %d, a draft: %w", id, crudapp.ErrNotFound)
	}
	return item, err
}

// AnyItem returns a product whatever its status, for staff.
func (c *Catalogue) AnyItem(ctx context.Context, id uint64) (Item, error) {
	return c.store.Item(ctx, id)
}

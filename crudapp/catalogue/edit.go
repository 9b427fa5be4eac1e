package catalogue

import (
	"context"
	"errors"
	"maps"
	"strings"

	"telltale/crudapp"
)

// Add stores a new product. It returns an Error of CodeInvalid for values that
// break a rule, among them a SKU that another product has.
func (c *Catalogue) Add(ctx context.Context, sku string, e Entry, l Level) (Item, error) {
	item, err := c.add(ctx, sku, e, l)
	if errors.Is(err, ErrTaken) {
		return Item{}, crudapp.Invalid(map[string]string{FieldSKU: "Another product has this SKU."})
	}
	return item, err
}

func (c *Catalogue) add(ctx context.Context, sku string, e Entry, l Level) (Item, error) {
	known, err := c.store.Categories(ctx)
	if err != nil {
		return Item{}, err
	}
	listing, problems := e.listing(known)
	maps.Copy(problems, l.problems())
	if sku = strings.TrimSpace(sku); !skuForm.MatchString(sku) {
		problems[FieldSKU] = "A SKU has up to 32 letters, digits and hyphens."
	}
	if len(problems) > 0 {
		return Item{}, crudapp.Invalid(problems)
	}
	now := c.clock()
	p := Product{SKU: sku, Listing: listing, Version: 1, CreatedAt: now, UpdatedAt: now}
	if p.ID, err = c.store.CreateProduct(ctx, p, l); err != nil {
		return Item{}, err
	}
	return Item{Product: p, Stock: Stock{ProductID: p.ID, Level: l, Version: 1, UpdatedAt: now}}, nil
}

// Change changes a product's listing from the version that the person saw. It
// returns a ProductConflict if somebody else changed it in between, and an Error
// of CodeInvalid for values that break a rule. A listing that already is as asked
// for is left alone, from whatever version.
func (c *Catalogue) Change(ctx context.Context, id uint64, version uint32, e Entry) (Product, error) {
	known, err := c.store.Categories(ctx)
	if err != nil {
		return Product{}, err
	}
	listing, problems := e.listing(known)
	if len(problems) > 0 {
		return Product{}, crudapp.Invalid(problems)
	}
	item, err := c.store.Item(ctx, id)
	if err != nil || item.Listing.Equal(listing) {
		return item.Product, err
	}
	update := ProductUpdate{ID: id, Version: version, Listing: listing, At: c.clock()}
	won, err := c.store.UpdateProduct(ctx, update)
	if err != nil {
		return Product{}, err
	}
	if !won {
		return c.lostProduct(ctx, update)
	}
	p := item.Product
	p.Listing, p.Version, p.UpdatedAt = listing, version+1, update.At
	return p, nil
}

// lostProduct judges an update that came second: it fails unless the winner wrote
// the same.
func (c *Catalogue) lostProduct(ctx context.Context, u ProductUpdate) (Product, error) {
	item, err := c.store.Item(ctx, u.ID)
	if err != nil || item.Listing.Equal(u.Listing) {
		return item.Product, err
	}
	return Product{}, &ProductConflict{Yours: &u.Listing, Stored: item.Product}
}

// Remove takes a product out of the shop, from the version that the person saw.
// It returns a ProductConflict if somebody else changed it in between, and
// crudapp.ErrNotFound if it is gone already.
func (c *Catalogue) Remove(ctx context.Context, id uint64, version uint32) error {
	won, err := c.store.RemoveProduct(ctx, id, version, c.clock())
	if err != nil || won {
		return err
	}
	item, err := c.store.Item(ctx, id)
	if err != nil {
		return err
	}
	return &ProductConflict{Stored: item.Product}
}

// SetStock changes a product's stock from the version that the person saw. It
// returns a StockConflict if somebody else changed it in between, as a sale does,
// and an Error of CodeInvalid for values that break a rule. Stock that already is
// as asked for is left alone, from whatever version.
func (c *Catalogue) SetStock(ctx context.Context, id uint64, version uint32, l Level) (Stock, error) {
	if problems := l.problems(); len(problems) > 0 {
		return Stock{}, crudapp.Invalid(problems)
	}
	item, err := c.store.Item(ctx, id)
	if err != nil || item.Stock.Level == l {
		return item.Stock, err
	}
	update := StockUpdate{ProductID: id, Version: version, Level: l, At: c.clock()}
	won, err := c.store.UpdateStock(ctx, update)
	if err != nil {
		return Stock{}, err
	}
	if !won {
		return c.lostStock(ctx, update)
	}
	return Stock{ProductID: id, Level: l, Version: version + 1, UpdatedAt: update.At}, nil
}

func (c *Catalogue) lostStock(ctx context.Context, u StockUpdate) (Stock, error) {
	item, err := c.store.Item(ctx, u.ProductID)
	if err != nil || item.Stock.Level == u.Level {
		return item.Stock, err
	}
	return Stock{}, &StockConflict{Yours: u.Level, Stored: item.Stock}
}

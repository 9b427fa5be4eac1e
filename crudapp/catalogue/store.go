package catalogue

import (
	"context"
	"errors"
	"time"
)

// ErrTaken is returned by a Store when another category has the slug, or another
// product, even one that was removed, the SKU.
var ErrTaken = errors.New("another one has this name")

// Store keeps categories, products and stock. Times are in UTC with microseconds.
// Each method is atomic. Rows that do not exist, or were removed, are
// crudapp.ErrNotFound.
type Store interface {
	// Categories returns all categories in their order.
	Categories(ctx context.Context) ([]Category, error)
	// CreateCategory stores a category, or returns ErrTaken.
	CreateCategory(ctx context.Context, c Category, at time.Time) error
	// Items returns the products that q asks for, by id.
	Items(ctx context.Context, q Query) ([]Item, error)
	// Item returns a product with its stock.
	Item(ctx context.Context, id uint64) (Item, error)
	// CreateProduct stores a product with its stock and returns its id, or ErrTaken.
	CreateProduct(ctx context.Context, p Product, l Level) (uint64, error)
	// UpdateProduct changes a listing and counts the version up, if the stored
	// version is still the given one; otherwise it returns false and changes
	// nothing.
	UpdateProduct(ctx context.Context, u ProductUpdate) (bool, error)
	// RemoveProduct marks a product as removed and counts the version up, on the
	// same condition.
	RemoveProduct(ctx context.Context, id uint64, version uint32, at time.Time) (bool, error)
	// UpdateStock changes a level and counts the version up, on the same condition.
	UpdateStock(ctx context.Context, u StockUpdate) (bool, error)
}

// Query says which products are looked for. Those that were removed never are.
type Query struct {
	// Category is a slug; empty means all.
	Category string
	// Text is in the name or the description, or is the SKU; empty means all.
	Text string
	// Statuses are those that the product may have; none means all.
	Statuses []Status
	// Low asks for products of which it is time to order more.
	Low bool
	// After is an id that those returned are above.
	After uint64
	// Limit is how many are returned at most.
	Limit int
}

// ProductUpdate is one change of a product's listing.
type ProductUpdate struct {
	ID uint64
	// Version is the version that the change was made from.
	Version uint32
	Listing Listing
	// At becomes the product's UpdatedAt.
	At time.Time
}

// StockUpdate is one change of a product's stock.
type StockUpdate struct {
	ProductID uint64
	// Version is the version that the change was made from.
	Version uint32
	Level   Level
	// At becomes the stock's UpdatedAt.
	At time.Time
}

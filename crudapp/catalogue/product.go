package catalogue

import (
	"maps"
	"slices"
	"time"
)

// Status says whether a product can be bought.
type Status string

// The statuses of a product.
const (
	// StatusDraft is a product that staff are still describing; customers do not
	// see it.
	StatusDraft Status = "draft"
	// StatusActive is a product that can be bought.
	StatusActive Status = "active"
	// StatusRetired is a product that is no longer sold; its page stays.
	StatusRetired Status = "retired"
)

// Category is a shelf of the shop.
type Category struct {
	// ID is assigned by the store.
	ID uint32
	// Slug names the category in addresses: lower-case letters, digits and hyphens.
	Slug string
	// Name is for people.
	Name string
	// Position orders the categories, the least first.
	Position uint16
}

// Listing is what staff may change about a product.
type Listing struct {
	// Name is 1 to 120 characters.
	Name string
	// Description is a text of up to 1500 characters, which may have line breaks
	// ("\n"), or empty.
	Description string
	// Price is what one costs.
	Price Amount
	// Currency is that of Price, as ISO 4217 has it.
	Currency string
	// Attributes are further facts by name, for example origin: Kent.
	Attributes map[string]string
	// Categories are the slugs of the categories that the product stands in, in
	// order.
	Categories []string
	// Status says whether it can be bought.
	Status Status
}

// Equal reports whether two listings say the same.
func (l Listing) Equal(other Listing) bool {
	return l.Name == other.Name && l.Description == other.Description &&
		l.Price == other.Price && l.Currency == other.Currency && l.Status == other.Status &&
		maps.Equal(l.Attributes, other.Attributes) && slices.Equal(l.Categories, other.Categories)
}

// Product is something that the shop sells, has sold or will sell.
type Product struct {
	// ID is assigned by the store and never changes.
	ID uint64
	// SKU is the number that staff know the product by: 1 to 32 letters, digits and
	// hyphens, unique for ever and never changed.
	SKU string
	Listing
	// Version counts the changes of Listing, from 1.
	Version uint32
	// CreatedAt and UpdatedAt are in UTC with microseconds.
	CreatedAt, UpdatedAt time.Time
}

// Level is what staff may set about a product's stock.
type Level struct {
	// OnHand is how many are there.
	OnHand uint32
	// ReorderLevel is at how many it is time to order more; 0 means never before
	// the last is gone.
	ReorderLevel uint32
}

// Stock is how many of a product there are.
type Stock struct {
	ProductID uint64
	Level
	// Version counts the changes of Level, from 1.
	Version uint32
	// UpdatedAt is in UTC with microseconds.
	UpdatedAt time.Time
}

// Low reports whether it is time to order more.
func (s Stock) Low() bool { return s.OnHand <= s.ReorderLevel }

// Item is a product with its stock.
type Item struct {
	Product
	Stock Stock
}

// Available reports whether the product can be bought now.
func (i Item) Available() bool { return i.Status == StatusActive && i.Stock.OnHand > 0 }

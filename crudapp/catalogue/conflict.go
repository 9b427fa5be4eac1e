package catalogue

import (
	"fmt"

	"telltale/crudapp"
)

// ProductConflict is returned for a change of a product that was made from a
// version that is no longer the stored one.
type ProductConflict struct {
	// Yours is what the change asked for; nil where it was to remove the product.
	Yours *Listing
	// Stored is the product as stored now.
	Stored Product
}

// Error implements error.
func (c *ProductConflict) Error() string {
	return fmt.Sprintf("change product %d: somebody else changed it first, to version %d", c.Stored.ID, c.Stored.Version)
}

// Unwrap returns what people are told.
func (c *ProductConflict) Unwrap() error {
	return &crudapp.Error{Code: crudapp.CodeConflict, Message: "Somebody else changed this product first."}
}

// StockConflict is returned for a change of stock that was made from a version
// that is no longer the stored one.
type StockConflict struct {
	// Yours is what the change asked for.
	Yours Level
	// Stored is the stock as stored now.
	Stored Stock
}

// Error implements error.
func (c *StockConflict) Error() string {
	return fmt.Sprintf("change the stock of product %d: somebody else changed it first, to version %d", c.Stored.ProductID, c.Stored.Version)
}

// Unwrap returns what people are told.
func (c *StockConflict) Unwrap() error {
	return &crudapp.Error{Code: crudapp.CodeConflict, Message: "Somebody else changed this stock first."}
}

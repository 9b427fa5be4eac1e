package order

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/contact"
)

// The names of the fields that an error speaks about. They are also the names of
// form inputs and JSON members.
const (
	FieldQuantity = "quantity"
	FieldAddress  = "address_id"
	FieldKey      = "idempotency_key"
	FieldReason   = "reason"
)

// maxTotal is the most that the store has room for.
const maxTotal catalogue.Amount = 999_999_999_999

// keyForm is what a key looks like: anything that a header can hold without spaces.
var keyForm = regexp.MustCompile(`^[!-~]{1,64}$`)

// ValidKey reports whether text can name a request, so that it can be sent again
// without being carried out again: 1 to 64 visible ASCII characters.
func ValidKey(text string) bool { return keyForm.MatchString(text) }

// AnyBasket stands for the fingerprint of whichever basket there is.
const AnyBasket = "*"

// Checkout is what a customer orders, as it was shown to her.
type Checkout struct {
	// Key names this attempt; see ValidKey.
	Key string
	// AddressID is where it shall be sent.
	AddressID uint64
	// AddressVersion is the version of the address that was shown, or AnyVersion.
	AddressVersion uint32
	// Fingerprint is that of the basket that was shown, or AnyBasket.
	Fingerprint string
}

// hash tells what was asked for under one key from anything else.
func (c Checkout) hash() [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%d %d %s", c.AddressID, c.AddressVersion, c.Fingerprint))
}

// order makes the order, or says why there is none: that the basket or the address
// is not what was shown, or that not everything can be had.
func (c Checkout) order(b Basket, to contact.Address, at time.Time) (Order, error) {
	switch {
	case len(b.Lines) == 0:
		return Order{}, &crudapp.Error{Code: crudapp.CodeConflict, Message: "Your basket is empty."}
	case c.Fingerprint != AnyBasket && c.Fingerprint != b.Fingerprint():
		return Order{}, &BasketConflict{Stored: b}
	case c.AddressVersion != AnyVersion && c.AddressVersion != to.Version:
		return Order{}, &contact.AddressConflict{Stored: to}
	case len(b.Obstructed()) > 0:
		return Order{}, &Obstructed{Basket: b}
	case b.Total() > maxTotal:
		return Order{}, crudapp.Invalid(map[string]string{FieldQuantity: "This is more than one order can come to."})
	}
	o := Order{
		Buyer: Buyer{CustomerID: b.CustomerID}, Status: StatusPlaced, Total: b.Total(), Currency: b.Currency(),
		ShipTo: to.Postal, PlacedAt: at, UpdatedAt: at, Version: 1,
	}
	for i, l := range b.Lines {
		o.Lines = append(o.Lines, Line{
			Number: uint16(i + 1), ProductID: l.ProductID, SKU: l.SKU, Name: l.Name, UnitPrice: l.UnitPrice, Quantity: l.Quantity,
		})
	}
	return o, nil
}

// BasketConflict is returned for a basket that is no longer what was shown: other
// goods, or other prices.
type BasketConflict struct {
	// Stored is the basket as it is now.
	Stored Basket
}

// Error implements error.
func (c *BasketConflict) Error() string {
	return fmt.Sprintf("order the basket of customer %d: it, or a price, changed since it was shown", c.Stored.CustomerID)
}

// Unwrap returns what people are told.
func (c *BasketConflict) Unwrap() error {
	return &crudapp.Error{Code: crudapp.CodeConflict, Message: "Your basket, or a price in it, changed since you looked."}
}

// Obstructed is returned for a basket of which not everything can be had.
type Obstructed struct {
	// Basket is the basket as it is now.
	Basket Basket
}

// Error implements error.
func (o *Obstructed) Error() string {
	return fmt.Sprintf("order the basket of customer %d: %d of %d lines cannot be had", o.Basket.CustomerID, len(o.Basket.Obstructed()), len(o.Basket.Lines))
}

// Unwrap returns what people are told.
func (o *Obstructed) Unwrap() error {
	return &crudapp.Error{Code: crudapp.CodeConflict, Message: "Not everything in your basket can be had."}
}

// KeyUsed is returned for a key under which the customer ordered something else.
type KeyUsed struct {
	// Stored is that order.
	Stored Order
}

// Error implements error.
func (k *KeyUsed) Error() string {
	return fmt.Sprintf("place an order of customer %d: order %d was placed under the same key", k.Stored.CustomerID, k.Stored.ID)
}

// Unwrap returns what people are told.
func (k *KeyUsed) Unwrap() error {
	return crudapp.Invalid(map[string]string{FieldKey: fmt.Sprintf("Order %d was placed under this key, of other goods or to another address.", k.Stored.ID)})
}

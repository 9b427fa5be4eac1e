package order

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"telltale/crudapp/catalogue"
)

const (
	// MaxQuantity is how many of a product a basket has at most.
	MaxQuantity = 99
	// MaxLines is how many products a basket has at most.
	MaxLines = 50
)

// BasketLine is one product in a basket, as it is sold today.
type BasketLine struct {
	ProductID uint64
	SKU, Name string
	// UnitPrice is what one costs.
	UnitPrice catalogue.Amount
	// Currency is that of UnitPrice, as ISO 4217 has it.
	Currency string
	// Quantity is 1 to MaxQuantity.
	Quantity uint16
	// Sold is unset for a product that was retired, or removed, since it was put into
	// the basket.
	Sold bool
	// OnHand is how many there are.
	OnHand uint32
}

// Amount is what the line comes to.
func (l BasketLine) Amount() catalogue.Amount { return l.UnitPrice * catalogue.Amount(l.Quantity) }

// Obstacle is why a line of a basket cannot be ordered. Its text is part of the API.
type Obstacle string

// The obstacles.
const (
	// ObstacleNone is that of a line that can be ordered.
	ObstacleNone Obstacle = ""
	// ObstacleNotSold: the product is no longer sold.
	ObstacleNotSold Obstacle = "not_sold"
	// ObstacleStock: there are fewer than asked for.
	ObstacleStock Obstacle = "stock"
	// ObstacleCurrency: the price is in another currency than the rest.
	ObstacleCurrency Obstacle = "currency"
)

// Basket is what a customer means to buy.
type Basket struct {
	CustomerID uint64
	// Lines are in the order in which they were added.
	Lines []BasketLine
}

// Line returns the line of a product, or a zero one, of which there are none.
func (b Basket) Line(productID uint64) BasketLine {
	for _, l := range b.Lines {
		if l.ProductID == productID {
			return l
		}
	}
	return BasketLine{}
}

// Currency is that of the first product that is sold: an order has one. It is empty
// where there is none.
func (b Basket) Currency() string {
	for _, l := range b.Lines {
		if l.Sold {
			return l.Currency
		}
	}
	return ""
}

// Obstacle returns why a line of the basket cannot be ordered.
func (b Basket) Obstacle(l BasketLine) Obstacle {
	switch {
	case !l.Sold:
		return ObstacleNotSold
	case l.Currency != b.Currency():
		return ObstacleCurrency
	case uint32(l.Quantity) > l.OnHand:
		return ObstacleStock
	}
	return ObstacleNone
}

// Obstructed returns the lines that cannot be ordered.
func (b Basket) Obstructed() []BasketLine {
	return slices.DeleteFunc(slices.Clone(b.Lines), func(l BasketLine) bool { return b.Obstacle(l) == ObstacleNone })
}

// Total is what the lines come to that are sold in the basket's currency.
func (b Basket) Total() catalogue.Amount {
	var total catalogue.Amount
	for _, l := range b.Lines {
		if l.Sold && l.Currency == b.Currency() {
			total += l.Amount()
		}
	}
	return total
}

// Fingerprint tells baskets apart in what their owner decides on: products, how many
// of each, and their prices. What there is in stock is not part of it, which others
// change all the time.
func (b Basket) Fingerprint() string {
	lines := slices.SortedFunc(slices.Values(b.Lines), func(x, y BasketLine) int { return cmp.Compare(x.ProductID, y.ProductID) })
	hash := sha256.New()
	for _, l := range lines {
		fmt.Fprintf(hash, "%d %d %d %s\n", l.ProductID, l.Quantity, l.UnitPrice, l.Currency)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

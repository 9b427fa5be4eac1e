package order

import (
	"context"
	"fmt"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
)

// Basket returns a customer's basket as it can be ordered now.
func (o *Orders) Basket(ctx context.Context, customerID uint64) (Basket, error) {
	return o.store.Basket(ctx, customerID)
}

// Add puts some of a product into a customer's basket, besides what is there. It
// returns crudapp.ErrNotFound for a product that customers cannot see, and an Error
// of CodeInvalid where it is not sold or would be too many.
func (o *Orders) Add(ctx context.Context, customerID, productID uint64, quantity uint16) error {
	return o.change(ctx, customerID, productID, func(b Basket) int {
		if quantity == 0 {
			return 0
		}
		return int(b.Line(productID).Quantity) + int(quantity)
	})
}

// Set changes how many of a product are in a customer's basket, whether it is there
// or not. Errors are as those of Add.
func (o *Orders) Set(ctx context.Context, customerID, productID uint64, quantity uint16) error {
	return o.change(ctx, customerID, productID, func(Basket) int { return int(quantity) })
}

func (o *Orders) change(ctx context.Context, customerID, productID uint64, quantity func(Basket) int) error {
	item, err := o.goods.Item(ctx, productID)
	if err != nil {
		return err
	}
	return o.store.ChangeBasket(ctx, customerID, productID, o.clock(), func(b Basket) (uint16, error) {
		n, there := quantity(b), b.Line(productID).Quantity > 0
		switch {
		case item.Status != catalogue.StatusActive:
			return 0, crudapp.Invalid(map[string]string{FieldQuantity: "This is no longer sold."})
		case n < 1 || n > MaxQuantity:
			return 0, crudapp.Invalid(map[string]string{FieldQuantity: fmt.Sprintf("A basket can hold 1 to %d of this.", MaxQuantity)})
		case !there && len(b.Lines) >= MaxLines:
			return 0, crudapp.Invalid(map[string]string{FieldQuantity: fmt.Sprintf("A basket can hold %d different things.", MaxLines)})
		}
		return uint16(n), nil
	})
}

// Remove takes a product out of a customer's basket. One that is not there is no
// error.
func (o *Orders) Remove(ctx context.Context, customerID, productID uint64) error {
	return o.store.ChangeBasket(ctx, customerID, productID, o.clock(), func(Basket) (uint16, error) { return 0, nil })
}

package direct

import (
	"context"
	"fmt"
	"strings"

	"telltale/load"
)

// marked is how many of each aggregate a mark writes: with four workers, one of 6
// partitions is left out once in 10^12 times.
const marked = 40

// mark renames the worker's newest customers and products, by hand, and has each of
// those customers order and review one of the products and pay for it.
func (t *transaction) mark(ctx context.Context) error {
	customers, products := newest(t.customers), newest(t.products)
	if err := t.update(ctx, edit{name: t.unique("mark")}, origin{}, customers...); err != nil {
		return err
	}
	if len(products) == 0 {
		return nil // The load is about customers alone.
	}
	if err := t.renameProducts(ctx, products); err != nil {
		return err
	}
	for i, id := range customers {
		if err := t.buy(ctx, id, products[i%len(products)]); err != nil {
			return err
		}
	}
	return nil
}

func newest(ids []uint64) []uint64 { return ids[len(ids)-min(len(ids), marked):] }

// renameProducts is one statement.
func (t *transaction) renameProducts(ctx context.Context, ids []uint64) error {
	name := t.unique("mark")
	args := []any{name}
	for _, id := range ids {
		args = append(args, id)
		p := t.row(productRef(id)).(load.Product)
		p.Name = name
		if err := t.changed(origin{}, productRef(id), p); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, len(ids), origin{}, "UPDATE products SET name = ? WHERE id IN (?"+strings.Repeat(", ?", len(ids)-1)+")", args...)
	return err
}

// buy has a customer order one piece of a product, pay and review it. The piece is not
// from the stock, which is everybody's and would be locked until the mark ends.
func (t *transaction) buy(ctx context.Context, who, id uint64) error {
	p := t.row(productRef(id)).(load.Product)
	line := load.OrderLine{Line: 1, ProductID: id, SKU: p.SKU, Name: p.Name, UnitPrice: p.Price, Quantity: 1}
	placed, err := t.insertOrder(ctx, t.request(who), load.Order{
		CustomerID: who, Status: "placed", Total: p.Price, Currency: p.Currency, Version: 1,
	}, []load.OrderLine{line})
	if err != nil {
		return err
	}
	if err := t.settle(ctx, placed); err != nil {
		return fmt.Errorf("pay for order %d of a mark: %w", placed.ID, err)
	}
	return t.writeReview(ctx, who, id)
}

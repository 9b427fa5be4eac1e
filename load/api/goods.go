package api

import (
	"context"
	"fmt"
	"net/http"

	"telltale/load"
)

// delivered is how much stock comes at a time, which no order changes as much by.
const delivered = 100

func productPath(id uint64) string { return fmt.Sprintf("/api/products/%d", id) }

func stockPath(id uint64) string { return productPath(id) + "/stock" }

// amount is a price.
func (v *visit) amount() string { return load.Amount(100 + v.random.Int64N(5000)) }

// addProduct puts a product on the shelves, with its stock.
func (v *visit) addProduct(ctx context.Context) (load.Outcome, error) {
	v.who, v.changes = nil, nil
	v.serial++
	type entry struct {
		SKU string `json:"sku"`
		listing
		Stock level `json:"stock"`
	}
	stock := level{OnHand: delivered, ReorderLevel: delivered / 10}
	var added product
	r := request{method: http.MethodPost, path: "/api/products", party: asStaff, into: &added, body: entry{
		SKU: fmt.Sprintf("LOAD-%s-%d-%d", v.run, v.step.N, v.serial), Stock: stock,
		listing: listing{
			Name: v.unique("Brötchen"), Description: "Made by telltale load.", Price: v.amount(), Currency: v.target.currency,
			Attributes: map[string]string{"origin": "load"}, Categories: []string{}, Status: "active",
		},
	}}
	return v.submit(ctx, r, func(context.Context) (load.Outcome, error) {
		if err := v.note(load.Products, nil, added.row()); err != nil {
			return "", err
		}
		if err := v.note(load.Stock, nil, stockRow{ProductID: added.ID, level: stock, Version: 1}); err != nil {
			return "", err
		}
		v.products = append(v.products, added.ID)
		v.target.putOnShelf(added.ID)
		return v.keep()
	})
}

// restock counts the stock of a popular product up, each worker by another number, so
// that no two of them ask for the same. Everybody takes from it, so it is read first, and
// changed from the version that was read.
func (v *visit) restock(ctx context.Context) (load.Outcome, error) {
	id := v.product()
	return amend(ctx, v, amendment[stockRow]{
		table: load.Stock, path: stockPath(id),
		body: func(s stockRow) any {
			s.OnHand += delivered + v.step.Worker
			return s.level
		},
		row: func(s stockRow) any { return s },
	})
}

// price changes that of one of the worker's products.
func (v *visit) price(ctx context.Context) (load.Outcome, error) {
	if len(v.products) == 0 { // The shop was too busy for the first.
		return v.addProduct(ctx)
	}
	id, price := v.products[v.random.IntN(len(v.products))], v.amount()
	return amend(ctx, v, amendment[product]{
		table: load.Products, path: productPath(id),
		body: func(p product) any {
			p.Price = price
			return p.listing
		},
		row: func(p product) any { return p.row() },
	})
}

// versioned is something as the shop shows it.
type versioned interface {
	at() uint32
}

// amendment is a change of the goods, which the shop shows as an S.
type amendment[S versioned] struct {
	table, path string
	// body is what the shop is asked for, row what the record has.
	body, row func(S) any
}

// amend changes something from the version that it has just read. Where the answer is
// lost it stays unknown who made what is there then, which is recorded as read.
func amend[S versioned](ctx context.Context, v *visit, m amendment[S]) (load.Outcome, error) {
	v.who = nil
	var before, after S
	seen, err := v.ask(ctx, request{method: http.MethodGet, path: m.path, party: asStaff, into: &before})
	if isLost(err) {
		return load.Refused, nil // Nothing was to be changed yet.
	}
	if err != nil {
		return "", err
	}
	if !seen.ok() {
		return load.Refused, nil
	}
	outcome, err := v.submit(ctx, request{
		method: http.MethodPut, path: m.path, party: asStaff, body: m.body(before), into: &after, header: map[string]string{"If-Match": seen.etag},
	}, func(context.Context) (load.Outcome, error) {
		if after.at() != before.at()+1 {
			return load.Read, nil // It was so already, from whatever version.
		}
		if err := v.note(m.table, m.row(before), m.row(after)); err != nil {
			return "", err
		}
		return v.keep()
	})
	if !isLost(err) {
		return outcome, err
	}
	if outcome, err = v.resolve(ctx); err != nil {
		return "", err
	}
	return outcome, recordRead(ctx, v, m.path, m.table, m.row)
}

package catalogue

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
)

// assortmentJSON is what a new shop starts with.
//
//go:embed assortment.json
var assortmentJSON []byte

type assortment struct {
	Currency   string `json:"currency"`
	Categories []struct {
		Slug string `json:"slug"`
		Name string `json:"name"`
	} `json:"categories"`
	Products []struct {
		SKU          string            `json:"sku"`
		Name         string            `json:"name"`
		Description  string            `json:"description"`
		Price        string            `json:"price"`
		Categories   []string          `json:"categories"`
		Attributes   map[string]string `json:"attributes"`
		OnHand       uint32            `json:"on_hand"`
		ReorderLevel uint32            `json:"reorder_level"`
	} `json:"products"`
}

// Seeded is what Seed added.
type Seeded struct {
	Categories, Products int
}

// Seed adds the assortment that a new shop starts with. It leaves alone what is
// there, by slug and SKU, whatever became of it; so to seed twice adds nothing.
func (c *Catalogue) Seed(ctx context.Context) (Seeded, error) {
	var a assortment
	decoder := json.NewDecoder(bytes.NewReader(assortmentJSON))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&a); err != nil {
		return Seeded{}, fmt.Errorf("decode the assortment: %w", err)
	}
	var added Seeded
	for i, one := range a.Categories {
		err := c.store.CreateCategory(ctx, Category{Slug: one.Slug, Name: one.Name, Position: uint16(i + 1)}, c.clock())
		if err := count(&added.Categories, err); err != nil {
			return added, fmt.Errorf("seed category %s: %w", one.Slug, err)
		}
	}
	for _, one := range a.Products {
		_, err := c.add(ctx, one.SKU, Entry{
			Name: one.Name, Description: one.Description, Price: one.Price, Currency: a.Currency,
			Attributes: one.Attributes, Categories: one.Categories, Status: string(StatusActive),
		}, Level{OnHand: one.OnHand, ReorderLevel: one.ReorderLevel})
		if err := count(&added.Products, err); err != nil {
			return added, fmt.Errorf("seed product %s: %w", one.SKU, err)
		}
	}
	return added, nil
}

// count counts one that was added and takes one that was there for no error.
func count(n *int, err error) error {
	if errors.Is(err, ErrTaken) {
		return nil
	}
	if err == nil {
		*n++
	}
	return err
}

package faults

// The rows of what belongs to a product, as the record has them.
type (
	productRow struct {
		ID       uint64 `json:"id"`
		SKU      string `json:"sku"`
		Name     string `json:"name"`
		Price    string `json:"price"`
		Currency string `json:"currency"`
		Status   string `json:"status"`
	}
	stockRow struct {
		Product uint64 `json:"product_id"`
		OnHand  int    `json:"on_hand"`
		Reorder int    `json:"reorder_level"`
	}
	categoryRow struct {
		Product  uint64 `json:"product_id"`
		Category uint64 `json:"category_id"`
	}
)

func (b *builder) product(before, after productRow) error {
	switch {
	case before.ID == 0:
		return b.event(products, "ProductAdded", values{
			"id": after.ID, "sku": after.SKU, "name": after.Name, "price": after.Price, "currency": after.Currency, "status": after.Status,
		})
	case after.ID == 0:
		return nil // No event tells of a row that was deleted.
	}
	if before.Name != after.Name {
		err := b.event(products, "ProductRenamed", values{"id": after.ID, "sku": after.SKU, "old_name": before.Name, "new_name": after.Name})
		if err != nil {
			return err
		}
	}
	if before.Price != after.Price || before.Currency != after.Currency {
		err := b.event(products, "PriceChanged", values{
			"id": after.ID, "sku": after.SKU, "old_price": before.Price, "old_currency": before.Currency,
			"new_price": after.Price, "new_currency": after.Currency,
		})
		if err != nil {
			return err
		}
	}
	const active = "active"
	is := values{"id": after.ID, "sku": after.SKU, "name": after.Name}
	switch {
	case before.Status != active && after.Status == active:
		return b.event(products, "ProductOffered", is)
	case before.Status == active && after.Status == "retired":
		return b.event(products, "ProductRetired", is)
	}
	return nil
}

func (b *builder) stock(before, after stockRow) error {
	if before.Product == 0 || after.Product == 0 {
		return nil // What begins or ends runs neither low nor out.
	}
	low, lowNow := before.OnHand <= before.Reorder, after.OnHand <= after.Reorder
	if !low && lowNow {
		err := b.event(products, "StockRanLow", values{"id": after.Product, "on_hand": after.OnHand, "reorder_level": after.Reorder})
		if err != nil {
			return err
		}
	}
	if before.OnHand > 0 && after.OnHand == 0 {
		if err := b.event(products, "StockRanOut", values{"id": after.Product}); err != nil {
			return err
		}
	}
	if low && !lowNow {
		return b.event(products, "StockReplenished", values{"id": after.Product, "on_hand": after.OnHand})
	}
	return nil
}

func (b *builder) category(before, after categoryRow) error {
	if before.Product == 0 {
		return b.event(products, "ProductPutInCategory", values{"id": after.Product, "category": after.Category})
	}
	return b.event(products, "ProductTakenOutOfCategory", values{"id": before.Product, "category": before.Category})
}

package faults

// reviewRow is a row of the reviews, as the record has it.
type reviewRow struct {
	ID       uint64 `json:"id"`
	Product  uint64 `json:"product_id"`
	Customer uint64 `json:"customer_id"`
	Rating   int    `json:"rating"`
	Text     string `json:"text"`
}

func (b *builder) review(before, after reviewRow) error {
	is := values{"id": after.ID, "product": after.Product, "customer": after.Customer}
	switch {
	case before.ID == 0:
		is["rating"], is["text"] = after.Rating, after.Text
		return b.event(reviews, "ReviewWritten", is)
	case after.ID == 0:
		return nil // The customer was deleted, with her reviews.
	case before.Rating == after.Rating && before.Text == after.Text:
		return nil
	}
	is["old_rating"], is["new_rating"] = before.Rating, after.Rating
	is["old_text"], is["new_text"] = before.Text, after.Text
	return b.event(reviews, "ReviewChanged", is)
}

package review

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"telltale/crudapp"
)

// The names of the fields that an error speaks about. They are also the names of
// form inputs and JSON members.
const (
	FieldRating = "rating"
	FieldText   = "text"
)

const (
	// MaxRating is the best rating; the worst is 1.
	MaxRating    = 5
	maxTextRunes = 2000
)

// Opinion is what a customer may say and change.
type Opinion struct {
	// Rating is 1 to MaxRating.
	Rating uint8
	// Text is up to 2000 characters, which may have line breaks ("\n"), or empty.
	Text string
}

// Normalized returns o as it is stored: without surrounding space and with one kind
// of line break.
func (o Opinion) Normalized() Opinion {
	o.Text = strings.TrimSpace(strings.ReplaceAll(o.Text, "\r\n", "\n"))
	return o
}

// problems returns what is wrong with a normalized opinion, by field.
func (o Opinion) problems() map[string]string {
	found := map[string]string{}
	if o.Rating < 1 || o.Rating > MaxRating {
		found[FieldRating] = fmt.Sprintf("Choose a rating from 1 to %d.", MaxRating)
	}
	switch {
	case !crudapp.Printable(strings.ReplaceAll(o.Text, "\n", "")):
		found[FieldText] = "A review cannot contain control characters other than line breaks."
	case utf8.RuneCountInString(o.Text) > maxTextRunes:
		found[FieldText] = fmt.Sprintf("A review can have at most %d characters.", maxTextRunes)
	}
	return found
}

// Review is a customer's opinion of a product.
type Review struct {
	// ID is assigned by the store and never changes.
	ID                    uint64
	ProductID, CustomerID uint64
	Opinion
	// Author is the customer's name, and Product the product's, as they are now. The
	// store reads them and does not write them.
	Author, Product string
	// Hidden is set while staff keep the review from others' eyes.
	Hidden bool
	// Version counts the changes of Opinion, from 1.
	Version uint32
	// CreatedAt and UpdatedAt are in UTC with microseconds.
	CreatedAt, UpdatedAt time.Time
}

// Summary is what the shown reviews of a product come to.
type Summary struct {
	// Count is how many there are, Sum what their ratings add up to.
	Count, Sum uint64
}

// Average is the mean rating to one decimal, such as "4.3", rounded half up; empty
// where there is none.
func (s Summary) Average() string {
	if s.Count == 0 {
		return ""
	}
	tenths := (20*s.Sum + s.Count) / (2 * s.Count)
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

// Conflict is returned for a change of a review that was made from a version that is
// no longer the stored one, and for a first review where there is one already.
type Conflict struct {
	// Yours is what the change asked for.
	Yours Opinion
	// Stored is the review as stored now.
	Stored Review
}

// Error implements error.
func (c *Conflict) Error() string {
	return fmt.Sprintf("change review %d: it was changed elsewhere first, to version %d", c.Stored.ID, c.Stored.Version)
}

// Unwrap returns what people are told.
func (c *Conflict) Unwrap() error {
	return &crudapp.Error{Code: crudapp.CodeConflict, Message: "Your review was changed elsewhere first."}
}

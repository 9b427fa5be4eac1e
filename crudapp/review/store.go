package review

import (
	"context"
	"errors"
	"time"
)

// ErrTaken is returned by a Store when the customer has a review of the product.
var ErrTaken = errors.New("the customer has a review of this product")

// Store keeps reviews. Times are in UTC with microseconds. Each method is atomic.
// Rows that do not exist are crudapp.ErrNotFound.
type Store interface {
	// ShownReviews returns up to limit reviews of a product that are not hidden, the
	// newest first, with ids below before unless that is 0.
	ShownReviews(ctx context.Context, productID, before uint64, limit int) ([]Review, error)
	// ReviewSummary returns what the reviews of a product come to that are not hidden.
	ReviewSummary(ctx context.Context, productID uint64) (Summary, error)
	// LatestReviews returns up to limit reviews of all products, hidden ones too, the
	// newest first, with ids below before unless that is 0.
	LatestReviews(ctx context.Context, before uint64, limit int) ([]Review, error)
	// ReviewOf returns a customer's review of a product, hidden or not.
	ReviewOf(ctx context.Context, customerID, productID uint64) (Review, error)
	// CreateReview stores a review and returns its id, or ErrTaken.
	CreateReview(ctx context.Context, r Review) (uint64, error)
	// UpdateReview changes an opinion and counts the version up, if the stored version
	// is still the given one; otherwise it returns false and changes nothing.
	UpdateReview(ctx context.Context, u Update) (bool, error)
	// HideReview hides a review or shows it again. No version counts.
	HideReview(ctx context.Context, id uint64, hidden bool, at time.Time) error
}

// Update is one change of a review.
type Update struct {
	CustomerID, ProductID uint64
	// Version is the version that the change was made from.
	Version uint32
	Opinion Opinion
	// At becomes the review's UpdatedAt.
	At time.Time
}

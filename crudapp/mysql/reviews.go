package mysql

import (
	"context"
	"fmt"
	"math"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/review"
)

const reviewSelect = `SELECT r.id, r.product_id, r.customer_id, r.rating, r.text, c.name, p.name, r.hidden_at IS NOT NULL, r.version, r.created_at, r.updated_at
	FROM reviews r JOIN customers c ON c.id = r.customer_id JOIN products p ON p.id = r.product_id`

func scanReview(r row) (review.Review, error) {
	var v review.Review
	err := r.Scan(&v.ID, &v.ProductID, &v.CustomerID, &v.Rating, &v.Text, &v.Author, &v.Product, &v.Hidden, &v.Version, &v.CreatedAt, &v.UpdatedAt)
	return v, err
}

// ShownReviews implements review.Store.
func (s *Store) ShownReviews(ctx context.Context, productID, before uint64, limit int) ([]review.Review, error) {
	return s.reviews(ctx, ` WHERE r.product_id = ? AND r.hidden_at IS NULL AND r.id < ? ORDER BY r.id DESC LIMIT ?`, productID, below(before), limit)
}

// LatestReviews implements review.Store.
func (s *Store) LatestReviews(ctx context.Context, before uint64, limit int) ([]review.Review, error) {
	return s.reviews(ctx, ` WHERE r.id < ? ORDER BY r.id DESC LIMIT ?`, below(before), limit)
}

// below is what ids are below where a list goes on before one of them, or begins.
func below(before uint64) uint64 {
	if before == 0 {
		return math.MaxUint64
	}
	return before
}

func (s *Store) reviews(ctx context.Context, condition string, args ...any) ([]review.Review, error) {
	rows, err := s.db.QueryContext(ctx, reviewSelect+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read reviews: %w", err)
	}
	found, err := collect(rows, scanReview)
	if err != nil {
		return nil, fmt.Errorf("read reviews: %w", err)
	}
	return found, nil
}

// ReviewSummary implements review.Store.
func (s *Store) ReviewSummary(ctx context.Context, productID uint64) (review.Summary, error) {
	var sum review.Summary
	row := s.db.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(rating), 0) FROM reviews WHERE product_id = ? AND hidden_at IS NULL`, productID)
	if err := row.Scan(&sum.Count, &sum.Sum); err != nil {
		return review.Summary{}, fmt.Errorf("sum up the reviews of product %d: %w", productID, err)
	}
	return sum, nil
}

// ReviewOf implements review.Store.
func (s *Store) ReviewOf(ctx context.Context, customerID, productID uint64) (review.Review, error) {
	one, err := scanReview(s.db.QueryRowContext(ctx, reviewSelect+` WHERE r.product_id = ? AND r.customer_id = ?`, productID, customerID))
	if err != nil {
		return review.Review{}, fmt.Errorf("read the review of product %d by customer %d: %w", productID, customerID, known(err))
	}
	return one, nil
}

// CreateReview implements review.Store.
func (s *Store) CreateReview(ctx context.Context, r review.Review) (uint64, error) {
	result, err := s.exec(ctx,
		`INSERT INTO reviews (product_id, customer_id, rating, text, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		r.ProductID, r.CustomerID, r.Rating, r.Text, r.Version, r.CreatedAt, r.UpdatedAt)
	if isError(err, errDuplicateEntry) {
		return 0, review.ErrTaken
	}
	if err != nil {
		return 0, fmt.Errorf("insert a review of product %d by customer %d: %w", r.ProductID, r.CustomerID, err)
	}
	return newID(result)
}

// UpdateReview implements review.Store.
func (s *Store) UpdateReview(ctx context.Context, u review.Update) (bool, error) {
	result, err := s.exec(ctx,
		`UPDATE reviews SET rating = ?, text = ?, updated_at = ?, version = version + 1 WHERE product_id = ? AND customer_id = ? AND version = ?`,
		u.Opinion.Rating, u.Opinion.Text, u.At, u.ProductID, u.CustomerID, u.Version)
	if err != nil {
		return false, fmt.Errorf("update the review of product %d by customer %d at version %d: %w", u.ProductID, u.CustomerID, u.Version, err)
	}
	return one(result)
}

// HideReview implements review.Store. A review that is as asked for keeps the time
// that it has been so since.
func (s *Store) HideReview(ctx context.Context, id uint64, hidden bool, at time.Time) error {
	statement, args := `UPDATE reviews SET hidden_at = NULL, updated_at = ? WHERE id = ? AND hidden_at IS NOT NULL`, []any{at, id}
	if hidden {
		statement, args = `UPDATE reviews SET hidden_at = ?, updated_at = ? WHERE id = ? AND hidden_at IS NULL`, []any{at, at, id}
	}
	result, err := s.exec(ctx, statement, args...)
	if err != nil {
		return fmt.Errorf("hide or show review %d: %w", id, err)
	}
	if changed, err := one(result); err != nil || changed {
		return err
	}
	var exists bool
	if err := s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM reviews WHERE id = ?)`, id).Scan(&exists); err != nil {
		return fmt.Errorf("look for review %d: %w", id, err)
	}
	if !exists {
		return fmt.Errorf("hide or show review %d: %w", id, crudapp.ErrNotFound)
	}
	return nil
}

package review

import (
	"context"
	"errors"
	"time"

	"telltale/crudapp"
)

// PageSize is how many reviews a page of a list has at most.
const PageSize = 20

// Options are the parts of Reviews.
type Options struct {
	// Store keeps the data. Required.
	Store Store
	// Now tells the time. Nil means time.Now.
	Now func() time.Time
}

// Reviews does what customers and staff ask of reviews. It may be used by several
// goroutines at once. Errors for people are *crudapp.Error or *Conflict; anything
// else is internal (see crudapp.ErrorCode).
type Reviews struct {
	store Store
	clock crudapp.Clock
}

// New returns Reviews over the given parts.
func New(o Options) *Reviews {
	return &Reviews{store: o.Store, clock: crudapp.NewClock(o.Now)}
}

// Page is a part of a list, the newest first.
type Page struct {
	Reviews []Review
	// Next is what to give as before for what follows; 0 where nothing does.
	Next uint64
}

func pageOf(all []Review, err error) (Page, error) {
	if err != nil || len(all) <= PageSize {
		return Page{Reviews: all}, err
	}
	return Page{Reviews: all[:PageSize], Next: all[PageSize-1].ID}, nil
}

// Of returns a page of what customers see of a product's reviews.
func (r *Reviews) Of(ctx context.Context, productID, before uint64) (Page, error) {
	return pageOf(r.store.ShownReviews(ctx, productID, before, PageSize+1))
}

// Summary returns what the reviews come to that customers see.
func (r *Reviews) Summary(ctx context.Context, productID uint64) (Summary, error) {
	return r.store.ReviewSummary(ctx, productID)
}

// Latest returns a page of all reviews, hidden ones too, for staff.
func (r *Reviews) Latest(ctx context.Context, before uint64) (Page, error) {
	return pageOf(r.store.LatestReviews(ctx, before, PageSize+1))
}

// By returns a customer's review of a product, or a zero one, of version 0, where
// there is none.
func (r *Reviews) By(ctx context.Context, customerID, productID uint64) (Review, error) {
	review, err := r.store.ReviewOf(ctx, customerID, productID)
	if errors.Is(err, crudapp.ErrNotFound) {
		return Review{CustomerID: customerID, ProductID: productID}, nil
	}
	return review, err
}

// Write stores what a customer thinks of a product that exists, from the version
// that the person saw; 0 is that of a review that is not there yet. It returns a
// Conflict if it was changed elsewhere in between, and an Error of CodeInvalid for
// values that break a rule. A review that already says the same is left alone, from
// whatever version.
func (r *Reviews) Write(ctx context.Context, customerID, productID uint64, version uint32, o Opinion) (Review, error) {
	o = o.Normalized()
	if fields := o.problems(); len(fields) > 0 {
		return Review{}, crudapp.Invalid(fields)
	}
	stored, err := r.By(ctx, customerID, productID)
	if err != nil || stored.Version > 0 && stored.Opinion == o {
		return stored, err
	}
	won, err := r.write(ctx, customerID, productID, version, o)
	if err != nil {
		return Review{}, err
	}
	if stored, err = r.By(ctx, customerID, productID); err != nil {
		return Review{}, err
	}
	// A winner may have written the same.
	if won || stored.Opinion == o {
		return stored, nil
	}
	return Review{}, &Conflict{Yours: o, Stored: stored}
}

// write stores an opinion and reports whether it was the first from its version.
func (r *Reviews) write(ctx context.Context, customerID, productID uint64, version uint32, o Opinion) (bool, error) {
	now := r.clock()
	if version > 0 {
		return r.store.UpdateReview(ctx, Update{CustomerID: customerID, ProductID: productID, Version: version, Opinion: o, At: now})
	}
	_, err := r.store.CreateReview(ctx, Review{
		CustomerID: customerID, ProductID: productID, Opinion: o, Version: 1, CreatedAt: now, UpdatedAt: now,
	})
	if errors.Is(err, ErrTaken) {
		return false, nil
	}
	return err == nil, err
}

// Hide keeps a review from others' eyes, or shows it again. It returns
// crudapp.ErrNotFound for one that does not exist.
func (r *Reviews) Hide(ctx context.Context, id uint64, hidden bool) error {
	return r.store.HideReview(ctx, id, hidden, r.clock())
}

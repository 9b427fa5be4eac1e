package mysql_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/review"
	"telltale/internal/mysqlserver"
)

func testReviews(t *testing.T, server *mysqlserver.Server) {
	store := openGoods(t, server, "reviews")
	ctx := t.Context()
	product := stock(t, store, loaf(), catalogue.Level{})
	var want []review.Review // The newest first.
	for i, name := range []string{"bob", "alice", "jim"} {
		c := bob()
		c.Email, c.Name = name+"@example.com", name
		c = create(t, store, c)
		r := review.Review{
			ProductID: product.ID, CustomerID: c.ID, Author: name, Product: product.Name,
			Opinion: review.Opinion{Rating: uint8(3 + i), Text: "Dark.\n😀 " + strings.Repeat("é", 1990)},
			Version: 1, CreatedAt: at, UpdatedAt: at.Add(time.Microsecond),
		}
		var err error
		if r.ID, err = store.CreateReview(ctx, r); err != nil {
			t.Fatal(err)
		}
		if _, err := store.CreateReview(ctx, r); !errors.Is(err, review.ErrTaken) {
			t.Errorf("a second review: %v, want %v", err, review.ErrTaken)
		}
		want = append([]review.Review{r}, want...)
	}
	if got, err := store.ReviewOf(ctx, want[0].CustomerID, product.ID); err != nil || got != want[0] {
		t.Errorf("ReviewOf = %+v, %v, want %+v", got, err, want[0])
	}
	update := review.Update{CustomerID: want[0].CustomerID, ProductID: product.ID, Version: 1, Opinion: review.Opinion{Rating: 1}, At: at.Add(time.Hour)}
	for _, won := range []bool{true, false} {
		if got, err := store.UpdateReview(ctx, update); err != nil || got != won {
			t.Errorf("UpdateReview = %v, %v, want %v", got, err, won)
		}
	}
	for range 2 {
		if err := store.HideReview(ctx, want[1].ID, true, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.HideReview(ctx, want[0].ID+1, true, at); !errors.Is(err, crudapp.ErrNotFound) {
		t.Errorf("an unknown review: %v, want %v", err, crudapp.ErrNotFound)
	}
	for name, test := range map[string]struct {
		list func() ([]review.Review, error)
		want string
	}{
		"shown":         {func() ([]review.Review, error) { return store.ShownReviews(ctx, product.ID, 0, 10) }, "jim bob"},
		"a page":        {func() ([]review.Review, error) { return store.ShownReviews(ctx, product.ID, 0, 1) }, "jim"},
		"the next page": {func() ([]review.Review, error) { return store.ShownReviews(ctx, product.ID, want[0].ID, 1) }, "bob"},
		"latest":        {func() ([]review.Review, error) { return store.LatestReviews(ctx, 0, 10) }, "jim alice(hidden) bob"},
		"other product": {func() ([]review.Review, error) { return store.ShownReviews(ctx, product.ID+1, 0, 10) }, ""},
	} {
		found, err := test.list()
		if err != nil {
			t.Fatal(err)
		}
		var authors []string
		for _, r := range found {
			authors = append(authors, r.Author+map[bool]string{true: "(hidden)"}[r.Hidden])
		}
		if got := strings.Join(authors, " "); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	if got, err := store.ReviewSummary(ctx, product.ID); err != nil || got != (review.Summary{Count: 2, Sum: 4}) {
		t.Errorf("ReviewSummary = %+v, %v, want 2 that add up to 4", got, err)
	}
	if err := store.HideReview(ctx, want[1].ID, false, at); err != nil {
		t.Fatal(err)
	}
	if got, err := store.ReviewOf(ctx, want[1].CustomerID, product.ID); err != nil || got.Hidden || got.Version != 1 {
		t.Errorf("shown again it is %+v, %v, want version 1", got, err)
	}
}

// testReviewRace has twenty tabs write the first review of one customer.
func testReviewRace(t *testing.T, server *mysqlserver.Server) {
	store := openGoods(t, server, "reviewrace")
	product, c := stock(t, store, loaf(), catalogue.Level{}), create(t, store, bob())
	reviews := review.New(review.Options{Store: store})
	const tabs = 20
	var wins [tabs]bool
	var wg sync.WaitGroup
	for i := range tabs {
		wg.Go(func() {
			_, err := reviews.Write(t.Context(), c.ID, product.ID, 0, review.Opinion{Rating: 5, Text: strings.Repeat("x", i+1)})
			if err != nil && crudapp.ErrorCode(err) != crudapp.CodeConflict {
				t.Errorf("Write: %v", err)
			}
			wins[i] = err == nil
		})
	}
	wg.Wait()
	stored, err := reviews.By(t.Context(), c.ID, product.ID)
	if err != nil || stored.Version != 1 {
		t.Fatalf("stored %+v, %v, want version 1", stored, err)
	}
	for i, won := range wins {
		if won != (len(stored.Text) == i+1) {
			t.Errorf("tab %d: won is %v while %q is stored", i, won, stored.Text)
		}
	}
}

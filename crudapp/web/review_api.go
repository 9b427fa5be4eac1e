package web

import (
	"net/http"
	"time"

	"telltale/crudapp"
	"telltale/crudapp/catalogue"
	"telltale/crudapp/review"
)

// opinionJSON is what a customer may say about a product, as the API takes it.
type opinionJSON struct {
	Rating uint8  `json:"rating"`
	Text   string `json:"text"`
}

// reviewJSON is a review as the API shows it.
type reviewJSON struct {
	ID        uint64 `json:"id"`
	ProductID uint64 `json:"product_id"`
	Author    string `json:"author"`
	opinionJSON
	Version   uint32    `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func newReviewJSON(r review.Review) reviewJSON {
	return reviewJSON{
		ID: r.ID, ProductID: r.ProductID, Author: r.Author, opinionJSON: opinionJSON(r.Opinion),
		Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

// reviewedItem returns the product that the request names, which customers may see.
func (s *server) reviewedItem(r *http.Request) (catalogue.Item, error) {
	id, err := pathID(r)
	if err != nil {
		return catalogue.Item{}, err
	}
	return s.catalogue.Item(r.Context(), id)
}

func (s *server) apiReviews(w http.ResponseWriter, r *http.Request) {
	item, err := s.reviewedItem(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data := goods{Item: item}
	if err := s.addReviews(r, nil, &data); err != nil {
		s.fail(w, r, err)
		return
	}
	var list struct {
		Reviews []reviewJSON `json:"reviews"`
		Count   uint64       `json:"count"`
		// Average is null where there are none.
		Average *string `json:"average"`
		// Next is the query's before for what follows, or null.
		Next *uint64 `json:"next"`
	}
	list.Reviews = make([]reviewJSON, len(data.Reviews.Reviews))
	for i, one := range data.Reviews.Reviews {
		list.Reviews[i] = newReviewJSON(one)
	}
	list.Count, list.Average = data.Summary.Count, optional(data.Summary.Average())
	if data.Reviews.Next > 0 {
		list.Next = &data.Reviews.Next
	}
	writeJSON(w, http.StatusOK, list)
}

func (s *server) apiMyReview(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	mine, err := s.myReview(r, c)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case mine.Version == 0:
		s.fail(w, r, errNotFound)
	default:
		writeVersion(w, r, mine.Version, newReviewJSON(mine))
	}
}

// myReview returns the customer's review of the product that the request names; its
// version is 0 where there is none.
func (s *server) myReview(r *http.Request, c crudapp.Customer) (review.Review, error) {
	item, err := s.reviewedItem(r)
	if err != nil {
		return review.Review{}, err
	}
	return s.reviews.By(r.Context(), c.ID, item.ID)
}

// apiWriteReview stores a review: the first one with If-None-Match: *, a change with
// If-Match.
func (s *server) apiWriteReview(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	mine, err := s.myReview(r, c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var from uint32
	if r.Header.Get("If-None-Match") != "*" {
		if mine.Version == 0 && r.Header.Get("If-Match") != "" {
			s.fail(w, r, errNotFound)
			return
		}
		if from, err = ifMatch(r, mine.Version); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	var body opinionJSON
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	written, err := s.reviews.Write(r.Context(), c.ID, mine.ProductID, from, review.Opinion(body))
	if err != nil {
		s.failPrecondition(w, r, err)
		return
	}
	w.Header().Set("ETag", etag(written.Version))
	writeJSON(w, http.StatusOK, newReviewJSON(written))
}

// staffReviewJSON is a review as the API shows it to staff.
type staffReviewJSON struct {
	reviewJSON
	CustomerID uint64 `json:"customer_id"`
	Hidden     bool   `json:"hidden"`
}

func newStaffReviewJSON(r review.Review) staffReviewJSON {
	return staffReviewJSON{reviewJSON: newReviewJSON(r), CustomerID: r.CustomerID, Hidden: r.Hidden}
}

func (s *server) apiStaffReviews(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	before, err := queryID(r, "before")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	found, err := s.reviews.Latest(r.Context(), before)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeList(w, "reviews", found.Reviews, found.Next, newStaffReviewJSON)
}

func (s *server) apiHideReview(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
	id, err := pathID(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var body struct {
		Hidden bool `json:"hidden"`
	}
	if err := readJSON(r, &body); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.reviews.Hide(r.Context(), id, body.Hidden); err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

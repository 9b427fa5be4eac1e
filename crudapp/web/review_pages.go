package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"telltale/crudapp"
	"telltale/crudapp/review"
)

// stars shows a rating as text.
func stars(rating uint8) string {
	n := min(int(rating), review.MaxRating)
	return strings.Repeat("★", n) + strings.Repeat("☆", review.MaxRating-n)
}

// opinionFields are the inputs of a review. A rating of 0 is none yet.
func opinionFields(o review.Opinion) []field {
	ratings := []choice{{Value: "5", Label: "5, excellent"}, {Value: "4", Label: "4, good"}, {Value: "3", Label: "3, all right"}, {Value: "2", Label: "2, poor"}, {Value: "1", Label: "1, bad"}}
	value := strconv.Itoa(int(o.Rating))
	if o.Rating == 0 {
		value = ""
		ratings = append([]choice{{Label: "Choose"}}, ratings...)
	}
	return []field{
		{Name: review.FieldRating, Label: "Rating", Type: "select", Autocomplete: "off", Value: value, Choices: ratings, Required: true},
		{Name: review.FieldText, Label: "In your words", Type: "textarea", Autocomplete: "off", Value: o.Text, Hint: "Optional."},
	}
}

// opinionOf returns the opinion that a form's fields say. What is no rating is one
// that the shop refuses.
func opinionOf(fields []field) review.Opinion {
	rating, err := strconv.ParseUint(valueOf(fields, review.FieldRating), 10, 8)
	if err != nil {
		rating = 0
	}
	return review.Opinion{Rating: uint8(rating), Text: valueOf(fields, review.FieldText)}
}

// addReviews adds the reviews of a product to its page, and the form of the
// customer's own.
func (s *server) addReviews(r *http.Request, customer *crudapp.Customer, data *goods) error {
	before, err := queryID(r, "before")
	if err != nil {
		return err
	}
	if data.Reviews, err = s.reviews.Of(r.Context(), data.ID, before); err != nil {
		return err
	}
	data.Older = nextPage(r.URL, "before", data.Reviews.Next)
	if data.Summary, err = s.reviews.Summary(r.Context(), data.ID); err != nil || customer == nil {
		return err
	}
	mine, err := s.reviews.By(r.Context(), customer.ID, data.ID)
	if err != nil {
		return err
	}
	page := "/products/" + strconv.FormatUint(data.ID, 10)
	form := opened(page, page+"/review", mine.Version, opinionFields(mine.Opinion))
	data.Mine, data.Hidden = &form, mine.Hidden
	return nil
}

func (s *server) writeReview(w http.ResponseWriter, r *http.Request, c crudapp.Customer) {
	data, err := s.openGoods(r, &c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	form, err := data.Mine.posted(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	_, err = s.reviews.Write(r.Context(), c.ID, data.ID, form.Version, opinionOf(form.Fields))
	if err == nil {
		http.Redirect(w, r, form.Page+"?saved", http.StatusSeeOther)
		return
	}
	status := http.StatusUnprocessableEntity
	problems, invalid := problemsOf(err)
	conflict, conflicting := errors.AsType[*review.Conflict](err)
	switch {
	case invalid:
		form = form.refused(problems)
	case conflicting:
		status = http.StatusConflict
		form = form.against(conflict.Stored.Version, opinionFields(conflict.Yours), opinionFields(conflict.Stored.Opinion))
	default:
		s.fail(w, r, err)
		return
	}
	data.Mine = &form
	s.render(w, r, page{name: "product", status: status, customer: &c, data: data})
}

// staffReviews is the data of the list of all reviews.
type staffReviews struct {
	Reviews []review.Review
	// Older is the address of what follows, or empty.
	Older string
}

func (s *server) showStaffReviews(w http.ResponseWriter, r *http.Request, staff crudapp.Staff) {
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
	data := staffReviews{Reviews: found.Reviews, Older: nextPage(r.URL, "before", found.Next)}
	s.render(w, r, page{name: "staff-reviews", staff: &staff, data: data})
}

// hideReview returns a handler that hides a review or shows it again, and goes back
// to the list.
func (s *server) hideReview(hidden bool) staffHandler {
	return func(w http.ResponseWriter, r *http.Request, _ crudapp.Staff) {
		id, err := pathID(r)
		if err == nil {
			err = s.reviews.Hide(r.Context(), id, hidden)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		http.Redirect(w, r, "/staff/reviews", http.StatusSeeOther)
	}
}

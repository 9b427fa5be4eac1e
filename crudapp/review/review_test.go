package review_test

import (
	"errors"
	"strings"
	"testing"

	"telltale/crudapp"
	"telltale/crudapp/review"
)

func TestAverage(t *testing.T) {
	t.Parallel()
	for sum, want := range map[review.Summary]string{
		{}: "", {Count: 1, Sum: 5}: "5.0", {Count: 2, Sum: 9}: "4.5", {Count: 3, Sum: 13}: "4.3", {Count: 3, Sum: 14}: "4.7",
		{Count: 20, Sum: 85}: "4.3", {Count: 4, Sum: 4}: "1.0",
	} {
		if got := sum.Average(); got != want {
			t.Errorf("the average of %+v is %q, want %q", sum, got, want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	reviews := review.New(review.Options{})
	for name, test := range map[string]struct {
		o     review.Opinion
		field string
	}{
		"no rating":   {review.Opinion{}, "rating"},
		"six of five": {review.Opinion{Rating: 6}, "rating"},
		"a bell":      {review.Opinion{Rating: 5, Text: "a\ab"}, "text"},
		"a novel":     {review.Opinion{Rating: 5, Text: strings.Repeat("é", 2001)}, "text"},
	} {
		_, err := reviews.Write(t.Context(), 1, 2, 0, test.o)
		problem, ok := errors.AsType[*crudapp.Error](err)
		if !ok || len(problem.Fields) != 1 || problem.Fields[test.field] == "" {
			t.Errorf("%s: got %v, want an error about %s alone", name, err, test.field)
		}
	}
}

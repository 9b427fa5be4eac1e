package crudapp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"telltale/crudapp"
)

func TestErrorCode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want crudapp.Code
	}{
		{&crudapp.Error{Code: crudapp.CodeTooMany}, crudapp.CodeTooMany},
		{fmt.Errorf("sign in: %w", &crudapp.Error{Code: crudapp.CodeInvalid}), crudapp.CodeInvalid},
		{fmt.Errorf("change: %w", &crudapp.ConflictError{}), crudapp.CodeConflict},
		{fmt.Errorf("read customer 1: %w", crudapp.ErrNotFound), crudapp.CodeNotFound},
		{errors.New("connection refused"), crudapp.CodeInternal},
		{context.Canceled, crudapp.CodeInternal},
	} {
		if got := crudapp.ErrorCode(test.err); got != test.want {
			t.Errorf("ErrorCode(%v) = %s, want %s", test.err, got, test.want)
		}
	}
}

func TestErrorsTellNoValues(t *testing.T) {
	t.Parallel()
	err := &crudapp.ConflictError{
		Yours:  crudapp.Details{Email: "alice@example.com", Name: "Alice"},
		Stored: crudapp.Customer{ID: 7, Version: 3, Details: crudapp.Details{Name: "Bob"}},
	}
	if got, want := err.Error(), "change customer 7: somebody else changed it first, to version 3"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	invalid := &crudapp.Error{Message: "Some values need another look.", Fields: map[string]string{"name": "x", "email": "y"}}
	if got, want := invalid.Error(), "Some values need another look. (email, name)"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	if got := crudapp.OriginFrom(t.Context()); got != (crudapp.Origin{}) {
		t.Errorf("a bare context has the origin %+v", got)
	}
	ctx := crudapp.WithOrigin(t.Context(), crudapp.Origin{RequestID: "r", Traceparent: "t"})
	want := crudapp.Origin{Actor: "customer:7", RequestID: "r", Traceparent: "t"}
	if got := crudapp.OriginFrom(crudapp.WithActor(ctx, "customer:7")); got != want {
		t.Errorf("origin is %+v, want %+v", got, want)
	}
}

package claims

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

var (
	// errProbe is what a store has not kept.
	errProbe = errors.New("what was written is not what is read")

	// errNoRegion is returned for a bucket of Amazon's without a region.
	errNoRegion = errors.New("its region is not known; add ?region=… to the URL, or set AWS_REGION")
)

// RefusedError is the answer of a server that stays the same until somebody
// changes the bucket, the server or the configuration.
type RefusedError struct{ Err error }

// Error is the server's answer.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// refusals are the codes by which a server says that the bucket is not there, is
// not where it is asked for, or does not take such objects.
var refusals = []string{
	"NoSuchBucket", "InvalidBucketName", "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
	"EntityTooLarge", "InvalidRequest", "InvalidArgument", "MethodNotAllowed", "NotImplemented", "InvalidObjectState", "KeyTooLongError",
}

// denials are the codes by which it says that these credentials may not.
var denials = []string{"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "AccountProblem", "AllAccessDisabled"}

// Denied reports whether the server does not accept who we are or lets us not do
// what was asked.
func Denied(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) && slices.Contains(denials, api.ErrorCode()) {
		return true
	}
	return statusOf(err) == http.StatusForbidden
}

// explained makes a refusal of an error that is one, and says why a request was
// given up: the library says only that its context has ended.
func explained(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var api smithy.APIError
	if errors.As(err, &api) && slices.Contains(refusals, api.ErrorCode()) || statusOf(err) == http.StatusMovedPermanently {
		return &RefusedError{err}
	}
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	return err
}

// statusOf is the HTTP status of the server's answer, 0 where there was none.
func statusOf(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

package binlog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"telltale/binlog/claims"
	"telltale/internal/claimurl"
	"telltale/internal/preflight"
)

// claimStore keeps claim checks outside of Kafka.
type claimStore interface {
	// Put keeps a value by its hash and returns where it is. It is there for good
	// when Put returns, and the same when it is put again.
	Put(ctx context.Context, sum [sha256.Size]byte, value []byte) (url string, err error)
	// Probe writes, reads and removes something small.
	Probe(ctx context.Context) error
	// Close ends connections.
	Close()
}

// openClaims opens what source.claim_checks names. A directory is made where it is
// missing; a bucket is not asked for yet.
func openClaims(ctx context.Context, where string) (claimStore, error) {
	at, err := claimurl.Parse(where)
	if err != nil {
		return nil, fmt.Errorf("source.claim_checks: %w", err)
	}
	if at.Dir != "" {
		return claims.OpenDir(at.Dir)
	}
	return claims.OpenBucket(ctx, at)
}

// checkClaims proves that claim checks can be kept, where any may have to be.
func checkClaims(ctx context.Context, o Options) error {
	if o.Oversize != oversizeClaimCheck {
		return nil
	}
	err := probeClaims(ctx, o.ClaimChecks)
	if err == nil {
		return nil
	}
	mend := "let the directory be written by this user, or the server of the bucket be reached; or correct source.claim_checks"
	switch {
	case claims.Denied(err):
		mend = "allow s3:PutObject, s3:GetObject and s3:DeleteObject on the objects that source.claim_checks names, or correct the credentials in the environment"
	case errors.As(err, new(*claims.RefusedError)):
		mend = "create the bucket, or correct source.claim_checks"
	}
	return preflight.Findings{{What: "claim checks cannot be kept: " + err.Error(), Where: "source.claim_checks", Mend: mend}}
}

func probeClaims(ctx context.Context, where string) error {
	store, err := openClaims(ctx, where)
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Probe(ctx)
}

// claimError is a claim check that could not be kept. The Kafka transaction that
// was to refer to it is aborted, and the record comes again.
type claimError struct {
	topic string
	bytes int
	err   error
}

func (e *claimError) Error() string {
	return fmt.Sprintf("put a record of %d bytes of topic %s aside: %v", e.bytes, e.topic, e.err)
}

func (e *claimError) Unwrap() error { return e.err }

// Outcomes of a claim check, for the metric.
const (
	claimStored  = "stored"
	claimFailed  = "failed"
	claimRefused = "refused"
)

// check keeps a value and returns where it is. It is there for good before the
// record that names it is committed; one that no record names may stay from a
// transaction that was aborted, until that is read again.
func (f *overflow) check(ctx context.Context, topic string, sum [sha256.Size]byte, value []byte) (string, error) {
	start := time.Now()
	at, err := f.claims.Put(ctx, sum, value)
	outcome := claimStored
	switch {
	case errors.As(err, new(*claims.RefusedError)):
		outcome = claimRefused
	case err != nil:
		outcome = claimFailed
	}
	f.metrics.claims.WithLabelValues(outcome).Observe(time.Since(start).Seconds())
	if err != nil {
		return "", &claimError{topic: topic, bytes: len(value), err: err}
	}
	return at, nil
}

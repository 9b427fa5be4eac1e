package binlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/preflight"
	"telltale/internal/s3test"
	"telltale/schemas/change"
)

// bucketOf has a harness's claim checks kept in a bucket, by an account that may
// do what the documentation asks for.
func bucketOf(t *testing.T, h *harness) *s3test.Server {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": s3test.UserID, "AWS_SECRET_ACCESS_KEY": s3test.UserSecret, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none"),
	} {
		t.Setenv(name, value)
	}
	server := s3test.Start(t, s3test.Options{})
	server.MakeBucket(t, claimsBucket)
	server.AddUser(t)
	server.Allow(t, claimsBucket, claimRights...)
	h.o.Oversize, h.o.ClaimChecks = oversizeClaimCheck, server.URL(claimsBucket, "shop")
	return server
}

const claimsBucket = "claims"

// claimRights are those that docs and preflight ask for.
var claimRights = []string{"s3:PutObject", "s3:GetObject", "s3:DeleteObject"}

// inBucket proves that a record refers to an object of the bucket that holds it.
func inBucket(t *testing.T, server *s3test.Server, r got) {
	t.Helper()
	if r.Oversize == nil {
		t.Fatalf("%s refers to nothing", r.Value)
	}
	whole := server.Files(t, claimsBucket)[strings.TrimPrefix(r.Oversize.URL, "s3://"+claimsBucket+"/")]
	sum := sha256.Sum256(whole)
	e, err := change.Parse(whole)
	if err != nil || e.ID != r.ID || len(whole) != r.Oversize.Bytes || hex.EncodeToString(sum[:]) != r.Oversize.SHA256 {
		t.Errorf("%s holds %d bytes of change %s (%v), want %d of %s", r.Oversize.URL, len(whole), e.ID, err, r.Oversize.Bytes, r.ID)
	}
}

// Claim checks in a bucket, whatever becomes of the server that keeps it. Nothing
// is published that refers to one that is not there, and nothing behind one that
// cannot be kept.
func TestClaimsInABucket(t *testing.T) {
	h := newNotes(t)
	server := bucketOf(t, h)
	ended := h.start(t)
	n := 0
	// write writes a large row and a small one behind it, and has them wait for
	// something meanwhile; then both are there, once.
	write := func(t *testing.T, why string, mend func()) {
		t.Helper()
		h.exec(t, "INSERT INTO notes SELECT COALESCE(MAX(id), 0) + 1, "+largeNote+" FROM notes", "INSERT INTO notes SELECT MAX(id) + 1, 'small' FROM notes")
		if why != "" {
			for deadline := time.Now().Add(patience); !h.complains(why); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("not ready because of %v, want %q", h.o.Health.Reasons(), why)
				}
			}
			h.records(t, "notes", n)
		}
		mend()
		n += 2
		small := func(r got) bool { return r.Oversize == nil }
		large := slices.DeleteFunc(h.records(t, "notes", n), small)
		if len(large) != n/2 {
			t.Fatalf("%d of %d records refer to claim checks, want half", len(large), n)
		}
		for _, r := range large {
			inBucket(t, server, r)
		}
	}

	t.Run("kept", func(t *testing.T) { write(t, "", func() {}) })
	t.Run("away", func(t *testing.T) {
		server.Stop(t)
		write(t, "put a record of", func() { server.Restart(t) })
	})
	t.Run("denied", func(t *testing.T) {
		server.Allow(t, claimsBucket, "s3:GetObject")
		write(t, "accessdenied", func() { server.Allow(t, claimsBucket, claimRights...) })
	})
	if t.Failed() {
		return
	}
	t.Run("bucket gone", func(t *testing.T) {
		server.RemoveBucket(t, claimsBucket)
		h.exec(t, "UPDATE notes SET body = "+largeNote+" WHERE id = 1")
		select {
		case err := <-ended:
			stop, ok := errors.AsType[*StopError](err)
			if !ok || stop.Name() != errClaimsRefused.Name() || !strings.Contains(err.Error(), "NoSuchBucket") {
				t.Errorf("got %v, want a StopError named %s", err, errClaimsRefused.Name())
			}
		case <-time.After(patience):
			t.Fatalf("the reader goes on: %v", h.o.Health.Reasons())
		}
		h.records(t, "notes", n)
		var found preflight.Findings
		if err := Check(t.Context(), h.o); !errors.As(err, &found) || !strings.Contains(found.Error(), "create the bucket") {
			t.Errorf("a look before the start: got %v, want what mends it", err)
		}
		server.MakeBucket(t, claimsBucket)
		if err := Check(t.Context(), h.o); !errors.As(err, &found) || !strings.Contains(found.Error(), "s3:DeleteObject") {
			t.Errorf("a look before the start, without rights: got %v, want what mends it", err)
		}
	})
}

// A reader that ends between a claim check and the commit of its record leaves one
// that the next reader puts again, the same to the byte under the same name.
func TestEndBetweenClaimAndCommit(t *testing.T) {
	h := newHarness(t)
	broker := kafkatest.StartDurable(t)
	h.o.Kafka.Brokers = broker.Brokers()
	h.makeNotes(t)
	server := bucketOf(t, h)
	h.start(t)
	h.exec(t, "INSERT INTO notes VALUES (1, "+largeNote+")")
	inBucket(t, server, h.records(t, "notes", 1)[0])

	broker.Down()
	h.exec(t, "UPDATE notes SET body = "+largeNote)
	var before map[string][]byte
	for deadline := time.Now().Add(patience); len(before) < 2; before = server.Files(t, claimsBucket) {
		if time.Now().After(deadline) {
			t.Fatalf("the bucket holds %d claim checks, want 2", len(before))
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := h.stop(); err != nil {
		t.Logf("the reader could not end in order: %v", err)
	}
	broker.Up()
	h.start(t)
	for _, r := range h.records(t, "notes", 2) {
		inBucket(t, server, r)
	}
	h.mustStop(t)
	if after := server.Files(t, claimsBucket); !maps.EqualFunc(before, after, bytes.Equal) {
		t.Errorf("the bucket holds other claim checks than before: %q, want %q", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
	}
}

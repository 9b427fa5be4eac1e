package claims_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/binlog/claims"
	"telltale/internal/certtest"
	"telltale/internal/claimurl"
	"telltale/internal/s3test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// value is a record of n bytes that no other test has, and its hash.
func value(t *testing.T, n int) ([]byte, [sha256.Size]byte) {
	t.Helper()
	text := make([]byte, n)
	if _, err := rand.Read(text); err != nil {
		t.Fatal(err)
	}
	return text, sha256.Sum256(text)
}

// A claim check can be written again, as after an aborted transaction, and is
// found by its URL and hash.
func TestDir(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "claims of today")
	d, err := claims.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	want, sum := value(t, 100_000)
	for range 2 {
		at, err := d.Put(t.Context(), sum, want)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(at)
		if err != nil || u.Scheme != "file" {
			t.Fatalf("URL %q: %v", at, err)
		}
		got, err := os.ReadFile(u.Path)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("read %d bytes and %v, want the value", len(got), err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("the directory holds %d files (%v), want 1", len(files), err)
	}
}

// signIn has the clients of this process be one of the server's accounts.
func signIn(t *testing.T, id, secret string) {
	t.Setenv("AWS_ACCESS_KEY_ID", id)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
}

func open(t *testing.T, text string) *claims.Bucket {
	t.Helper()
	at, err := claimurl.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	b, err := claims.OpenBucket(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestBucket(t *testing.T) {
	signIn(t, s3test.RootID, s3test.RootSecret)
	server := s3test.Start(t, s3test.Options{})
	server.MakeBucket(t, "claims")
	b := open(t, server.URL("claims", "shop/raw"))
	if err := b.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	want, sum := value(t, 100_000)
	object := "shop/raw/" + hex.EncodeToString(sum[:]) + ".json"
	for range 2 {
		if at, err := b.Put(t.Context(), sum, want); err != nil || at != "s3://claims/"+object {
			t.Fatalf("got %s and %v, want the URL of %s", at, err, object)
		}
	}
	files := server.Files(t, "claims")
	if len(files) != 1 || !bytes.Equal(files[object], want) {
		t.Errorf("the bucket holds %d objects, the value among them: %v; want it and no other", len(files), bytes.Equal(files[object], want))
	}

	t.Run("damaged", func(t *testing.T) { // On the way, or in memory.
		sum[0]++
		if _, err := b.Put(t.Context(), sum, want); err == nil || errors.As(err, new(*claims.RefusedError)) || claims.Denied(err) {
			t.Errorf("got %v, want an error that another try may mend", err)
		}
		if n := len(server.Files(t, "claims")); n != 1 {
			t.Errorf("the bucket holds %d objects, want the one before", n)
		}
	})
	t.Run("memory", func(t *testing.T) {
		large, sum := value(t, 64<<20)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := b.Put(t.Context(), sum, large); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
			t.Errorf("a value of 64 MiB took %d bytes beside itself", got)
		}
	})
	t.Run("no bucket", func(t *testing.T) {
		for _, err := range []error{
			open(t, server.URL("nobody", "")).Probe(t.Context()),
			func() error { _, err := open(t, server.URL("nobody", "")).Put(t.Context(), sum, want); return err }(),
		} {
			if !errors.As(err, new(*claims.RefusedError)) || !strings.Contains(err.Error(), "NoSuchBucket") {
				t.Errorf("got %v, want a refusal", err)
			}
		}
	})
	t.Run("away", func(t *testing.T) {
		server.Stop(t)
		_, err := b.Put(t.Context(), sha256.Sum256(want), want)
		if err == nil || errors.As(err, new(*claims.RefusedError)) || claims.Denied(err) {
			t.Errorf("got %v, want an error that another try may mend", err)
		}
		server.Restart(t)
		if _, err := b.Put(t.Context(), sha256.Sum256(want), want); err != nil {
			t.Errorf("once it is back: %v", err)
		}
	})
	t.Run("hanging", func(t *testing.T) {
		server.Pause(t)
		defer server.Resume(t)
		ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, errors.New("not while it hangs"))
		defer cancel()
		if _, err := b.Put(ctx, sha256.Sum256(want), want); err == nil || !strings.Contains(err.Error(), "not while it hangs") {
			t.Errorf("got %v, want the cause of the end", err)
		}
	})
}

// The rights that the documentation asks for are enough, and each is needed.
func TestRights(t *testing.T) {
	signIn(t, s3test.UserID, s3test.UserSecret)
	server := s3test.Start(t, s3test.Options{})
	server.MakeBucket(t, "claims")
	server.AddUser(t)
	b := open(t, server.URL("claims", ""))
	rights := []string{"s3:PutObject", "s3:GetObject", "s3:DeleteObject"}
	for n := range rights {
		server.Allow(t, "claims", rights[:n]...)
		if err := b.Probe(t.Context()); !claims.Denied(err) || errors.As(err, new(*claims.RefusedError)) {
			t.Errorf("with %q: got %v, want a denial", rights[:n], err)
		}
	}
	server.Allow(t, "claims", rights...)
	if err := b.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	signIn(t, s3test.UserID, "another")
	if err := open(t, server.URL("claims", "")).Probe(t.Context()); !claims.Denied(err) {
		t.Errorf("with another secret: got %v, want a denial", err)
	}
}

// Certificates are verified, by the authorities that the environment names.
func TestTLS(t *testing.T) {
	signIn(t, s3test.RootID, s3test.RootSecret)
	ca := certtest.New(t)
	pair := ca.Issue(t, "127.0.0.1")
	authority, err := os.ReadFile(ca.File)
	if err != nil {
		t.Fatal(err)
	}
	server := s3test.Start(t, s3test.Options{CertFile: pair.CertFile, KeyFile: pair.KeyFile, CA: authority})
	if err := open(t, server.URL("claims", "")).Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("from an authority that nobody knows: got %v, want it refused", err)
	}
	t.Setenv("AWS_CA_BUNDLE", ca.File)
	server.MakeBucket(t, "claims")
	if err := open(t, server.URL("claims", "")).Probe(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNoRegion(t *testing.T) {
	signIn(t, s3test.RootID, s3test.RootSecret)
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	_, err := claims.OpenBucket(t.Context(), claimurl.Location{Bucket: "claims"})
	if err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("got %v, want what is missing", err)
	}
}

// Package s3test runs a server that speaks S3, Versity's gateway over a directory,
// as a child process for tests. scripts/fetch-s3.sh gets it.
package s3test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"telltale/internal/childproc"
)

// The server's own account, which may do everything, and another, which may do
// what a bucket's policy lets it.
const (
	RootID, RootSecret = "root-of-tests", "root's secret of tests"
	UserID, UserSecret = "user-of-tests", "user's secret of tests"
)

// Limits of one start. Building the server is once a checkout.
const (
	fetchTimeout = 10 * time.Minute
	startTimeout = time.Minute
	pollInterval = 20 * time.Millisecond
)

// Options say how the server listens.
type Options struct {
	// CertFile and KeyFile have it speak TLS. Empty is plain HTTP.
	CertFile, KeyFile string
	// CA is what its owner trusts, in PEM.
	CA []byte
}

// Server is a server on 127.0.0.1 with a directory for each bucket.
type Server struct {
	o       Options
	binary  string
	dir     string
	port    int
	process *childproc.Process
}

// Start starts a server that the test ends, on a port and in a directory of its
// own.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{o: o, binary: binary(t), dir: t.TempDir()}
	for _, folder := range []string{"data", "metadata", "accounts"} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	s.Restart(t)
	t.Cleanup(func() {
		s.Stop(t)
		if t.Failed() {
			t.Logf("the S3 server's log: %v", childproc.LogTail(s.log(), 0))
		}
	})
	return s
}

func (s *Server) log() string { return filepath.Join(s.dir, "log") }

// Restart starts the server again where it was, after Stop.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	err := childproc.OnPorts(ctx, []int{s.port}, func(ports []int) error { return s.start(ctx, ports[0]) })
	if err != nil {
		t.Fatalf("start the S3 server: %v", err)
	}
}

func (s *Server) start(ctx context.Context, port int) error {
	args := []string{
		"--port", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), "--health", "/health",
		"--access", RootID, "--secret", RootSecret, "--iam-dir", filepath.Join(s.dir, "accounts"),
	}
	if s.o.CertFile != "" {
		args = append(args, "--cert", s.o.CertFile, "--key", s.o.KeyFile)
	}
	cmd := exec.Command(s.binary, append(args, "posix", "--sidecar", filepath.Join(s.dir, "metadata"), filepath.Join(s.dir, "data"))...)
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // The child has its own.
	cmd.Stdout, cmd.Stderr = log, log
	process, err := childproc.Start(cmd)
	if err != nil {
		return err
	}
	s.port, s.process = port, process
	return s.await(ctx)
}

// await returns when the server answers, over TLS when it listens.
func (s *Server) await(ctx context.Context) error {
	for {
		if s.answers(ctx) {
			return nil
		}
		select {
		case <-s.process.Done():
			return fmt.Errorf("it ended: %w; %w", s.process.Err(), childproc.LogTail(s.log(), 0))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

func (s *Server) answers(ctx context.Context) bool {
	if s.o.CertFile != "" {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)))
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Endpoint()+"/health", nil)
	if err != nil {
		return false
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// Stop kills the server, which keeps what it has acknowledged.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.process.Kill(); err != nil {
		t.Errorf("end the S3 server: %v", err)
	}
}

// Pause stops the server where it is: connections stay open, and nobody answers
// until Resume.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	if err := s.process.Pause(); err != nil {
		t.Fatal(err)
	}
}

// Resume has a paused server go on.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	if err := s.process.Resume(); err != nil {
		t.Fatal(err)
	}
}

// Endpoint is the server's address, with its scheme.
func (s *Server) Endpoint() string {
	scheme := "http"
	if s.o.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
}

// URL is a prefix in a bucket of the server, as source.claim_checks takes it.
func (s *Server) URL(bucket, prefix string) string {
	return "s3://" + bucket + "/" + prefix + "?endpoint=" + url.QueryEscape(s.Endpoint())
}

// AddUser makes the account of UserID.
func (s *Server) AddUser(t testing.TB) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.binary, "admin", "--access", RootID, "--secret", RootSecret,
		"--endpoint-url", s.Endpoint(), "create-user", "--access", UserID, "--secret", UserSecret, "--role", "user")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make the account %s: %v\n%s", UserID, err, out)
	}
}

// Files are the objects of a bucket by their names, as they are on the disk.
func (s *Server) Files(t testing.TB, bucket string) map[string][]byte {
	t.Helper()
	root, all := filepath.Join(s.dir, "data", bucket), map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		all[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// binary returns the server's program, built where there is none.
func binary(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), fetchTimeout)
	defer cancel()
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("find the module of the test: %v", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	dir := filepath.Join(root, ".tools", "s3")
	if out, err := exec.CommandContext(ctx, filepath.Join(root, "scripts", "fetch-s3.sh"), dir).CombinedOutput(); err != nil {
		t.Fatalf("build the S3 server into %s: %v\n%s", dir, err, out)
	}
	return filepath.Join(dir, "bin", "versitygw")
}

// Package binarytest has what tests share that run the real binary as a child
// process, where they kill it or see it as a user does.
package binarytest

import (
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"telltale/internal/childproc"
)

// Build builds telltale for the test and returns the path of the binary. The
// build cache makes a second build of the same sources a matter of linking.
func Build(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "telltale")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "telltale/cmd/telltale").CombinedOutput()
	if err != nil {
		t.Fatalf("build the binary: %v\n%s", err, out)
	}
	return path
}

// FreeAddr returns an address of this machine on which nothing listens, for a
// child to listen on. Somebody else may take it before the child does.
func FreeAddr(t testing.TB) string {
	t.Helper()
	port, err := childproc.FreePort(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// pageTimeout bounds a question to a child: one that hangs is one that does not
// answer.
const pageTimeout = 10 * time.Second

// Get returns the status and the body of a child's page without the space around
// it, or 0 and the error where nobody answers.
func Get(t testing.TB, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: pageTimeout}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, strings.TrimSpace(string(text))
}

// patience is how long a condition may take to come true on a busy machine.
const patience = 2 * time.Minute

// Await polls until wanting, which says what is still wrong, says nothing.
func Await(t testing.TB, what string, wanting func() string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		left := wanting()
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("wait for %s: %s", what, left)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Package binarytest builds the real binary for tests that run it as a child
// process, where they kill it or see it as a user does.
package binarytest

import (
	"os/exec"
	"path/filepath"
	"testing"
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

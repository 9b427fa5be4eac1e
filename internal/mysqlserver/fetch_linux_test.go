package mysqlserver

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFetchWithoutApt(t *testing.T) {
	onlyPrograms(t, "bash", "realpath", "cat")
	var progress []string
	err := mysqlProduct(t).fetch(t.Context(), filepath.Join(t.TempDir(), "mysql"), func(line string) { progress = append(progress, line) })
	if err == nil {
		t.Fatal("got no error")
	}
	for _, text := range []string{"apt-get is not on this system", "sudo apt-get install mysql-server", EnvBinary} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got %q, want it to contain %q", err, text)
		}
	}
	if len(progress) == 0 || !strings.HasPrefix(progress[0], "mysql: apt-get is not") {
		t.Errorf("progress: got %q, want the script's lines", progress)
	}
}

func TestFetchStopsWithItsContext(t *testing.T) {
	bin := onlyPrograms(t, "bash", "realpath", "cat", "sleep", "mktemp", "rm", "dirname", "mkdir", "find", "flock", "rmdir")
	// Every step of apt takes for ever.
	for _, name := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		writeScript(t, filepath.Join(bin, name), "exec sleep 600")
	}
	writeScript(t, filepath.Join(bin, "dpkg"), "echo amd64")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	tools := t.TempDir()
	err := mysqlProduct(t).fetch(ctx, filepath.Join(tools, "mysql"), func(string) {})
	if err == nil || ctx.Err() == nil {
		t.Fatalf("got %v before the context's end, want to be stopped by it", err)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		t.Errorf("got %v, want the script to end by itself when asked", err)
	}
	left, err := filepath.Glob(filepath.Join(tools, "mysql*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if filepath.Base(path) != "mysql.lock" {
			t.Errorf("%s was left behind", path)
		}
	}
}

func mysqlProduct(t *testing.T) product {
	t.Helper()
	p, err := MySQL.product()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// onlyPrograms makes PATH a folder that holds the programs alone.
func onlyPrograms(t *testing.T, names ...string) string {
	t.Helper()
	bin := t.TempDir()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	return bin
}

func writeScript(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

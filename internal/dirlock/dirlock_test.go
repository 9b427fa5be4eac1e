package dirlock_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"telltale/internal/dirlock"
)

func TestAcquireIsExclusive(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "missing", "data")
	first := acquire(t, dir)

	_, err := dirlock.Acquire(t.Context(), dir, 0)
	if !errors.Is(err, dirlock.ErrHeld) {
		t.Fatalf("second lock: got %v, want ErrHeld", err)
	}
	for _, want := range []string{dir, "process " + strconv.Itoa(os.Getpid())} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to name %q", err, want)
		}
	}

	release(t, first)
	release(t, acquire(t, dir))
}

func TestAcquireWaitsForTheHolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := acquire(t, dir)
	released := make(chan error, 1)
	go func() {
		time.Sleep(100 * time.Millisecond)
		released <- first.Release()
	}()
	second, err := dirlock.Acquire(t.Context(), dir, 10*time.Second)
	if err != nil {
		t.Fatalf("got %v, want the lock once it is released", err)
	}
	if err := <-released; err != nil {
		t.Error(err)
	}
	release(t, second)
}

func TestAcquireStopsWithItsContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	defer release(t, acquire(t, dir))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dirlock.Acquire(ctx, dir, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestChildKeepsTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock := acquire(t, dir)
	child := exec.Command("cat")
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	child.ExtraFiles = []*os.File{lock.File()}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	release(t, lock)

	if _, err := dirlock.Acquire(t.Context(), dir, 0); !errors.Is(err, dirlock.ErrHeld) {
		t.Errorf("while the child lives: got %v, want ErrHeld", err)
	}
	stdin.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	release(t, acquire(t, dir))
}

// acquire waits, since a process that another test starts at that moment holds the
// lock along until it has become its own program.
func acquire(t *testing.T, dir string) *dirlock.Lock {
	t.Helper()
	lock, err := dirlock.Acquire(t.Context(), dir, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func release(t *testing.T, lock *dirlock.Lock) {
	t.Helper()
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}

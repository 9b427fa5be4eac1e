package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"telltale/internal/dirlock"
)

const (
	// markerFile says that a directory is the demo's to wipe.
	markerFile = "telltale-demo"
	markerText = "The data of `telltale demo`. `telltale demo --fresh` wipes this directory.\n"
	// lockWait covers a demo that is just ending.
	lockWait = 2 * time.Second
	// lockDir is in the directory, apart from what a wipe removes.
	lockDir = "running"
)

// dataDir is a directory that belongs to this demo alone while it runs.
type dataDir struct {
	path string
	lock *dirlock.Lock
}

// openDataDir takes a directory: one that is missing, empty, or a demo's
// already. fresh wipes it first. A directory that holds anything else is
// refused, so that a slip of --dir can destroy nothing.
func openDataDir(ctx context.Context, path string, fresh bool) (*dataDir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the data directory: %w", err)
	}
	if err := checkOwned(path); err != nil {
		return nil, err
	}
	d := &dataDir{path: path}
	if err := d.mark(); err != nil {
		return nil, fmt.Errorf("prepare the data directory: %w", err)
	}
	d.lock, err = dirlock.Acquire(ctx, d.file(lockDir), lockWait)
	if errors.Is(err, dirlock.ErrHeld) {
		return nil, fmt.Errorf("another demo uses %s; stop it, or give this one a directory of its own with --dir: %w", path, err)
	}
	if err != nil {
		return nil, err
	}
	if fresh {
		err = d.wipe()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wipe the data directory: %w", err), d.close())
	}
	return d, nil
}

// mark makes the directory a demo's. It comes before the lock, so that a demo
// that is killed in between leaves nothing that the next would refuse.
func (d *dataDir) mark() error {
	if err := os.MkdirAll(d.path, 0o750); err != nil {
		return err
	}
	return os.WriteFile(d.file(markerFile), []byte(markerText), 0o644)
}

// checkOwned refuses a directory that is neither empty nor a demo's.
func checkOwned(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into the data directory: %w", err)
	}
	if _, err := os.Stat(filepath.Join(path, markerFile)); err != nil {
		return fmt.Errorf("%s is not a data directory of the demo: it is not empty and has no file %s; give another with --dir", path, markerFile)
	}
	return nil
}

// wipe removes everything but the lock, which is in use, and the marker, so
// that a wipe that is cut short can be done again.
func (d *dataDir) wipe() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == markerFile || e.Name() == lockDir {
			continue
		}
		if err := os.RemoveAll(d.file(e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (d *dataDir) file(name string) string { return filepath.Join(d.path, name) }

func (d *dataDir) close() error { return d.lock.Release() }

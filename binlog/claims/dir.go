package claims

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// nameOf is the name of the file or object that holds a value.
func nameOf(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:]) + ".json" }

// probeValue is what a probe writes.
var probeValue = []byte("written by telltale to see whether claim checks can be, and removed at once\n")

// Dir is a directory of claim checks. It may be used from several goroutines.
type Dir struct{ path string }

// OpenDir makes the directory where it is missing.
func OpenDir(path string) (*Dir, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("directory of claim checks %q: %w", path, err)
	}
	if err := os.MkdirAll(whole, 0o750); err != nil {
		return nil, fmt.Errorf("make the directory of claim checks: %w", err)
	}
	return &Dir{whole}, nil
}

// Put writes a value into a file that its hash names, unless it is there, and
// returns its URL. The file and its name outlive a crash of the machine.
func (d *Dir) Put(_ context.Context, sum [sha256.Size]byte, value []byte) (string, error) {
	path := filepath.Join(d.path, nameOf(sum))
	at := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
	// One that is there gets a new date, so that whoever removes old ones keeps it
	// as long as the record that names it now.
	now := time.Now()
	if err := os.Chtimes(path, now, now); !errors.Is(err, fs.ErrNotExist) {
		return at, err
	}
	return at, d.write(path, value)
}

// write makes a file appear whole.
func (d *Dir) write(path string, value []byte) error {
	temporary, err := os.CreateTemp(d.path, "unfinished-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // It is gone where all went well.
	_, err = temporary.Write(value)
	if err := errors.Join(err, temporary.Chmod(0o640), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return syncDir(d.path)
}

// Probe writes a small file, reads it and removes it.
func (d *Dir) Probe(context.Context) error {
	path := filepath.Join(d.path, "probe-"+rand.Text())
	if err := d.write(path, probeValue); err != nil {
		return fmt.Errorf("write a probe: %w", err)
	}
	got, err := os.ReadFile(path)
	if err == nil && !bytes.Equal(got, probeValue) {
		err = errProbe
	}
	return errors.Join(err, os.Remove(path))
}

// Close has nothing to end.
func (*Dir) Close() {}

// syncDir makes a new name in a directory survive a crash of the machine.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Package dirlock keeps a data directory to one server at a time.
package dirlock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// fileName is the file in the directory that is locked. It stays behind when
// the lock is gone; only the lock of the kernel on it counts.
const fileName = "lock"

// ErrHeld is returned, wrapped with the directory and the holder's process
// id, when another process keeps the directory locked.
var ErrHeld = errors.New("the directory is in use by another process")

// Lock is an exclusive lock on a directory. The kernel releases it when every
// process that holds its file has closed it or ended, however it ended.
type Lock struct {
	file *os.File
}

// Acquire locks dir, which it creates where it is missing. A directory that
// is in use is asked for again until wait has passed, so that the successor
// of a process that is just ending gets it; after that the error wraps
// [ErrHeld].
func Acquire(ctx context.Context, dir string, wait time.Duration) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("create the data directory: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, fileName), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open the lock of %s: %w", dir, err)
	}
	if err := lockFile(ctx, file, wait); err != nil {
		holder := readHolder(file)
		return nil, errors.Join(fmt.Errorf("lock %s (held by process %s): %w", dir, holder, err), file.Close())
	}
	// The process id is for the message of whoever comes second.
	if err := writeHolder(file); err != nil {
		return nil, errors.Join(fmt.Errorf("write the lock of %s: %w", dir, err), file.Close())
	}
	return &Lock{file: file}, nil
}

func lockFile(ctx context.Context, file *os.File, wait time.Duration) error {
	const interval = 50 * time.Millisecond
	deadline := time.Now().Add(wait)
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return err
		case !time.Now().Before(deadline):
			return ErrHeld
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
	}
}

func writeHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

func readHolder(file *os.File) string {
	buf := make([]byte, 32)
	n, _ := file.ReadAt(buf, 0)
	if holder := strings.TrimSpace(string(buf[:n])); holder != "" {
		return holder
	}
	return "unknown"
}

// File is the locked file. A child process that inherits it keeps the
// directory locked until it has ended too, even after its parent was killed.
func (l *Lock) File() *os.File {
	return l.file
}

// Release gives the lock up as far as this process is concerned.
func (l *Lock) Release() error {
	return l.file.Close()
}

package childproc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// LimitFiles keeps the running process from making any file larger than that many
// bytes: a write beyond fails, as it does on a full disk.
func (p *Process) LimitFiles(bytes uint64) error {
	var old unix.Rlimit
	if err := unix.Prlimit(p.Pid(), unix.RLIMIT_FSIZE, nil, &old); err != nil {
		return fmt.Errorf("look up the limit of file sizes of process %d: %w", p.Pid(), err)
	}
	limit := unix.Rlimit{Cur: bytes, Max: old.Max}
	if err := unix.Prlimit(p.Pid(), unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		return fmt.Errorf("limit the file sizes of process %d to %d bytes: %w", p.Pid(), bytes, err)
	}
	return nil
}

//go:build !linux

package childproc

import "errors"

// LimitFiles is for Linux alone.
func (p *Process) LimitFiles(uint64) error {
	return errors.New("limit the file sizes of a running process: only Linux can")
}

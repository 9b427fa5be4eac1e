//go:build !linux

package tour

import "syscall"

// tied keeps nothing but the defaults: here the child gets the terminal's
// Ctrl-C with the tour, and ends with it.
func tied() *syscall.SysProcAttr { return nil }

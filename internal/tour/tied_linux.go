package tour

import "syscall"

// tied makes the kernel kill the child when this process ends, and keeps the
// terminal's Ctrl-C away from it: the tour stops its children itself.
func tied() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

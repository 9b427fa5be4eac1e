package childproc

import (
	"os/exec"
	"syscall"
)

// attributes ask the kernel to kill the child when the thread that started it
// ends, as it does when this process is killed. They outlive the exec of a
// launcher.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// waitTied waits for the child.
func waitTied(cmd *exec.Cmd) error {
	return cmd.Wait()
}

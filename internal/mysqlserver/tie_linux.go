package mysqlserver

import (
	"os/exec"
	"syscall"
)

// processAttributes ask the kernel to kill the child when the thread that
// started it ends, as it does when this process is killed. The attribute
// outlives the launcher's exec.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// waitTied waits for the child.
func waitTied(cmd *exec.Cmd) error {
	return cmd.Wait()
}

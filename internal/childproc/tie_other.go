//go:build !linux

package childproc

import (
	"os/exec"
	"syscall"
)

func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// waitTied waits for the child, with a guard beside it that kills the child
// when this process dies.
func waitTied(cmd *exec.Cmd) error {
	release, err := guard(cmd.Process.Pid)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return err
	}
	defer release()
	return cmd.Wait()
}

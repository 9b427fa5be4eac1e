package childproc

import (
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// guardScript reads a line and ends, or kills the process that it is given
// when its input ends first.
const guardScript = `read -r line || kill -KILL "$1"`

// guard starts a shell that kills the process pid when this one dies, where
// the kernel has no such service: the pipe to the shell closes with whoever
// holds it, however it ends. Call release once pid has ended.
func guard(pid int) (release func(), err error) {
	shell, pipe, err := startGuard(pid)
	if err != nil {
		return nil, fmt.Errorf("guard process %d: %w", pid, err)
	}
	return func() {
		// A guard that is gone already has nothing left to do.
		_, _ = io.WriteString(pipe, "done\n")
		_ = pipe.Close()
		_ = shell.Wait()
	}, nil
}

func startGuard(pid int) (*exec.Cmd, io.WriteCloser, error) {
	shell := exec.Command("/bin/sh", "-c", guardScript, "sh", strconv.Itoa(pid))
	// A Ctrl-C in the terminal must not end the guard before its ward.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := shell.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	return shell, pipe, shell.Start()
}

package childproc

import "syscall"

// Pid is the number of the process, which is another's once it has ended.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Pause stops the process where it is (SIGSTOP). It neither runs nor answers
// until Resume, and can be killed.
func (p *Process) Pause() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume has a paused process go on as if nothing had been (SIGCONT).
func (p *Process) Resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

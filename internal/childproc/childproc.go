// Package childproc runs servers as child processes: each is tied to this
// process and dies with it, however that ends, and the end of its log explains
// why it failed.
package childproc

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Process is a child process that was started. Its methods are safe for
// concurrent use.
type Process struct {
	cmd *exec.Cmd
	// done is closed when the process has ended; exit is set before.
	done chan struct{}
	exit error
}

// Start starts the command so that it dies with this process. A process group
// of its own keeps a Ctrl-C in the terminal from it: its parent stops it in
// order.
func Start(cmd *exec.Cmd) (*Process, error) {
	cmd.SysProcAttr = attributes()
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	// Linux ties a child to the thread that started it, not to the process,
	// and the runtime ends threads as it likes; so the goroutine that starts
	// it keeps its thread to itself until the child is gone.
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.exit = waitTied(cmd)
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Run runs the command, tied like one of [Start], until it has ended, and
// returns how it did. When ctx is done first, the child is killed and the
// error is that of ctx.
func Run(ctx context.Context, cmd *exec.Cmd) error {
	p, err := Start(cmd)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
		return p.exit
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.Kill())
	}
}

// Done is closed when the process has ended, for whatever reason.
func (p *Process) Done() <-chan struct{} {
	return p.done
}

// Err says how the process ended, as [exec.Cmd.Wait] does: nil for the exit
// status 0, and while it runs.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.exit
	default:
		return nil
	}
}

// Stop asks the process to end and waits until it has. When ctx is done first,
// the process is killed, and the error wraps that of ctx. Stopping a process
// that has ended returns nil.
func (p *Process) Stop(ctx context.Context) error {
	// A signal to a process that has just ended is of no consequence.
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.Kill())
	}
}

// Kill ends the process at once, as a crash would, and waits for it.
func (p *Process) Kill() error {
	err := p.cmd.Process.Kill()
	<-p.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

package tour

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// logShown is how much of a child's log an error shows.
const logShown = 2000

// process is a child process that runs the binary.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error // Set when done is closed.
}

// startProcess starts the binary with its output appended to a log file. The
// child dies with this process, however that ends.
func startProcess(binary, log string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %v: %w", args, err)
	}
	defer out.Close() // The child has its own.
	p := &process{cmd: exec.Command(binary, args...), log: log, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Env = environ()
	p.cmd.SysProcAttr = tied()
	started := make(chan error, 1)
	go func() {
		// The kernel ends the child with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := p.cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s %v: %w", binary, args, err)
	}
	return p, nil
}

// environ is this process's environment without what would win over the
// configuration file.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TELLTALE_") })
}

// kill ends the process as kill -9 does, and waits for it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // One that has ended is what was wanted.
	<-p.done
}

// stop asks the process to end and reports how it did. One that does not within
// the time given is killed.
func (p *process) stop(limit time.Duration) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.outcome()
	case <-time.After(limit):
		p.kill()
		return errors.Join(fmt.Errorf("%v did not stop within %s and was killed", p.cmd.Args[1:], limit), p.outcome())
	}
}

// outcome is an error with the end of the log where the process has ended and
// not in good order.
func (p *process) outcome() error {
	select {
	case <-p.done:
	default:
		return nil
	}
	if p.err == nil {
		return nil
	}
	return fmt.Errorf("%v: %w; the end of its log:\n%s", p.cmd.Args[1:], p.err, p.tail())
}

func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-logShown):])
}

// await polls until ready says so. It ends early when the process does.
func (p *process) await(ctx context.Context, ready func(context.Context) bool) error {
	for !ready(ctx) {
		select {
		case <-p.done:
			return errors.Join(fmt.Errorf("%v ended before it was ready", p.cmd.Args[1:]), p.outcome())
		case <-ctx.Done():
			return fmt.Errorf("wait for %v: %w; the end of its log:\n%s", p.cmd.Args[1:], context.Cause(ctx), p.tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

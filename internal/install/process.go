package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"telltale/internal/childproc"
)

// pollInterval is how often a starting process is asked whether it is ready.
const pollInterval = 20 * time.Millisecond

// Process is a command of the binary, running as a child. Its methods are safe
// for concurrent use.
type Process struct {
	*childproc.Process
	args     []string
	log      string
	logStart int64
}

// Start starts a command with the configuration, and its output appended to
// <name>.log in the directory. The child dies with this process, however that
// ends.
func (i *Install) Start(name string, args ...string) (*Process, error) {
	p := &Process{args: args, log: filepath.Join(i.Dir, name+".log")}
	p.logStart = childproc.LogSize(p.log)
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of telltale %v: %w", args, err)
	}
	defer out.Close() // The child has its own.
	cmd := i.Command(args...)
	cmd.Stdout, cmd.Stderr = out, out
	if p.Process, err = childproc.Start(cmd); err != nil {
		return nil, fmt.Errorf("start %s %v: %w", i.Binary, args, err)
	}
	return p, nil
}

// Command makes a command of the binary with the configuration, not started, for
// whoever runs it in another way than [Install.Start].
func (i *Install) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(i.Binary, slices.Concat(args, []string{"--config", i.file})...)
	cmd.Env = environ()
	return cmd
}

// environ is this process's environment without what would win over the
// configuration file.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TELLTALE_") })
}

// Stop asks the process to end and reports how it did, with the end of its log
// where that was not well. One that has not ended when ctx has is killed.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.Process.Stop(ctx); err != nil {
		return fmt.Errorf("stop telltale %v: %w; it was killed", p.args, err)
	}
	return p.Outcome()
}

// Outcome is an error with the end of the log where the process has ended and
// not in good order.
func (p *Process) Outcome() error {
	if err := p.Err(); err != nil {
		return errors.Join(fmt.Errorf("telltale %v: %w", p.args, err), p.tail())
	}
	return nil
}

// Alive is an error where the process has ended, in whatever order.
func (p *Process) Alive() error {
	select {
	case <-p.Done():
		return errors.Join(fmt.Errorf("telltale %v has ended by itself", p.args), p.Outcome())
	default:
		return nil
	}
}

// Await polls until ready says so. It fails early where the process ends.
func (p *Process) Await(ctx context.Context, ready func(context.Context) bool) error {
	for !ready(ctx) {
		if err := p.Alive(); err != nil {
			return err
		}
		select {
		case <-p.Done():
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for telltale %v: %w", p.args, context.Cause(ctx)), p.tail())
		case <-time.After(pollInterval):
		}
	}
	return nil
}

func (p *Process) tail() error { return childproc.LogTail(p.log, p.logStart) }

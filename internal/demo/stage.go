package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"telltale/internal/childproc"
	"telltale/internal/demo/feed"
	"telltale/internal/ops"
)

const (
	// A stage that ended is started again after a pause: one that can be seen,
	// and longer each time when it ends again at once.
	firstPause = 1500 * time.Millisecond
	lastPause  = 12 * time.Second
	// steadyAfter is how long a stage must have run for its next end to count as
	// the first.
	steadyAfter = 20 * time.Second
	// probeEvery is how often a stage is asked whether it is ready.
	probeEvery = 100 * time.Millisecond
)

var errNotRunning = errors.New("it is not running now; it is started again by itself")

// stageOptions say what a stage is.
type stageOptions struct {
	// Name is shown to people.
	Name string
	// Command makes the process that serves its health on the address.
	Command func(opsAddr string) *exec.Cmd
	// Log gets what the process logs, each line after the stage's name.
	Log io.Writer
	// Board shows the stage, Health gets why it is not ready.
	Board  *board
	Health *ops.Health
}

// stage is a part of the pipeline that runs as a process of its own. It is
// started again whenever it ends. Its methods are safe for concurrent use.
type stage struct {
	stageOptions
	cancel context.CancelFunc
	done   chan struct{}
	err    error // Set when done is closed.
	// ready is closed when the stage is for the first time, and ended when it
	// ends for the first time; firstEnd says how.
	ready, ended chan struct{}
	firstEnd     error
	limit        time.Duration // Of the stop, set before cancel.

	mu      sync.Mutex
	process *childproc.Process // Nil while none runs.
	addr    string             // Of its health and metrics.
}

// startStage starts the stage, which runs until it is stopped.
func startStage(o stageOptions) *stage {
	ctx, cancel := context.WithCancel(context.Background())
	s := &stage{
		stageOptions: o, cancel: cancel, done: make(chan struct{}),
		ready: make(chan struct{}), ended: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		s.err = s.run(ctx)
	}()
	return s
}

// run keeps a process running until ctx ends, and returns what went wrong then.
func (s *stage) run(ctx context.Context) error {
	pause := firstPause
	for first := true; ; first = false {
		if !first {
			s.Board.update(s.Name, func(p *feed.Part) { p.Restarts++ })
		}
		began := time.Now()
		err := s.once(ctx)
		if ctx.Err() != nil {
			s.Board.set(s.Name, stopped, "")
			return err
		}
		if first {
			s.firstEnd = err
			close(s.ended)
		}
		if time.Since(began) > steadyAfter {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			s.Board.set(s.Name, stopped, "")
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// once runs one process to its end and shows how it ended. When ctx ends it
// stops the process in order.
func (s *stage) once(ctx context.Context) error {
	tail := &tail{name: s.Name, out: s.Log}
	defer tail.flush()
	p, addr, err := s.start(ctx, tail)
	if err != nil {
		s.show(failed, err.Error())
		return err
	}
	defer s.forget()
	s.watch(ctx, p, addr)
	select {
	case <-p.Done():
		return s.outcome(p, tail)
	default:
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limit)
	defer cancel()
	if err := p.Stop(stop); err != nil {
		return fmt.Errorf("%s: it did not stop within %s and was killed", s.Name, s.limit)
	}
	// One that had not come so far as to take the signal in order had nothing to end
	// either.
	if err := p.Err(); err != nil && endedBy(err) != syscall.SIGTERM {
		return fmt.Errorf("%s: %w: %s", s.Name, err, tail.reason())
	}
	return nil
}

// endedBy is the signal that ended a process, or 0 where none did.
func endedBy(err error) syscall.Signal {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return status.Signal()
		}
	}
	return 0
}

// start starts a process that serves its health on a port that is free now.
func (s *stage) start(ctx context.Context, log io.Writer) (*childproc.Process, string, error) {
	port, err := childproc.FreePort(ctx, 0)
	if err != nil {
		return nil, "", fmt.Errorf("%s: find a port for its health: %w", s.Name, err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	cmd := s.Command(addr)
	cmd.Stdout, cmd.Stderr = log, log
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := childproc.Start(cmd)
	if err != nil {
		return nil, "", fmt.Errorf("start %s: %w", s.Name, err)
	}
	s.process, s.addr = p, addr
	s.Board.update(s.Name, func(part *feed.Part) {
		part.State, part.Reason, part.PID = starting, "", cmd.Process.Pid
	})
	return p, addr, nil
}

// forget notes that the process has ended.
func (s *stage) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process, s.addr = nil, ""
	s.Board.update(s.Name, func(p *feed.Part) { p.PID = 0 })
}

// outcome shows how a process ended that nobody asked to.
func (s *stage) outcome(p *childproc.Process, tail *tail) error {
	if signal := endedBy(p.Err()); signal != 0 {
		err := fmt.Errorf("ended by a signal: %s", signal)
		s.show(killed, err.Error())
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	reason := tail.reason()
	if reason == "" {
		reason = "it ended by itself"
	}
	s.show(failed, reason)
	return fmt.Errorf("%s: %s", s.Name, reason)
}

func (s *stage) show(state, reason string) {
	s.Board.set(s.Name, state, reason)
	s.Health.Set(s.Name, fmt.Errorf("%s: %s", state, reason))
}

// watch shows how the process does until it ends or ctx does.
func (s *stage) watch(ctx context.Context, p *childproc.Process, addr string) {
	probe := newProbe(addr)
	defer probe.close()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for seen := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-p.Done():
			return
		case <-tick.C:
		}
		reasons, err := probe.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && len(reasons) == 0:
			s.Board.set(s.Name, running, "")
			s.Health.Set(s.Name, nil)
			if !seen && !closed(s.ready) {
				close(s.ready)
			}
			seen = true
		case err == nil && seen:
			s.show(waiting, lines(reasons))
		case err == nil:
			s.show(starting, lines(reasons))
		case seen:
			s.show(waiting, "it does not answer")
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// await waits until the stage is ready for the first time. One that ends before,
// or ctx, makes it fail.
func (s *stage) await(ctx context.Context) error {
	select {
	case <-s.ready:
		return nil
	case <-s.ended:
		return s.firstEnd
	case <-ctx.Done():
		return fmt.Errorf("wait for %s: %w", s.Name, context.Cause(ctx))
	}
}

// kill ends the process at once, as kill -9 does.
func (s *stage) kill() error {
	s.mu.Lock()
	p := s.process
	s.mu.Unlock()
	if p == nil {
		return fmt.Errorf("kill %s: %w", s.Name, errNotRunning)
	}
	return p.Kill()
}

// stop asks the stage to end and waits for it. After the time given the process
// is killed.
func (s *stage) stop(limit time.Duration) error {
	s.limit = limit
	s.cancel()
	<-s.done
	return s.err
}

// lines shows reasons in the order of their parts.
func lines(reasons map[string]string) string {
	var list []string
	for _, part := range sortedKeys(reasons) {
		list = append(list, part+": "+reasons[part])
	}
	return strings.Join(list, "; ")
}

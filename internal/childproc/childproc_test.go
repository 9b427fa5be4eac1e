package childproc

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestProcessEnds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		script string
		end    func(context.Context, *Process) error
		want   string // How it ended; empty: well.
	}{
		{name: "by itself", script: "exit 0", end: awaitEnd},
		{name: "with a status", script: "exit 3", end: awaitEnd, want: "exit status 3"},
		{name: "killed", script: "exec sleep 60", end: func(_ context.Context, p *Process) error { return p.Kill() }, want: "signal: killed"},
		{name: "stopped", script: "exec sleep 60", end: stop, want: "signal: terminated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := Start(exec.Command("/bin/sh", "-c", tt.script))
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.end(t.Context(), p); err != nil {
				t.Errorf("end it: %v", err)
			}
			select {
			case <-p.Done():
			default:
				t.Error("Done is open after the process has ended")
			}
			got := ""
			if err := p.Err(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got it ended by %q, want %q", got, tt.want)
			}
			if err := errors.Join(p.Kill(), p.Stop(t.Context())); err != nil {
				t.Errorf("end it again: %v", err)
			}
		})
	}
}

func awaitEnd(ctx context.Context, p *Process) error {
	select {
	case <-p.Done():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func stop(ctx context.Context, p *Process) error { return p.Stop(ctx) }

func TestStopKillsTheDeaf(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", `trap "" TERM; echo deaf; while :; do sleep 0.05; done`)
	cmd.Stdout = w
	p, err := Start(cmd)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := p.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
	if err := p.Err(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("got it ended by %v, want it killed", err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	if err := Run(t.Context(), exec.Command("/bin/sh", "-c", "exit 4")); err == nil || err.Error() != "exit status 4" {
		t.Errorf("got %v, want the exit status", err)
	}
	if err := Run(t.Context(), exec.Command("/no/such/program")); err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("got %v, want the program named", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Run(ctx, exec.Command("sleep", "60")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestFreePort(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port
	if _, err := FreePort(t.Context(), taken); !errors.Is(err, syscall.EADDRINUSE) || !PortTaken(t.Context(), taken) {
		t.Errorf("a taken port: got %v, want EADDRINUSE", err)
	}
	port, err := FreePort(t.Context(), 0)
	if err != nil || port == 0 || port == taken {
		t.Errorf("got port %d, %v, want a free one", port, err)
	}
}

// TestOnPorts has somebody take a port between its choice and the start.
func TestOnPorts(t *testing.T) {
	t.Parallel()
	var held []net.Listener
	t.Cleanup(func() {
		for _, l := range held {
			l.Close()
		}
	})
	hold := func(port int) {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, l)
	}
	failed := errors.New("no start")
	var tried [][]int
	err := OnPorts(t.Context(), []int{0, 0}, func(ports []int) error {
		tried = append(tried, ports)
		if len(tried) < 3 {
			hold(ports[1])
			return failed
		}
		return nil
	})
	if err != nil || len(tried) != 3 || tried[2][0] == tried[2][1] || tried[2][1] == tried[1][1] {
		t.Errorf("got %v after %v, want a third try on two other ports", err, tried)
	}

	calls := 0
	if err := OnPorts(t.Context(), []int{0}, func([]int) error { calls++; return failed }); !errors.Is(err, failed) || calls != 1 {
		t.Errorf("a failure for another reason: got %v after %d calls, want it after one", err, calls)
	}
	hold(0)
	wanted := held[len(held)-1].Addr().(*net.TCPAddr).Port
	if err := OnPorts(t.Context(), []int{wanted}, func([]int) error { return nil }); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a wanted port that is taken: got %v, want EADDRINUSE", err)
	}
}

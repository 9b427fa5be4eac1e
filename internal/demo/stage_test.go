package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"telltale/internal/demo/feed"
	"telltale/internal/ops"
)

// The environment that makes the test's own binary play a stage.
const (
	actEnv  = "DEMO_TEST_ACT"
	addrEnv = "DEMO_TEST_ADDR"
)

// The parts that it can play.
const (
	actReady    = "ready"    // It is ready and stops when asked.
	actWaits    = "waits"    // It is ready for one look, and then waits for MySQL.
	actFails    = "fails"    // It says why and ends.
	actStubborn = "stubborn" // It does not stop when asked.
	actBegins   = "begins"   // It has not come so far as to take signals.
)

// act plays a stage and ends the process.
func act(part, addr string) {
	if part == actBegins {
		time.Sleep(time.Hour)
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	if part == actFails {
		fmt.Fprintln(os.Stderr, "level=INFO msg=started")
		fmt.Fprint(os.Stderr, "telltale: the disk is full\n  mend: make room")
		os.Exit(1)
	}
	health := ops.NewHealth()
	answer := ops.Handler(prometheus.NewRegistry(), health)
	var once sync.Once
	http.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		answer.ServeHTTP(w, r)
		once.Do(func() {
			if part == actWaits {
				health.Set("mysql", errors.New("refused"))
			}
		})
	})
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "telltale:", err)
		os.Exit(1)
	}
	go func() { _ = http.Serve(listener, nil) }()
	<-asked
	if part == actStubborn {
		select {}
	}
	os.Exit(0)
}

// played is a stage that plays a part, and what is shown of it.
type played struct {
	*stage
	log    *feed.Log
	health *ops.Health
}

// play starts a stage, whose part is asked for at each start.
func play(t *testing.T, part func() string) *played {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &played{log: feed.NewLog(feed.LogOptions{}), health: ops.NewHealth()}
	b := &board{log: p.log}
	b.add("stage", feed.PartStage, starting)
	p.stage = startStage(stageOptions{
		Name: "stage", Log: t.Output(), Board: b, Health: p.health,
		Command: func(addr string) *exec.Cmd {
			cmd := exec.Command(binary)
			cmd.Env = append(os.Environ(), actEnv+"="+part(), addrEnv+"="+addr)
			return cmd
		},
	})
	t.Cleanup(func() { _ = p.stop(time.Second) })
	return p
}

func always(part string) func() string { return func() string { return part } }

// await waits until the stage is shown in a state, and returns how.
func (p *played) await(t *testing.T, state string) feed.Part {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		items, more := p.log.Since(0)
		for _, it := range items {
			if s, ok := it.Data.(feed.Status); ok && s.Parts[0].State == state {
				return s.Parts[0]
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			t.Fatalf("waited for the state %s: the page shows %+v", state, items)
		}
	}
}

func TestStageIsStartedAgain(t *testing.T) {
	t.Parallel()
	p := play(t, always(actReady))
	if err := p.stage.await(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := p.await(t, running)
	if first.PID == 0 || first.Restarts != 0 || len(p.health.Reasons()) != 0 {
		t.Errorf("running: got %+v, not ready because of %v", first, p.health.Reasons())
	}
	if err := p.kill(); err != nil {
		t.Fatal(err)
	}
	dead := p.await(t, killed)
	if !strings.Contains(dead.Reason, "killed") || p.health.Reasons()["stage"] == "" {
		t.Errorf("killed: got %+v and reasons %v", dead, p.health.Reasons())
	}
	again := p.await(t, running)
	if again.PID == first.PID || again.Restarts != 1 || again.Reason != "" {
		t.Errorf("running again: got %+v, first was %+v", again, first)
	}
	if err := p.stop(time.Minute); err != nil {
		t.Error(err)
	}
	if end := p.await(t, stopped); end.PID != 0 {
		t.Errorf("stopped: got %+v, want no process", end)
	}
	if err := p.kill(); !errors.Is(err, errNotRunning) {
		t.Errorf("kill what does not run: got error %v", err)
	}
}

func TestStageThatFailsIsStartedAgain(t *testing.T) {
	t.Parallel()
	var starts int
	p := play(t, func() string {
		if starts++; starts == 1 {
			return actFails
		}
		return actReady
	})
	const reason = "the disk is full\n  mend: make room"
	if err := p.stage.await(t.Context()); err == nil || err.Error() != "stage: "+reason {
		t.Errorf("the first end: got error %v, want %q", err, reason)
	}
	if got := p.await(t, failed); got.Reason != reason {
		t.Errorf("got %+v, want the reason %q", got, reason)
	}
	if got := p.await(t, running); got.Restarts != 1 {
		t.Errorf("got %+v, want one restart", got)
	}
}

func TestStageShowsWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	p := play(t, always(actWaits))
	if got := p.await(t, waiting); got.Reason != "mysql: refused" {
		t.Errorf("got %+v, want the reason that the stage gives", got)
	}
}

func TestStageThatDoesNotStopIsKilled(t *testing.T) {
	t.Parallel()
	p := play(t, always(actStubborn))
	p.await(t, running)
	if err := p.stop(10 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "stage: it did not stop within 10ms and was killed") {
		t.Errorf("got error %v", err)
	}
}

func TestStageIsStoppedWhileItBegins(t *testing.T) {
	t.Parallel()
	p := play(t, always(actBegins))
	p.await(t, starting)
	if err := p.stop(time.Minute); err != nil {
		t.Errorf("got error %v", err)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, written, handedOn, reason string }{
		{"nothing", "", "", ""},
		{"the last line", "a\nb\n", "s: a\ns: b\n", "b"},
		{"an error of several lines", "telltale: old\na\ntelltale: new\n  mend: it", "s: telltale: old\ns: a\ns: telltale: new\ns:   mend: it\n", "new\n  mend: it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			tail := &tail{name: "s", out: &out}
			for i := range len(tt.written) { // Lines arrive in pieces.
				if _, err := tail.Write([]byte{tt.written[i]}); err != nil {
					t.Fatal(err)
				}
			}
			if got := tail.reason(); got != tt.reason {
				t.Errorf("reason: got %q, want %q", got, tt.reason)
			}
			if out.String() != tt.handedOn {
				t.Errorf("handed on: got %q, want %q", out.String(), tt.handedOn)
			}
		})
	}
}

package bounds

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"telltale/internal/binarytest"
)

// patience is how long a test waits for what must happen.
const patience = 15 * time.Minute

// reader is `telltale binlog` in a process of its own.
type reader struct {
	cmd   *exec.Cmd
	ended chan error
	ops   string
	log   string
}

// startReader starts the binary and waits until it is ready. environ sets keys by
// their names as environment variables without the prefix.
func startReader(t testing.TB, binary string, environ map[string]string) *reader {
	t.Helper()
	r := &reader{ops: binarytest.FreeAddr(t), log: filepath.Join(t.TempDir(), "reader.log"), ended: make(chan error, 1)}
	out, err := os.Create(r.log)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() // The child has its own.
	r.cmd = exec.Command(binary, "binlog", "--ops-listen="+r.ops)
	r.cmd.Dir = t.TempDir()
	r.cmd.Env = os.Environ()
	for k, v := range environ {
		r.cmd.Env = append(r.cmd.Env, "TELLTALE_"+k+"="+v)
	}
	r.cmd.Stdout, r.cmd.Stderr = out, out
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.ended <- r.cmd.Wait() }()
	t.Cleanup(func() { r.stop(t) })
	r.await(t, "ready", func() bool { code, _ := r.get(t, "/readyz"); return code == http.StatusOK })
	return r
}

// stop ends the reader in good order.
func (r *reader) stop(t testing.TB) {
	t.Helper()
	if r.cmd == nil {
		return
	}
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Logf("end the reader: %v", err)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("the reader ended: %v", err)
	}
	r.cmd = nil
	if t.Failed() {
		text, _ := os.ReadFile(r.log) // Without it the failure stands for itself.
		t.Logf("the reader's log ends:\n%s", text[max(0, len(text)-4096):])
	}
}

// await polls until done and fails where that takes too long or the reader ends.
func (r *reader) await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-r.ended:
			r.ended <- err
			t.Fatalf("the reader ended: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			_, why := r.get(t, "/readyz")
			t.Fatalf("the reader is not %s: %s", what, why)
		}
	}
}

// rows is how many row changes the reader has committed to Kafka.
func (r *reader) rows(t testing.TB) int {
	t.Helper()
	_, text := r.get(t, "/metrics")
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, "telltale_binlog_rows_total "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return int(n)
		}
	}
	t.Fatal("the reader has no metric telltale_binlog_rows_total")
	return 0
}

func (r *reader) get(t testing.TB, path string) (status int, body string) {
	t.Helper()
	return binarytest.Get(t, "http://"+r.ops+path)
}

// resetPeak makes the kernel measure the peak from now on.
func (r *reader) resetPeak(t testing.TB) {
	t.Helper()
	if err := os.WriteFile(r.proc("clear_refs"), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// peak is the most memory that the process has had resident, in bytes.
func (r *reader) peak(t testing.TB) int {
	t.Helper()
	status, err := os.Open(r.proc("status"))
	if err != nil {
		t.Fatal(err)
	}
	defer status.Close()
	lines := bufio.NewScanner(status)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			var kib int
			if _, err := fmt.Sscanf(value, "%d kB", &kib); err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatalf("%s has no VmHWM: %v", status.Name(), lines.Err())
	return 0
}

func (r *reader) proc(file string) string { return fmt.Sprintf("/proc/%d/%s", r.cmd.Process.Pid, file) }

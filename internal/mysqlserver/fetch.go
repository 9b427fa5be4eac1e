package mysqlserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// fetchStopTimeout is how long the fetching script may take to clean up.
const fetchStopTimeout = 5 * time.Second

// fetch runs the script that unpacks a server into dir. Its error holds what
// the script said last, which is what to do instead.
func (p product) fetch(ctx context.Context, dir string, progress func(string)) error {
	bash, err := exec.LookPath("bash")
	if err != nil {
		return fmt.Errorf("no %s server was found, and fetching one needs bash (or set %s): %w", p.name, p.env, err)
	}
	cmd := exec.CommandContext(ctx, bash, "-s", "--", dir)
	cmd.Stdin = strings.NewReader(p.script())
	// The whole group gets the signal: bash cleans up only after the program
	// that it waits for has ended.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = fetchStopTimeout
	var kept tail
	lines := &lineWriter{line: progress}
	cmd.Stderr = io.MultiWriter(&kept, lines)
	err = cmd.Run()
	lines.flush()
	if err != nil {
		return errors.Join(fmt.Errorf("fetch a %s server into %s: %w", p.name, dir, err), kept.err())
	}
	return nil
}

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

	"telltale/scripts"
)

// fetchStopTimeout is how long the fetching script may take to clean up.
const fetchStopTimeout = 5 * time.Second

// fetch runs the script that unpacks a server into dir. Its error holds what
// the script said last, which is what to do instead.
func fetch(ctx context.Context, dir string, progress func(string)) error {
	bash, err := exec.LookPath("bash")
	if err != nil {
		return fmt.Errorf("no MySQL server was found, and fetching one needs bash (or set %s): %w", EnvBinary, err)
	}
	cmd := exec.CommandContext(ctx, bash, "-s", "--", dir)
	cmd.Stdin = strings.NewReader(scripts.FetchMySQL)
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
		return errors.Join(fmt.Errorf("fetch a MySQL server into %s: %w", dir, err), kept.err())
	}
	return nil
}

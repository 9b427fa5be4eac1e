package mysqlserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"telltale/internal/childproc"
	"telltale/internal/dirlock"
)

// Files in the data directory, named relative to it: the path of a socket may
// have only about a hundred bytes, and the directory may have more.
const (
	socketName = "mysqld.sock"
	pidName    = "mysqld.pid"
)

func dataDir(dir string) string { return filepath.Join(dir, "data") }
func logPath(dir string) string { return filepath.Join(dir, "mysqld.log") }

// initialise makes the data directory where there is none. It is made under
// another name and renamed, so that one that exists is whole.
func initialise(ctx context.Context, o Options, lock *dirlock.Lock) error {
	data := dataDir(o.Dir)
	if _, err := os.Stat(data); err == nil {
		return nil
	}
	o.Progress("initialising a MySQL data directory")
	unfinished := data + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished data directory: %w", err)
	}
	logStart := childproc.LogSize(logPath(o.Dir))
	cmd := command(o, initialiseArgs(o, unfinished), lock.File())
	if err := childproc.Run(ctx, cmd); err != nil {
		return errors.Join(
			fmt.Errorf("initialise a MySQL %s data directory in %s: %w", o.Binary.Version, o.Dir, err),
			childproc.LogTail(logPath(o.Dir), logStart),
		)
	}
	if err := os.Rename(unfinished, data); err != nil {
		return fmt.Errorf("finish the data directory: %w", err)
	}
	return nil
}

// command makes a command that keeps the directory's lock and leaves the
// server's output to its log.
func command(o Options, args []string, lock *os.File) *exec.Cmd {
	cmd := exec.Command(o.Binary.Path, args...)
	cmd.Dir = o.Dir
	cmd.ExtraFiles = []*os.File{lock}
	return cmd
}

// initialiseArgs makes what both servers of one data directory have to agree
// on the same. No binlog is written, so that its GTIDs begin with the user's.
func initialiseArgs(o Options, data string) []string {
	return append(commonArgs(o, data), "--initialize-insecure", "--skip-log-bin")
}

// commonArgs are first in every command line: --no-defaults has to be, so
// that the machine's configuration of another server is not read.
func commonArgs(o Options, data string) []string {
	args := []string{
		"--no-defaults",
		"--datadir=" + data,
		"--log-error=" + logPath(o.Dir),
		"--innodb-buffer-pool-size=64M",
		"--loose-innodb-redo-log-capacity=64M",
		"--performance-schema=OFF",
		"--secure-file-priv=NULL",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	return args
}

// serverArgs are the command line of the server.
func serverArgs(o Options, port int) []string {
	args := append(
		commonArgs(o, dataDir(o.Dir)),
		"--bind-address=127.0.0.1",
		"--port="+strconv.Itoa(port),
		"--socket="+socketName,
		"--pid-file="+pidName,
		"--loose-mysqlx=OFF",
		"--server-id=1",
		"--log-bin=binlog",
		"--gtid-mode=ON",
		"--enforce-gtid-consistency=ON",
		"--binlog-row-image=FULL",
		"--binlog-row-metadata=FULL",
		"--binlog-rows-query-log-events=ON",
		"--character-set-server=utf8mb4",
	)
	for _, setting := range o.Settings {
		args = append(args, "--"+strings.TrimLeft(setting, "-"))
	}
	return args
}

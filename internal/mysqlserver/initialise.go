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

// tempDir is a server's own: MariaDB, when it starts, removes from its directory
// for temporary tables what it takes for leftovers, those of a server beside it
// among them, which then ends.
func tempDir(dir string) string { return filepath.Join(dir, "tmp") }

// initialise makes the data directory where there is none. It is made under
// another name and renamed, so that one that exists is whole.
func initialise(ctx context.Context, o Options, lock *dirlock.Lock) error {
	if err := os.MkdirAll(tempDir(o.Dir), 0o700); err != nil {
		return fmt.Errorf("make the server's directory for temporary tables: %w", err)
	}
	data := dataDir(o.Dir)
	if _, err := os.Stat(data); err == nil {
		return nil
	}
	o.Progress(fmt.Sprintf("initialising a %s data directory", o.product.name))
	unfinished := data + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished data directory: %w", err)
	}
	logStart := childproc.LogSize(logPath(o.Dir))
	// No binlog is written, so that its GTIDs begin with the user's.
	cmd := command(o, append(commonArgs(o, unfinished), "--skip-log-bin"), lock.File())
	prepare := prepareMySQL
	if o.Binary.Flavor == MariaDB {
		prepare = prepareMariaDB
	}
	err := prepare(ctx, cmd, unfinished)
	if err == nil {
		err = childproc.Run(ctx, cmd)
	}
	if err != nil {
		return errors.Join(
			fmt.Errorf("initialise a %s %s data directory in %s: %w", o.product.name, o.Binary.Version, o.Dir, err),
			childproc.LogTail(logPath(o.Dir), logStart),
		)
	}
	if err := os.Rename(unfinished, data); err != nil {
		return fmt.Errorf("finish the data directory: %w", err)
	}
	return nil
}

// prepareMySQL lets the server make its data directory itself.
func prepareMySQL(_ context.Context, cmd *exec.Cmd, _ string) error {
	cmd.Args = append(cmd.Args, "--initialize-insecure")
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

// commonArgs are first in every command line: --no-defaults has to be, so
// that the machine's configuration of another server is not read.
func commonArgs(o Options, data string) []string {
	args := []string{
		"--no-defaults",
		"--datadir=" + data,
		"--tmpdir=" + tempDir(o.Dir),
		"--log-error=" + logPath(o.Dir),
		"--innodb-buffer-pool-size=64M",
		"--performance-schema=OFF",
	}
	if o.Binary.Flavor == MariaDB {
		args = append(args, "--innodb-log-file-size=16M")
	} else {
		args = append(args, "--loose-innodb-redo-log-capacity=64M", "--secure-file-priv=NULL")
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
		"--server-id=1",
		"--log-bin=binlog",
		"--binlog-format=ROW",
		"--binlog-row-image=FULL",
		"--binlog-row-metadata=FULL",
		"--character-set-server=utf8mb4",
	)
	if o.Binary.Flavor == MariaDB {
		args = append(args, "--gtid-strict-mode=ON", "--binlog-annotate-row-events=ON", "--sync-binlog=1")
	} else {
		args = append(args, "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--binlog-rows-query-log-events=ON", "--loose-mysqlx=OFF")
	}
	for _, setting := range o.Settings {
		args = append(args, "--"+strings.TrimLeft(setting, "-"))
	}
	return args
}

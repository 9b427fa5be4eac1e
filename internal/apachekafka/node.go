package apachekafka

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"telltale/internal/childproc"
	"telltale/internal/dirlock"
)

// lockTimeout is how long a predecessor that was just killed, with the process
// that started it, may take to end.
const lockTimeout = 10 * time.Second

// Options of the two virtual machines. The formatter lives for a second, too
// short for the better compiler to pay.
var (
	serverJVM = []string{"-Xmx512m", "-XX:+UseSerialGC"}
	formatJVM = []string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"}
)

// logging keeps the list of all settings, hundreds of lines a start, out of
// the log.
var logging = []string{
	"-Dorg.slf4j.simpleLogger.showDateTime=true",
	"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
	"-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
}

// node is a folder of a broker, locked, and what is run there.
type node struct {
	Options
	java string
	lock *dirlock.Lock
}

func (n *node) dataDir() string    { return filepath.Join(n.Dir, "data") }
func (n *node) logPath() string    { return filepath.Join(n.Dir, "kafka.log") }
func (n *node) configPath() string { return filepath.Join(n.Dir, "server.properties") }

func (n *node) openLog() (*os.File, error) {
	return os.OpenFile(n.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
}

// command makes a command that keeps the folder's lock and writes to its log.
func (n *node) command(log *os.File, jvm []string, class string, args ...string) *exec.Cmd {
	all := append(append([]string{}, jvm...), logging...)
	all = append(all, "-cp", filepath.Join(n.Jars, "*"), class)
	cmd := exec.Command(n.java, append(all, args...)...)
	cmd.Dir = n.Dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{n.lock.File()}
	return cmd
}

// format makes the data directory where there is none. It is made under
// another name and renamed, so that one that exists is whole.
func (n *node) format(ctx context.Context) error {
	if _, err := os.Stat(n.dataDir()); err == nil {
		return nil
	}
	n.Progress("formatting a Kafka data directory")
	unfinished := n.dataDir() + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished data directory: %w", err)
	}
	// The tool does not listen, yet wants to know the ports.
	if err := n.writeConfig(ports{broker: 1, controller: 2, secure: 3}, unfinished); err != nil {
		return fmt.Errorf("format a data directory: %w", err)
	}
	logStart := childproc.LogSize(n.logPath())
	log, err := n.openLog()
	if err != nil {
		return fmt.Errorf("format a data directory: %w", err)
	}
	defer log.Close()
	args := []string{"format", "--cluster-id", newClusterID(), "--config", n.configPath()}
	if n.Secure != nil {
		args = append(args, "--add-scram", fmt.Sprintf("SCRAM-SHA-512=[name=%s,password=%s]", n.Secure.User, n.Secure.Password))
	}
	cmd := n.command(log, formatJVM, "kafka.tools.StorageTool", args...)
	if err := childproc.Run(ctx, cmd); err != nil {
		return errors.Join(
			fmt.Errorf("format a Kafka data directory in %s: %w", n.Dir, err),
			childproc.LogTail(n.logPath(), logStart),
		)
	}
	if err := os.Rename(unfinished, n.dataDir()); err != nil {
		return fmt.Errorf("finish the data directory: %w", err)
	}
	return nil
}

// newClusterID is a UUID in the form that Kafka writes it. The first bit is
// off, for the tool takes a leading "-" for an option.
func newClusterID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // Never fails.
	id[0] &= 0x7f
	return base64.RawURLEncoding.EncodeToString(id)
}

// clusterID reads which cluster a data directory belongs to.
func clusterID(data string) (string, error) {
	path := filepath.Join(data, "meta.properties")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the cluster's id: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if id, ok := strings.CutPrefix(line, "cluster.id="); ok {
			return strings.TrimSpace(id), nil
		}
	}
	return "", fmt.Errorf("read the cluster's id: %s has none", path)
}

package deploy_test

import (
	"bytes"
	"context"
	"database/sql"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"

	"telltale/internal/binarytest"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
	"telltale/internal/smtpserver"
)

// stopWithin is how long Docker waits for a container to stop before it kills it.
const stopWithin = 10 * time.Second

// adverse are settings that a server may well have and that the reader does not
// accept. Those of docker-compose.yml come after them.
var adverse = []string{
	"skip-log-bin", "binlog-format=STATEMENT", "gtid-mode=OFF", "enforce-gtid-consistency=OFF", "binlog-row-image=MINIMAL",
	"binlog-row-metadata=MINIMAL", "binlog-rows-query-log-events=OFF",
}

// world is what the services of docker-compose.yml meet on this machine.
type world struct {
	project *types.Project
	mysql   *mysqlserver.Server
	smtp    *smtpserver.Server
	binary  string
	// dir stands for the working directory in the containers.
	dir string
	// place puts this machine's addresses where the file has the network's.
	place *strings.Replacer
	// ops is where each stage that was started serves metrics and health, and shop
	// where the shop serves its pages.
	ops  map[string]string
	shop string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	p := loadProject(t)
	mail, err := smtpserver.Start(smtpserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := mail.Close(); err != nil {
			t.Errorf("stop the mail server: %v", err)
		}
	})
	w := &world{
		project: p,
		mysql:   mysqltest.Start(t, append(adverse, p.Services["mysql"].Command...)...),
		smtp:    mail, binary: binarytest.Build(t), dir: t.TempDir(),
		ops: make(map[string]string),
	}
	w.place = strings.NewReplacer("mysql:3306", w.mysql.Addr(), "kafka:9092", kafkatest.Start(t).Brokers(), "mailpit:1025", mail.Addr())
	w.makeAccounts(t)
	w.mount(t, p.Services["translator"])
	return w
}

// makeAccounts runs what the MySQL image would on its first start.
func (w *world) makeAccounts(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", `docker_process_sql() { cat; }; . "$0"`, "mysql/accounts.sh")
	cmd.Env = append(variables(w.project.Services["mysql"]), "PATH=/usr/bin:/bin")
	cmd.Stderr = t.Output()
	statements, err := cmd.Output()
	if err != nil {
		t.Fatalf("mysql/accounts.sh: %v", err)
	}
	db, err := sql.Open("mysql", w.mysql.DSN("")+"?multiStatements=true")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), string(statements)); err != nil {
		t.Fatalf("%s\n%v", statements, err)
	}
}

// mount copies the files that a service mounts into its working directory.
func (w *world) mount(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	workdir := directives(t, "WORKDIR")
	for _, v := range s.Volumes {
		inside, err := filepath.Rel(workdir[len(workdir)-1], v.Target)
		if err != nil || !filepath.IsLocal(inside) {
			t.Fatalf("service %s mounts %s, which is not in its working directory", s.Name, v.Target)
		}
		w.copyIn(t, v.Source, filepath.Join(w.dir, inside))
	}
}

func (w *world) copyIn(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, inside)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, []byte(w.place.Replace(string(text))), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// command is what a service runs. It sees nothing of this process's environment.
func (w *world) command(s types.ServiceConfig) *exec.Cmd {
	cmd := exec.Command(w.binary, s.Command...)
	cmd.Dir, cmd.Env = w.dir, []string{}
	for _, v := range variables(s) {
		cmd.Env = append(cmd.Env, w.place.Replace(v))
	}
	return cmd
}

// start runs a service until the test is done. It must then stop in order, as
// quickly as Docker wants it to.
func (w *world) start(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	cmd := w.command(s)
	w.ops[s.Name] = binarytest.FreeAddr(t)
	cmd.Env = append(cmd.Env, "TELLTALE_OPS_LISTEN="+w.ops[s.Name]) // The last of two values wins.
	if s.Name == "crudapp" {
		w.shop = binarytest.FreeAddr(t)
		cmd.Env = append(cmd.Env, "TELLTALE_HTTP_LISTEN="+w.shop)
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", s.Name, err)
	}
	t.Cleanup(func() {
		limit, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), stopWithin)
		defer cancel()
		defer context.AfterFunc(limit, func() { _ = cmd.Process.Kill() })()
		_ = cmd.Process.Signal(syscall.SIGTERM) // One that has ended says so in Wait.
		if err := cmd.Wait(); err != nil {
			t.Errorf("stop %s: %v", s.Name, err)
		}
		if t.Failed() {
			t.Logf("%s wrote:\n%s", s.Name, log.Bytes())
		}
	})
}

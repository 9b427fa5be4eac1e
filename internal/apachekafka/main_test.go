package apachekafka_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/internal/apachekafka"
	"telltale/internal/apachekafka/apachekafkatest"
	"telltale/internal/dirlock"
)

// These make the test binary the parent of a broker: it starts one with the
// jars and in the directory that they name, prints its address, and waits to
// be killed.
const (
	envParentJars = "TELLTALE_TEST_PARENT_JARS"
	envParentDir  = "TELLTALE_TEST_PARENT_DIR"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envParentDir); dir != "" {
		fmt.Println(parent(os.Getenv(envParentJars), dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// parent returns only when something went wrong.
func parent(jars, dir string) error {
	server, err := apachekafka.Start(context.Background(), apachekafka.Options{Jars: jars, Dir: dir})
	if err != nil {
		return err
	}
	fmt.Println("listening " + server.Brokers())
	<-server.Done()
	return server.Err()
}

func TestBrokerDiesWithItsParent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envParentDir+"="+dir, envParentJars+"="+apachekafkatest.Jars(t))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	brokers, listening := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !listening {
		t.Fatalf("the parent says %q (%v), want its broker's address", line, err)
	}
	if _, err := dirlock.Acquire(t.Context(), dir, 0); !errors.Is(err, dirlock.ErrHeld) {
		t.Errorf("the directory of a running broker: got %v, want ErrHeld", err)
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	// The broker holds the lock as long as it lives.
	lock, err := dirlock.Acquire(t.Context(), dir, time.Minute)
	if err != nil {
		t.Fatalf("the broker outlived its parent: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", brokers); err == nil {
		t.Errorf("somebody still answers on %s", brokers)
	}
}

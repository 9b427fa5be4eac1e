package mysqlserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	osexec "os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/internal/dirlock"
	"telltale/internal/mysqlserver"
	"telltale/internal/mysqlserver/mysqltest"
)

// These make the test binary the parent of a server: it starts the program
// with the data directory that they name, prints the server's address, and
// waits to be killed.
const (
	envParentBinary = "TELLTALE_TEST_PARENT_BINARY"
	envParentDir    = "TELLTALE_TEST_PARENT_DIR"
	envParentFlavor = "TELLTALE_TEST_PARENT_FLAVOR"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envParentDir); dir != "" {
		fmt.Println(parent(os.Getenv(envParentBinary), dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// parent returns only when something went wrong.
func parent(binary, dir string) error {
	server, err := mysqlserver.Start(context.Background(), mysqlserver.Options{
		Binary: mysqlserver.Binary{Flavor: mysqlserver.Flavor(os.Getenv(envParentFlavor)), Path: binary},
		Dir:    dir,
	})
	if err != nil {
		return err
	}
	churnThreads()
	fmt.Println("listening " + server.Addr())
	<-server.Done()
	return server.Err()
}

// churnThreads makes the runtime end threads, as a locked goroutine that
// returns does. The server must not be tied to one of them.
func churnThreads() {
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			runtime.LockOSThread()
			time.Sleep(time.Millisecond)
		})
	}
	wg.Wait()
}

func TestServerDiesWithItsParent(t *testing.T) {
	t.Parallel()
	mysqltest.Each(t, testServerDiesWithItsParent)
}

func testServerDiesWithItsParent(t *testing.T, servers mysqltest.Servers) {
	dir := t.TempDir()
	if err := servers.StartIn(t, dir).Kill(); err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envParentDir+"="+dir,
		envParentFlavor+"="+string(servers.Flavor), envParentBinary+"="+servers.Binary(t).Path)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	addr, listening := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !listening {
		t.Fatalf("the parent says %q (%v), want its server's address", line, err)
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatalf("the server after threads have ended: %v", err)
	}
	conn.Close()
	if _, err := dirlock.Acquire(t.Context(), dir, 0); !errors.Is(err, dirlock.ErrHeld) {
		t.Errorf("the directory of a running server: got %v, want ErrHeld", err)
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	// The server holds the lock as long as it lives.
	lock, err := dirlock.Acquire(t.Context(), dir, time.Minute)
	if err != nil {
		t.Fatalf("the server outlived its parent: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Errorf("somebody still answers on %s", addr)
	}
	mysqltest.DB(t, servers.StartIn(t, dir), "after_the_crash")
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"telltale/internal/binarytest"
)

// child is telltale in a process of its own.
type child struct {
	*exec.Cmd
	stderr bytes.Buffer
	done   chan struct{}
}

func startChild(t *testing.T, environ []string, args ...string) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.CommandContext(t.Context(), self, args...), done: make(chan struct{})}
	c.Env = append(environ, asMain+"=1")
	c.Stderr = &c.stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.done)
		// How it ended is in ProcessState.
		_ = c.Wait()
	}()
	return c
}

// signal sends a signal and reports whether there was still a process to get it.
func (c *child) signal(t *testing.T, s os.Signal) bool {
	t.Helper()
	err := c.Process.Signal(s)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	return err == nil
}

// end waits for the process and returns how long that took.
func (c *child) end(t *testing.T) (*os.ProcessState, time.Duration) {
	t.Helper()
	began := time.Now()
	select {
	case <-c.done:
	case <-time.After(time.Minute):
		t.Fatal("the process does not end")
	}
	return c.ProcessState, time.Since(began)
}

// TestSignals ends the shop with a request under way, which holds up an orderly end.
func TestSignals(t *testing.T) {
	w := newWorld(t)
	w.exec(t, "CREATE USER shop IDENTIFIED BY '"+password+"'", "GRANT ALL ON shop.* TO shop")
	start := func(t *testing.T) *child {
		addr := binarytest.FreeAddr(t)
		c := startChild(t, []string{
			"TELLTALE_CRUDAPP_DSN=" + w.dsn("shop", "shop"), "TELLTALE_HTTP_LISTEN=" + addr, "TELLTALE_OPS_LISTEN=127.0.0.1:0",
		}, "crudapp")
		eventually(t, "the shop", func() (bool, string) {
			status, body := binarytest.Get(t, "http://"+addr+"/sign-in")
			return status == http.StatusOK, body
		})
		holdRequest(t, addr)
		return c
	}

	t.Run("one", func(t *testing.T) {
		c := start(t)
		c.signal(t, syscall.SIGTERM)
		state, took := c.end(t)
		if state.ExitCode() != exitOK || took > 20*time.Second {
			t.Errorf("ended with %v after %v, want status 0 within 20 s\n%s", state, took, c.stderr.String())
		}
	})
	t.Run("two", func(t *testing.T) {
		c := start(t)
		// The kernel merges signals that are not delivered yet, so two may be one.
		for began := time.Now(); c.signal(t, os.Interrupt) && time.Since(began) < 5*time.Second; {
			select {
			case <-c.done:
			case <-time.After(20 * time.Millisecond):
			}
		}
		state, took := c.end(t)
		status, ok := state.Sys().(syscall.WaitStatus)
		if !ok || status.Signal() != syscall.SIGINT || took > 5*time.Second {
			t.Errorf("ended with %v after %v, want SIGINT at once\n%s", state, took, c.stderr.String())
		}
	})
}

// holdRequest has the shop wait for the rest of a request. That it asks for it, by
// 100 Continue, shows that the request is under way.
func holdRequest(t *testing.T, addr string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /api/session HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n", addr)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("got %q, %v; want the shop to ask for the rest of the request", line, err)
	}
}

// Who stops a stage while it looks at what it depends on has done nothing wrong.
func TestStopDuringPreflight(t *testing.T) {
	t.Parallel()
	nobody := binarytest.FreeAddr(t)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for _, command := range []string{"binlog", "translator", "consumers", "run"} {
		var stderr bytes.Buffer
		w := env{stdout: &stderr, stderr: &stderr, environ: []string{
			"TELLTALE_SOURCE_NAME=shop", "TELLTALE_SOURCE_DSN=telltale@tcp(" + nobody + ")/", "TELLTALE_SOURCE_TABLES=shop.customers",
			"TELLTALE_KAFKA_BROKERS=" + nobody, "TELLTALE_TRANSLATOR_RULES=../../config/rules",
			"TELLTALE_CONSUMERS_DATABASE_DSN=consumers@tcp(" + nobody + ")/consumers",
			"TELLTALE_CONSUMERS_SMTP_ADDR=" + nobody, "TELLTALE_CONSUMERS_SMTP_FROM=shop@example.com",
		}}
		if got := execute(stopped, w, []string{command}); got != exitOK || stderr.Len() > 0 {
			t.Errorf("%s: got status %d and %q, want a quiet end", command, got, stderr.String())
		}
	}
}

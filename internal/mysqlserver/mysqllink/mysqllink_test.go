package mysqllink_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"telltale/internal/mysqlserver/mysqllink"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// answering is a server that repeats what it is told behind its name, and the
// link to it.
func answering(t *testing.T, name string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				b := make([]byte, 64)
				for {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					if _, err := c.Write(append([]byte(name), b[:n]...)); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		running.Wait()
	})
	return listener.Addr().String()
}

func listen(t *testing.T, target string) *mysqllink.Link {
	t.Helper()
	l, err := mysqllink.Listen(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func dial(t *testing.T, l *mysqllink.Link) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// say sends a text and wants an answer.
func say(t *testing.T, c net.Conn, text, want string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	hear(t, c, want)
}

func hear(t *testing.T, c net.Conn, want string) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("got %q, %v; want %q", b, err, want)
	}
}

// ends wants the connection to be closed.
func ends(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 64)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %d bytes and %v, want the end", n, err)
	}
}

func TestCutAndTo(t *testing.T) {
	t.Parallel()
	l := listen(t, answering(t, "one "))
	c := dial(t, l)
	say(t, c, "x", "one x")
	l.Cut()
	ends(t, c)
	c = dial(t, l)
	say(t, c, "y", "one y")
	l.To(answering(t, "two "))
	ends(t, c)
	say(t, dial(t, l), "z", "two z")
}

func TestSwallow(t *testing.T) {
	t.Parallel()
	l := listen(t, answering(t, ""))
	before := dial(t, l)
	say(t, before, "x", "x")
	l.Swallow()
	silent(t, before)
	silent(t, dial(t, l))
	l.Heal()
	say(t, dial(t, l), "after", "after")
	silent(t, before)
}

// silent wants a connection to take bytes and to answer none.
func silent(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := c.Write([]byte("y")); err != nil {
		t.Errorf("got %v, want it to be taken", err)
	}
	if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %d bytes and %v, want nothing", n, err)
	}
}

func TestCutStream(t *testing.T) {
	t.Parallel()
	l := listen(t, answering(t, ""))
	l.CutStream(3)
	c := dial(t, l)
	say(t, c, "no dump", "no dump")
	const dump = "\x01\x00\x00\x00\x12asks"
	if _, err := c.Write([]byte(dump)); err != nil {
		t.Fatal(err)
	}
	hear(t, c, dump[:3])
	ends(t, c)
	say(t, dial(t, l), dump, dump)
}

func TestAlterAndSlow(t *testing.T) {
	t.Parallel()
	l := listen(t, answering(t, ""))
	l.Alter(func(b []byte) { b[0]++ })
	say(t, dial(t, l), "a", "b")
	l.Heal()
	const delay = 50 * time.Millisecond
	l.Slow(mysqllink.Pace{Delay: delay, BytesPerSecond: 1000})
	began := time.Now()
	say(t, dial(t, l), "a", "a")
	if took := time.Since(began); took < delay {
		t.Errorf("got an answer after %s, want %s at least", took, delay)
	}
}

package mailer

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tap stands between the mailer and the mail server and plays a bad network.
type tap struct {
	listener net.Listener
	target   string
	// cutAnswers is how many more mails lose the answer to their last line.
	cutAnswers atomic.Int64
	handlers   sync.WaitGroup
}

func newTap(t *testing.T, target string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{listener: l, target: target}
	p.handlers.Go(p.accept)
	t.Cleanup(func() { l.Close(); p.handlers.Wait() })
	return p
}

func (p *tap) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.handlers.Go(func() { p.join(client) })
	}
}

// join passes bytes on both ways. When the text of a mail has ended and its
// answer is to be lost, it lets the server take the mail and hangs up on the
// client.
func (p *tap) join(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	var ended atomic.Bool
	var back sync.WaitGroup
	back.Go(func() {
		defer client.Close()
		buffer := make([]byte, 4096)
		for {
			n, err := server.Read(buffer)
			if err != nil || ended.Load() {
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	var tail []byte
	buffer := make([]byte, 4096)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			break
		}
		tail = append(tail[max(0, len(tail)-8):], buffer[:n]...)
		if bytes.HasSuffix(tail, []byte("\r\n.\r\n")) && p.cutAnswers.Add(-1) >= 0 {
			ended.Store(true)
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			break
		}
	}
	if ended.Load() {
		back.Wait() // The server has answered, so it has taken the mail.
	}
	server.Close()
	back.Wait()
}

// answerLost has the server take a mail and the answer get lost: the mailer
// cannot know, and sends it again under the same Message-ID.
func answerLost(t *testing.T, o *office) {
	p := newTap(t, o.smtp.Addr)
	p.cutAnswers.Store(2)
	o.smtp.Addr = p.listener.Addr().String()
	r := o.start()
	o.register(1, "Bob")
	o.awaitMails(3)
	r.Stop()
	ids := make(map[string]bool)
	for _, m := range o.mailbox.Mails() {
		ids[m.MessageID] = true
	}
	if len(ids) != 1 {
		t.Errorf("the mail went out under %d ids, want 1", len(ids))
	}
	if got := o.ledger("sent"); len(got) != 1 {
		t.Errorf("ledger: %v, want one row, sent", o.ledger())
	}
}

// hangingServer accepts connections and says nothing: the mailer is not ready,
// keeps handling events, and stops in time.
func hangingServer(t *testing.T, o *office) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var held sync.WaitGroup
	held.Go(func() {
		for {
			c, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				held.Go(func() { defer c.Close(); _, _ = io.Copy(io.Discard, c) })
			}
		}
	})
	t.Cleanup(func() { l.Close(); held.Wait() })
	o.smtp.Addr = l.Addr().String()
	o.smtp.Timeout = time.Second
	r := o.start()
	o.register(1, "Bob")
	o.eventually("it is not ready", func() bool { return len(o.Health.Reasons()) > 0 })
	o.register(2, "Ann")
	o.eventually("events are still handled", func() bool { return len(o.ledger("planned")) == 2 })
	started := time.Now()
	r.Stop()
	if took := time.Since(started); took > 8*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	if len(o.ledger("planned")) != 2 {
		t.Errorf("ledger: %v, want both still planned", o.ledger())
	}
}

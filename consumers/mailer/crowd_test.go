package mailer

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// turnstile lets so many connections to a mail server at a time, as servers do
// that count them by client, and sends the others away.
type turnstile struct {
	net.Listener
	limit, open, refused atomic.Int64
	most                 atomic.Int64 // How many were open at a time.
}

func newTurnstile(t testing.TB, target string, limit int64) *turnstile {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &turnstile{Listener: l}
	s.limit.Store(limit)
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			handlers.Go(func() { s.enter(c, target) })
		}
	})
	t.Cleanup(func() { l.Close(); handlers.Wait() })
	return s
}

func (s *turnstile) enter(client net.Conn, target string) {
	defer client.Close()
	n := s.open.Add(1)
	defer s.open.Add(-1)
	if n > s.limit.Load() {
		s.refused.Add(1)
		fmt.Fprint(client, "421 4.7.0 too many connections\r\n")
		return
	}
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	var back sync.WaitGroup
	back.Go(func() { defer client.Close(); pass(client, server) })
	pass(server, client)
	server.Close()
	back.Wait()
}

func pass(to, from net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// crowd sends many customers' mails side by side, in no more connections than
// allowed.
func crowd(t *testing.T, o *office) {
	const customers, renames = 20, 5
	s := newTurnstile(t, o.smtp.Addr, 1000)
	o.smtp.Addr, o.smtp.Connections = s.Addr().String(), 3
	storm(o, customers, renames)
	if most := s.most.Load(); most > 3 || most < 2 {
		t.Errorf("%d connections at a time, want 2 or 3", most)
	}
	assertOrder(t, o, customers, renames)
}

// turnedAway has a server that takes one connection at a time: the mails go out
// over that one, and the consumer stays ready.
func turnedAway(t *testing.T, o *office) {
	const customers, renames = 20, 5
	s := newTurnstile(t, o.smtp.Addr, 1)
	o.smtp.Addr = s.Addr().String()
	storm(o, customers, renames)
	if s.refused.Load() == 0 {
		t.Error("no connection was refused")
	}
	assertOrder(t, o, customers, renames)
}

// storm has events of many customers wait before the mailer starts.
func storm(o *office, customers, renames int) {
	o.T.Helper()
	for c := range customers {
		o.register(c, "n0")
	}
	for n := range renames {
		for c := range customers {
			o.rename(c, fmt.Sprintf("n%d", n), fmt.Sprintf("n%d", n+1))
		}
	}
	r := o.start()
	o.awaitMails(customers * (renames + 1))
	r.Stop()
}

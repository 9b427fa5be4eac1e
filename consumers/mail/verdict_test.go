package mail

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// script is an SMTP server that answers each command as it is told; what it is
// not told it takes. The answer "hang up" closes the connection.
type script struct {
	listener net.Listener
	answers  map[string]string
	handlers sync.WaitGroup
}

func newScript(t *testing.T, answers map[string]string) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{listener: l, answers: answers}
	s.handlers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.handlers.Go(func() { s.talk(c) })
		}
	})
	t.Cleanup(func() { l.Close(); s.handlers.Wait() })
	return s
}

func (s *script) talk(c net.Conn) {
	defer c.Close()
	in := bufio.NewScanner(c)
	if !s.answer(c, "CONNECT", "220 ready") {
		return
	}
	text := false
	for in.Scan() {
		verb, ok := strings.ToUpper(strings.SplitN(in.Text(), " ", 2)[0]), true
		switch {
		case text && in.Text() == ".":
			text = false
			ok = s.answer(c, "END", "250 taken")
		case text:
		case verb == "EHLO":
			ok = s.answer(c, verb, "250 localhost")
		case verb == "DATA":
			ok = s.answer(c, verb, "354 go on")
			text = strings.HasPrefix(s.answers[verb], "354") || s.answers[verb] == ""
		case verb == "QUIT":
			s.answer(c, verb, "221 bye")
			return
		default:
			ok = s.answer(c, verb, "250 fine")
		}
		if !ok {
			return
		}
	}
}

func (s *script) answer(c net.Conn, verb, otherwise string) bool {
	a := otherwise
	if told := s.answers[verb]; told != "" {
		a = told
	}
	if a == "hang up" {
		return false
	}
	_, err := fmt.Fprintf(c, "%s\r\n", a)
	return err == nil
}

// TestVerdict has a server refuse at each step of a conversation.
func TestVerdict(t *testing.T) {
	t.Parallel()
	tests := []struct {
		step, answer string
		want         verdict
	}{
		{"CONNECT", "", sent},
		{"CONNECT", "421 too busy", away},
		{"CONNECT", "554 no service for you", away},
		{"CONNECT", "hang up", away},
		{"EHLO", "hang up", away},
		{"MAIL", "530 sign in first", away},
		{"MAIL", "550 not from this sender", away},
		{"MAIL", "451 later", away},
		{"MAIL", "hang up", away},
		{"RCPT", "550 no such mailbox", rejected},
		{"RCPT", "450 mailbox busy", deferred},
		{"RCPT", "421 shutting down", away},
		{"RCPT", "hang up", away},
		{"DATA", "554 not this one", rejected},
		{"DATA", "451 later", deferred},
		{"DATA", "hang up", away},
		{"END", "554 spam", rejected},
		{"END", "452 no room", deferred},
		{"END", "421 shutting down", away},
		{"END", "hang up", away},
		{"RSET", "500 what?", sent},
		{"RSET", "hang up", sent},
	}
	for _, test := range tests {
		t.Run(test.step+" "+test.answer, func(t *testing.T) {
			t.Parallel()
			s := newScript(t, map[string]string{test.step: test.answer})
			p, err := newPost(SMTP{Addr: s.listener.Addr().String(), From: "shop@example.com", TLS: "none", Timeout: 5 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			got, err := attempt(t, p)
			if got != test.want {
				t.Errorf("got %s (%v), want %s", got, err, test.want)
			}
			if got == sent {
				return
			}
			if text := (outcome{verdict: got, err: err}).summary().Error(); strings.Contains(text, "bob@example.com") {
				t.Errorf("the summary %q tells the address", text)
			}
		})
	}
}

// attempt sends one mail.
func attempt(t *testing.T, p *post) (verdict, error) {
	t.Helper()
	m, err := p.compose(entry{recipient: "bob@example.com", subject: "s", body: "b", messageID: messageID("mailer", "e", "customer"), plannedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.connect(t.Context())
	if err != nil {
		return away, err
	}
	defer c.close()
	err = c.send(t.Context(), m)
	return judge(err), err
}

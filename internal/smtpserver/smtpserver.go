// Package smtpserver is a mail server that keeps what it gets, for the demo's
// mailbox and for tests. It speaks SMTP as any server does, delivers nothing,
// and accepts every sender and recipient.
package smtpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Limits of one message and of one conversation.
const (
	maxMessageBytes = 1 << 20
	maxRecipients   = 100
	idleTimeout     = time.Minute
	drainTimeout    = time.Second
)

// Options say where the server listens.
type Options struct {
	// Addr is host:port; port 0 takes a free one. Default "127.0.0.1:0".
	Addr string
	// Log gets what goes wrong in a conversation. Nil drops it.
	Log *slog.Logger
}

// Server is a running mail server. Its methods are safe for concurrent use.
type Server struct {
	listener *listener
	smtp     *smtp.Server
	served   chan error
	box      mailbox
	close    sync.Once
	closeErr error
}

// Start starts a server that listens when Start returns. The error wraps
// syscall.EADDRINUSE when the address is taken.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	inner, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("start the mail server: %w", err)
	}
	s := &Server{listener: &listener{Listener: inner}, served: make(chan error, 1)}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{box: &s.box}, nil
	}))
	s.smtp.Domain = "localhost"
	s.smtp.MaxMessageBytes = maxMessageBytes
	s.smtp.MaxRecipients = maxRecipients
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = idleTimeout, idleTimeout
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = errorLog{log: o.Log}
	go func() { s.served <- s.smtp.Serve(s.listener) }()
	return s, nil
}

// Addr is the address that the server listens on, host:port.
func (s *Server) Addr() string {
	return s.listener.Addr().String()
}

// Mails returns the mails that are kept, oldest first: the newest 10,000, or
// fewer where those have more than 64 MiB.
func (s *Server) Mails() []Mail {
	return s.box.all()
}

// Subscribe has f called with every mail from now on, one call at a time and
// in the order of [Server.Mails], before the sender hears that the mail is
// accepted; so f must be quick. A call may be under way when cancel returns.
func (s *Server) Subscribe(f func(Mail)) (cancel func()) {
	return s.box.subscribe(f)
}

// Fail has f asked about every recipient before it is accepted; nil accepts
// all again. An *smtp.SMTPError is sent to the client as it is, any other
// error as the temporary failure 451. A mail that f refused is not kept.
func (s *Server) Fail(f func(from, to string) error) {
	s.box.setFault(f)
}

// Close stops listening and ends the conversations that are not over within
// a second. A second call returns what the first did.
func (s *Server) Close() error {
	s.close.Do(func() {
		// go-smtp closes only the listeners that Serve has got to know by now.
		err := s.listener.Close()
		if served := <-s.served; !errors.Is(served, net.ErrClosed) {
			err = errors.Join(err, served)
		}
		cut := time.AfterFunc(drainTimeout, s.listener.closeConns)
		defer cut.Stop()
		// Shutdown waits for conversations and never ends them.
		if shut := s.smtp.Shutdown(context.Background()); !errors.Is(shut, net.ErrClosed) {
			err = errors.Join(err, shut)
		}
		if err != nil {
			s.closeErr = fmt.Errorf("stop the mail server on %s: %w", s.Addr(), err)
		}
	})
	return s.closeErr
}

// session is one conversation, used by one goroutine.
type session struct {
	box  *mailbox
	from string
	to   []string
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.box.refuses(s.from, to); err != nil {
		return answer(err)
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	mail, size, err := parse(r)
	if err != nil {
		// What is too large already has an answer of its own.
		var known *smtp.SMTPError
		if errors.As(err, &known) {
			return known
		}
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	mail.To = s.to
	if mail.From == "" {
		mail.From = s.from
	}
	mail.At = time.Now()
	s.box.add(mail, size)
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() {
	s.from, s.to = "", nil
}

// Logout implements smtp.Session.
func (s *session) Logout() error {
	return nil
}

// answer makes a fault a temporary failure unless it says what it is.
func answer(err error) error {
	var known *smtp.SMTPError
	if errors.As(err, &known) {
		return known
	}
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: err.Error()}
}

// errorLog hands go-smtp's messages to slog.
type errorLog struct {
	log *slog.Logger
}

// Printf implements smtp.Logger.
func (l errorLog) Printf(format string, args ...any) {
	l.log.Warn("mail server", "text", fmt.Sprintf(format, args...))
}

// Println implements smtp.Logger.
func (l errorLog) Println(args ...any) {
	l.log.Warn("mail server", "text", fmt.Sprint(args...))
}

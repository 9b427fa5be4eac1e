package mailer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// SMTP says which server takes the mails.
type SMTP struct {
	// Addr is the server's host:port. Required.
	Addr string
	// From is the sender's address, with or without a name: "Shop <shop@example.com>".
	// Required.
	From string
	// Username and Password sign in; empty: without. A password is never sent
	// over a connection that is not encrypted, unless to this machine.
	Username, Password string
	// TLS is "none", "starttls" or "tls" (encrypted from the first byte).
	// Default "starttls", which fails where the server does not offer it.
	TLS string
	// Timeout bounds connecting, and handing over one mail. Default 10 s.
	Timeout time.Duration
}

func (s SMTP) withDefaults() SMTP {
	if s.TLS == "" {
		s.TLS = "starttls"
	}
	if s.Timeout == 0 {
		s.Timeout = 10 * time.Second
	}
	return s
}

// post makes mails and hands them to the server.
type post struct {
	settings SMTP
	from     *netmail.Address
	host     string
	tls      *tls.Config
	options  []mail.Option
}

func newPost(s SMTP) (*post, error) {
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, fmt.Errorf("smtp address %q: want host:port: %w", s.Addr, err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("smtp address %q: port: %w", s.Addr, err)
	}
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return nil, fmt.Errorf("smtp sender %q: %w", s.From, err)
	}
	p := &post{settings: s, from: from, host: host, tls: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}}
	p.options = []mail.Option{mail.WithPort(number), mail.WithTimeout(s.Timeout), mail.WithoutNoop(), mail.WithTLSConfig(p.tls)}
	switch s.TLS {
	case "none":
		p.options = append(p.options, mail.WithTLSPolicy(mail.NoTLS))
	case "starttls":
		p.options = append(p.options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "tls":
		p.options = append(p.options, mail.WithSSL())
	default:
		return nil, fmt.Errorf("smtp tls %q: want none, starttls or tls", s.TLS)
	}
	if s.Username != "" {
		p.options = append(p.options, mail.WithUsername(s.Username), mail.WithPassword(s.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return p, nil
}

// connection is one to the server that takes one mail after another.
type connection struct {
	client  *mail.Client
	session *smtp.Client
	raw     net.Conn
}

// connect dials, greets and signs in.
func (p *post) connect(ctx context.Context) (*connection, error) {
	c := &connection{}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		c.raw, err = p.dial(ctx, network, address)
		return c.raw, err
	}
	var err error
	if c.client, err = mail.NewClient(p.host, append(p.options[:len(p.options):len(p.options)], mail.WithDialContextFunc(dial))...); err != nil {
		return nil, fmt.Errorf("smtp client of %s: %w", p.settings.Addr, err)
	}
	// A server that answers slowly must not outlive ctx.
	stop := context.AfterFunc(ctx, func() { c.cut() })
	defer stop()
	if c.session, err = c.client.DialToSMTPClientWithContext(ctx); err != nil {
		c.cut()
		return nil, fmt.Errorf("connect to smtp server %s: %w", p.settings.Addr, err)
	}
	return c, nil
}

func (p *post) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if p.settings.TLS == "tls" {
		d := tls.Dialer{Config: p.tls}
		return d.DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// send hands over one mail. The connection is of no more use after an error.
func (c *connection) send(ctx context.Context, m *mail.Msg) error {
	stop := context.AfterFunc(ctx, func() { c.cut() })
	defer stop()
	err := c.client.SendWithSMTPClient(c.session, m)
	if m.IsDelivered() {
		// What failed is the courtesy after it; the next mail will notice.
		return nil
	}
	return err
}

// close says goodbye.
func (c *connection) close() {
	_ = c.client.CloseWithSMTPClient(c.session)
	c.cut()
}

func (c *connection) cut() {
	if c.raw != nil {
		_ = c.raw.Close()
	}
}

// compose makes the mail of a ledger entry: the same bytes at every attempt,
// but for what the library adds.
func (p *post) compose(e entry) (*mail.Msg, error) {
	m := mail.NewMsg()
	m.FromMailAddress(p.from)
	if err := m.To(e.recipient); err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	m.Subject(e.subject)
	m.SetMessageIDWithValue(e.messageID)
	m.SetDateWithValue(e.plannedAt)
	m.SetUserAgent("telltale")
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers.
	m.SetBodyString(mail.TypeTextPlain, e.body)
	return m, nil
}

// verdict is what an attempt says about the mail.
type verdict string

const (
	sent     verdict = "sent"
	rejected verdict = "failed"   // For good: this mail will never be taken.
	deferred verdict = "deferred" // This mail, not now.
	away     verdict = "unavailable"
)

// outcome is what came of an attempt, and how long to wait before the next.
type outcome struct {
	verdict verdict
	err     error
	pause   time.Duration
}

// text is the error as the ledger keeps it.
func (o outcome) text() string {
	const limit = 1000
	s := strings.ToValidUTF8(o.err.Error(), "?")
	for len(s) > limit {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// summary is the error without the server's words, which may hold an address:
// for logs and for whoever asks after the mailer's health.
func (o outcome) summary() error {
	var s *mail.SendError
	if !errors.As(o.err, &s) {
		return o.err
	}
	if s.ErrorCode() == 0 {
		return fmt.Errorf("smtp server: %s: no answer", s.Reason)
	}
	return fmt.Errorf("smtp server: %s: answer %d, see last_error in mailer_ledger", s.Reason, s.ErrorCode())
}

// judge reads the server's answer (RFC 5321, 4.2): what it says about the
// recipient or the text concerns this mail; all else, above all a refused
// sender, concerns every mail, and rejecting them one by one would lose them.
func judge(err error) verdict {
	if err == nil {
		return sent
	}
	var s *mail.SendError
	if !errors.As(err, &s) || s.ErrorCode() == 421 {
		return away
	}
	switch s.Reason {
	case mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose, mail.ErrWriteContent:
	case mail.ErrGetRcpts:
		return rejected
	default:
		return away
	}
	switch code := s.ErrorCode(); {
	case code >= 500:
		return rejected
	case code >= 400:
		return deferred
	}
	return away // No answer: it may or may not have been taken.
}

package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"time"

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
	// Connections is how many connections one consumer has at most at a time,
	// in this process. Default 8.
	Connections int
}

func (s SMTP) withDefaults() SMTP {
	if s.TLS == "" {
		s.TLS = "starttls"
	}
	if s.Timeout == 0 {
		s.Timeout = 10 * time.Second
	}
	if s.Connections == 0 {
		s.Connections = 8
	}
	return s
}

// post makes mails and hands them to the server.
type post struct {
	settings SMTP
	from     *netmail.Address
	host     string
	port     int
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
	if s.Connections < 0 {
		return nil, fmt.Errorf("smtp connections: got %d, want at least one", s.Connections)
	}
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return nil, fmt.Errorf("smtp sender %q: %w", s.From, err)
	}
	p := &post{settings: s, from: from, host: host, port: number, tls: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}}
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
	timeout time.Duration // Of one exchange.
	usedAt  time.Time     // When it was put aside.
}

// connect dials, greets and signs in.
func (p *post) connect(ctx context.Context) (*connection, error) {
	c := &connection{timeout: p.settings.Timeout}
	stop := func() bool { return true }
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		raw, err := p.dial(dialing, network, address)
		if err != nil {
			return nil, err
		}
		// A server that answers slowly must not outlive ctx.
		c.raw, stop = raw, context.AfterFunc(ctx, func() { _ = raw.Close() })
		return raw, nil
	}
	defer func() { stop() }()
	var err error
	if c.client, err = mail.NewClient(p.host, append(p.options[:len(p.options):len(p.options)], mail.WithDialContextFunc(dial))...); err != nil {
		return nil, fmt.Errorf("smtp client of %s: %w", p.settings.Addr, err)
	}
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

// alive asks the server whether it still listens: one that was left alone may
// have hung up, which is no reason to take it for away.
func (c *connection) alive(ctx context.Context) bool {
	stop := context.AfterFunc(ctx, func() { c.cut() })
	defer stop()
	return c.session.UpdateDeadline(c.timeout) == nil && c.session.Noop() == nil
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

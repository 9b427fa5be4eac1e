package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// vault is an SMTP server that takes mail from those alone who signed in.
type vault struct {
	mails atomic.Int64
}

func (v *vault) NewSession(*smtp.Conn) (smtp.Session, error) { return &vaultSession{vault: v}, nil }

type vaultSession struct {
	vault *vault
	known bool
}

func (s *vaultSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *vaultSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "shop" || password != "secret" {
			return errors.New("wrong password")
		}
		s.known = true
		return nil
	}), nil
}

func (s *vaultSession) Mail(string, *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *vaultSession) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (s *vaultSession) Data(r io.Reader) error {
	s.vault.mails.Add(1)
	_, err := io.Copy(io.Discard, r)
	return err
}

func (s *vaultSession) Reset()        {}
func (s *vaultSession) Logout() error { return nil }

// TestTLS sends and signs in over both kinds of encryption, and not without.
func TestTLS(t *testing.T) {
	t.Parallel()
	// The standard library's own test certificate, for 127.0.0.1.
	web := httptest.NewTLSServer(nil)
	web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	server := &tls.Config{Certificates: web.TLS.Certificates}
	tests := []struct {
		name     string
		mode     string
		offer    bool // The server offers STARTTLS.
		implicit bool // The server speaks TLS from the first byte.
		password string
		trusted  bool
		want     string // Part of the error; empty: the mail is taken.
	}{
		{name: "starttls", mode: "starttls", offer: true, password: "secret", trusted: true},
		{name: "tls", mode: "tls", implicit: true, password: "secret", trusted: true},
		{name: "starttls that is not offered", mode: "starttls", password: "secret", trusted: true, want: "STARTTLS"},
		{name: "unknown certificate", mode: "starttls", offer: true, password: "secret", want: "certificate"},
		{name: "unknown certificate from the first byte", mode: "tls", implicit: true, password: "secret", want: "certificate"},
		{name: "wrong password", mode: "starttls", offer: true, password: "guess", trusted: true, want: "SMTP AUTH failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := &vault{}
			s := smtp.NewServer(v)
			s.Domain = "localhost"
			if test.offer {
				s.TLSConfig = server
			}
			s.ErrorLog = discard{}
			p := vaultPost(t, serveVault(t, s, server, test.implicit), test.mode, test.password)
			if test.trusted {
				p.tls.RootCAs = roots
			}
			got, err := attempt(t, p)
			switch {
			case test.want == "" && (got != sent || v.mails.Load() != 1):
				t.Errorf("got %s (%v), want a mail that was taken", got, err)
			case test.want != "" && (got != away || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %s (%v), want a server that is away for %q", got, err, test.want)
			case err != nil && strings.Contains(err.Error(), test.password):
				t.Errorf("the error %q tells the password", err)
			}
		})
	}
}

func serveVault(t *testing.T, s *smtp.Server, config *tls.Config, implicit bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if implicit {
		l = tls.NewListener(l, config)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-served })
	return addr
}

func vaultPost(t *testing.T, addr, mode, password string) *post {
	t.Helper()
	p, err := newPost(SMTP{
		Addr: addr, From: "shop@example.com", TLS: mode, Username: "shop", Password: password, Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

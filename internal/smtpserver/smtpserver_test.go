package smtpserver_test

import (
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"telltale/internal/smtpserver"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const sender = "shop@example.com"

func TestMails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		raw  string
		want smtpserver.Mail
	}{
		{
			name: "plain",
			raw:  "From: Shop <shop@example.com>\nSubject: Welcome\nMessage-ID: <a@b>\n\nHello Bob.\n.hidden dot\n",
			want: smtpserver.Mail{
				From: "Shop <shop@example.com>", Subject: "Welcome", MessageID: "a@b",
				Body: "Hello Bob.\n.hidden dot\n",
			},
		},
		{
			name: "no header but one",
			raw:  "X-Nothing: 1\n\n",
			want: smtpserver.Mail{From: sender},
		},
		{
			name: "encoded words and quoted-printable",
			raw: "From: =?utf-8?q?Caf=C3=A9?= <shop@example.com>\nSubject: =?utf-8?B?TmFtZSBnZcOkbmRlcnQ=?= =?utf-8?q?_=E2=9C=93?=\n" +
				"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n\nM=C3=BCller is now=\n Meier\n",
			want: smtpserver.Mail{From: "Café <shop@example.com>", Subject: "Name geändert ✓", Body: "Müller is now Meier\n"},
		},
		{
			name: "base64 and latin 1",
			raw:  "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: BASE64\n\nTfxs\nbGVy\n",
			want: smtpserver.Mail{From: sender, Body: "Müller"},
		},
		{
			name: "alternatives",
			raw: "Content-Type: multipart/alternative; boundary=cut\n\n--cut\nContent-Type: text/html\n\n<p>no</p>\n" +
				"--cut\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nw6Q=\n--cut--\n",
			want: smtpserver.Mail{From: sender, Body: "ä"},
		},
		{
			name: "only HTML in a multipart",
			raw:  "Content-Type: multipart/mixed; boundary=cut\n\n--cut\nContent-Type: text/html\n\n<p>yes</p>\n--cut--\n",
			want: smtpserver.Mail{From: sender, Body: "<p>yes</p>"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			before := time.Now()
			if err := send(server.Addr(), tt.raw, "bob@example.com", "amy@example.com"); err != nil {
				t.Fatal(err)
			}
			mails := server.Mails()
			if len(mails) != 1 {
				t.Fatalf("got %d mails, want 1", len(mails))
			}
			got := mails[0]
			if got.From != tt.want.From || got.Subject != tt.want.Subject || got.MessageID != tt.want.MessageID || got.Body != tt.want.Body {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if want := []string{"bob@example.com", "amy@example.com"}; !slices.Equal(got.To, want) {
				t.Errorf("To: got %q, want %q", got.To, want)
			}
			if got.At.Before(before) || got.At.After(time.Now()) {
				t.Errorf("At: got %v, want the moment of acceptance", got.At)
			}
		})
	}
}

func TestRefusedMails(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, raw, want string }{
		{"no header", "no header at all", "554 5.6.0 read the mail's header"},
		{"broken base64", "Content-Transfer-Encoding: base64\n\n====\n", "554 5.6.0 read the mail's body"},
		{"unknown charset", "Content-Type: text/plain; charset=koi8-r\n\nx\n", `554 5.6.0 read the mail's body: the charset "koi8-r"`},
		{"too large", "Subject: x\n\n" + strings.Repeat("0123456789\n", 100_000), "552 5.3.4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := start(t)
			if err := send(server.Addr(), tt.raw, "bob@example.com"); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s…", err, tt.want)
			}
			if got := server.Mails(); len(got) != 0 {
				t.Errorf("got %d mails, want none", len(got))
			}
		})
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	server := start(t)
	server.Fail(func(from, to string) error {
		if from != sender {
			t.Errorf("from: got %q, want %q", from, sender)
		}
		switch to {
		case "later@example.com":
			return errors.New("come back later")
		case "never@example.com":
			return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "nobody here"}
		}
		return nil
	})
	for to, want := range map[string]string{
		"later@example.com": "451 4.3.0 come back later",
		"never@example.com": "550 5.1.1 nobody here",
	} {
		if err := send(server.Addr(), "Subject: x\n\n", to); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", to, err, want)
		}
	}
	server.Fail(nil)
	if err := send(server.Addr(), "Subject: x\n\n", "later@example.com"); err != nil {
		t.Errorf("after the fault: %v", err)
	}
	if got := server.Mails(); len(got) != 1 {
		t.Errorf("got %d mails, want the one that was accepted", len(got))
	}
}

func TestSubscribe(t *testing.T) {
	t.Parallel()
	server := start(t)
	var mu sync.Mutex
	var seen []string
	cancel := server.Subscribe(func(m smtpserver.Mail) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, m.Subject)
		m.Headers["Subject"] = nil // A subscriber's mail is its own.
		if len(server.Mails()) < len(seen) {
			t.Errorf("%s is not kept yet", m.Subject)
		}
	})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := send(server.Addr(), fmt.Sprintf("Subject: %d\n\n", i), "bob@example.com"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var kept []string
	for _, m := range server.Mails() {
		kept = append(kept, m.Headers["Subject"][0])
	}
	mu.Lock()
	if !slices.Equal(seen, kept) {
		t.Errorf("seen %q, kept %q, want the same order", seen, kept)
	}
	mu.Unlock()

	cancel()
	cancel()
	if err := send(server.Addr(), "Subject: unseen\n\n", "bob@example.com"); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 20 {
		t.Errorf("after cancel: got %d calls, want 20", len(seen))
	}
}

func TestStartAddressTaken(t *testing.T) {
	t.Parallel()
	server := start(t)
	if _, err := smtpserver.Start(smtpserver.Options{Addr: server.Addr()}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v, want EADDRINUSE", err)
	}
}

func TestCloseEndsIdleConversations(t *testing.T) {
	t.Parallel()
	server := start(t)
	idle, err := net.Dial("tcp", server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	if _, err := idle.Read(make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := net.Dial("tcp", server.Addr()); err == nil {
		t.Error("the server still listens")
	}
}

func start(t *testing.T) *smtpserver.Server {
	t.Helper()
	server, err := smtpserver.Start(smtpserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return server
}

// send sends a mail as any client does; its error is the server's answer.
func send(addr, raw string, to ...string) error {
	err := smtp.SendMail(addr, nil, sender, to, []byte(strings.ReplaceAll(raw, "\n", "\r\n")))
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return fmt.Errorf("%d %s", answer.Code, answer.Msg)
	}
	return err
}

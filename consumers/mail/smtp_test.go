package mail

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"
)

func TestNewPost(t *testing.T) {
	t.Parallel()
	good := SMTP{Addr: "mail.example.com:587", From: "Shop <shop@example.com>"}
	tests := []struct {
		name string
		edit func(*SMTP)
		want string // Part of the error; empty: none.
	}{
		{"good", func(*SMTP) {}, ""},
		{"signed in over TLS", func(s *SMTP) { s.TLS, s.Username, s.Password = "tls", "u", "p" }, ""},
		{"no port", func(s *SMTP) { s.Addr = "mail.example.com" }, `smtp address "mail.example.com": want host:port`},
		{"port by name", func(s *SMTP) { s.Addr = "mail.example.com:smtp" }, `smtp address "mail.example.com:smtp": port`},
		{"no sender", func(s *SMTP) { s.From = "" }, `smtp sender ""`},
		{"sender with a line end", func(s *SMTP) { s.From = "a@example.com\r\nBcc: b@example.com" }, "smtp sender"},
		{"unknown mode", func(s *SMTP) { s.TLS = "ssl" }, `smtp tls "ssl": want none, starttls or tls`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := good
			test.edit(&s)
			_, err := newPost(s.withDefaults())
			if test.want == "" && err != nil {
				t.Fatalf("got %v, want no error", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Fatalf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// TestCompose has a hostile name in everything that a customer can fill.
func TestCompose(t *testing.T) {
	t.Parallel()
	p, err := newPost(SMTP{Addr: "localhost:25", From: "Corner Shop <shop@example.com>"}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	const hostile = "Zoë\r\nBcc: victim@example.com\r\n\r\nbody"
	l, err := NewLetters("Corner Shop", `{{define "hello"}}{{template "greeting" .Name}}{{end}}`).
		Write("hello", "Hello "+hostile, map[string]string{"Name": hostile})
	if err != nil {
		t.Fatal(err)
	}
	e := entry{
		recipient: "zoe@example.com", subject: l.Subject, body: l.Body, messageID: messageID("mailer", "e1", "customer"),
		plannedAt: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
	}
	m, err := p.compose(e)
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		t.Fatal(err)
	}
	got, err := mail.ReadMessage(&raw)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"To": "<zoe@example.com>", "From": `"Corner Shop" <shop@example.com>`, "Bcc": "", "Cc": "",
		"Message-Id": "<" + e.messageID + ">", "Date": "Wed, 04 Mar 2026 05:06:07 +0000",
		"Auto-Submitted": "auto-generated", "Mime-Version": "1.0",
	}
	for name, value := range want {
		if v := got.Header.Get(name); v != value {
			t.Errorf("header %s: got %q, want %q", name, v, value)
		}
	}
	if body, err := io.ReadAll(got.Body); err != nil || string(body) != "Hello Zo=C3=AB Bcc: victim@example.com body,\r\n" {
		t.Errorf("body: got %q (%v)", body, err)
	}
}

func TestComposeRefusesRecipients(t *testing.T) {
	t.Parallel()
	p, err := newPost(SMTP{Addr: "localhost:25", From: "shop@example.com"}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"", "nobody", "a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "a@example.com>\r\nDATA"} {
		if _, err := p.compose(entry{recipient: to}); err == nil {
			t.Errorf("recipient %q was taken", to)
		}
	}
}

func TestMessageID(t *testing.T) {
	t.Parallel()
	const want = "@telltale"
	id := messageID("mailer", "e1", "old-address")
	if id != messageID("mailer", "e1", "old-address") {
		t.Error("the same mail has two ids")
	}
	for _, other := range []string{
		messageID("mailer", "e1", "new-address"), messageID("mailer", "e2", "old-address"), messageID("security", "e1", "old-address"),
	} {
		if other == id {
			t.Errorf("different mails share the id %s", id)
		}
	}
	if !strings.HasSuffix(id, want) || len(id) != 32+len(want) {
		t.Errorf("got %q, want 32 characters and %q", id, want)
	}
}

func TestOutcomeText(t *testing.T) {
	t.Parallel()
	got := outcome{err: errors.New("bad \xff " + strings.Repeat("é", 1000))}.text()
	if len(got) > 1000 || !strings.HasPrefix(got, "bad ? éé") || !strings.HasSuffix(got, "é") {
		t.Errorf("got %d bytes, %q…, want at most 1000 whole characters", len(got), got[:20])
	}
}

// TestConnectEnds has a server accept and never greet: the end of the context
// ends the attempt, long before its time-out.
func TestConnectEnds(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p, err := newPost(SMTP{Addr: l.Addr().String(), From: "shop@example.com", TLS: "none", Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := p.connect(ctx)
		ended <- err
	}()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	cancel()
	if err := <-ended; err == nil {
		t.Error("connected to a server that says nothing")
	}
}

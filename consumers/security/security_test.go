package security

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"telltale/consumers"
	"telltale/consumers/consumerstest"
	"telltale/consumers/mail"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/smtpserver"
	"telltale/schemas/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watch is the consumer with everything around it.
type watch struct {
	*consumerstest.World
	mailbox  *smtpserver.Server
	registry *prometheus.Registry
	fail     func(point string) error
}

func TestSecurity(t *testing.T) {
	fresh := consumerstest.Shared(t)
	tests := []struct {
		name string
		run  func(t *testing.T, w *watch)
	}{
		{"story", story},
		{"forms", forms},
		{"moved", moved},
		{"stranger", stranger},
		{"replay", replay},
		{"killed", killed},
		{"killed_between_sending_and_noting", killedUnnoted},
		{"rebuild", rebuild},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mailbox, err := smtpserver.Start(smtpserver.Options{Log: kafkatest.Logger(t)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { mailbox.Close() })
			test.run(t, &watch{World: fresh(t, test.name), mailbox: mailbox})
		})
	}
}

func (w *watch) consumer() consumers.Consumer {
	w.T.Helper()
	w.registry = prometheus.NewRegistry()
	c, err := New(Options{Mail: mail.Options{
		SMTP:   mail.SMTP{Addr: w.mailbox.Addr(), From: "Corner Shop <shop@example.com>", TLS: "none"},
		Logger: kafkatest.Logger(w.T), Registerer: w.registry, Failpoint: w.fail, MaxBackoff: 300 * time.Millisecond,
	}})
	if err != nil {
		w.T.Fatal(err)
	}
	return c
}

func (w *watch) registered(name, email string) event.Event {
	return w.Event("CustomerRegistered", map[string]any{"name": name, "email": email})
}

func (w *watch) signedIn(address string) event.Event {
	return w.Event("CustomerSignedIn", map[string]any{
		"sign_in": 7, "address": address, "user_agent": "Mozilla/5.0 (X11)\r\nBcc: x@example.com", "at": "2026-11-21T16:00:00.123456Z",
	})
}

// known is what stands in the table of addresses.
func (w *watch) known() []string {
	return w.Rows("SELECT CONCAT_WS(' ', customer_id, address, event_id) FROM security_addresses ORDER BY customer_id, address")
}

func (w *watch) ledger() []string {
	return w.Rows("SELECT CONCAT_WS(' ', event_id, recipient, state) FROM mail_ledger ORDER BY event_id")
}

// await waits until every event is handled and every mail is settled.
func (w *watch) await() {
	w.T.Helper()
	w.AwaitHandled()
	w.Eventually("all mails are settled", func() bool {
		return !slices.ContainsFunc(w.ledger(), func(s string) bool { return strings.HasSuffix(s, "planned") })
	}, func() string { return fmt.Sprintf("ledger: %v", w.ledger()) })
}

func (w *watch) run() {
	w.T.Helper()
	r := w.Start(w.consumer())
	w.await()
	r.Stop()
}

func assert(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

// story: the first address after registering is new, so is another one, and none
// is new twice.
func story(t *testing.T, w *watch) {
	w.Publish(1, w.registered("Carol", "carol@example.com"))
	w.Publish(2, w.registered("Bob", "bob@example.com"))
	w.Publish(1, w.signedIn("203.0.113.9"))
	w.Publish(1, w.signedIn("203.0.113.9"))
	w.Publish(1, w.signedIn("198.51.100.7"))
	w.Publish(1, w.signedIn("203.0.113.9"))
	w.Publish(2, w.signedIn("203.0.113.9"))
	w.run()
	assert(t, "known", w.known(), "1 198.51.100.7 e0005", "1 203.0.113.9 e0003", "2 203.0.113.9 e0007")
	assert(t, "ledger", w.ledger(), "e0003 carol@example.com sent", "e0005 carol@example.com sent", "e0007 bob@example.com sent")
	for _, m := range w.mailbox.Mails() {
		if m.To[0] != "carol@example.com" {
			continue
		}
		const want = "Hello Carol,\n\nsomebody signed in to your account from an address that we have not seen with\nyou before.\n\n" +
			"When:    21 November 2026, 16:00:00 UTC\nAddress: 203.0.113.9\nBrowser: Mozilla/5.0 (X11) Bcc: x@example.com\n\n" +
			"If it was you, there is nothing to do.\n\nIf this was not you, please write to us at once.\n\nCorner Shop\n"
		if got := strings.ReplaceAll(m.Body, "\r\n", "\n"); m.Subject != "New sign-in to your account" || got != want {
			t.Errorf("the mail %q says\n%s\nwant\n%s", m.Subject, got, want)
		}
		break
	}
}

// forms are one address each, however they are written.
func forms(t *testing.T, w *watch) {
	w.Publish(1, w.registered("Carol", "carol@example.com"))
	for _, address := range []string{
		"203.0.113.9", "::ffff:203.0.113.9", " 203.0.113.9 ",
		"2001:db8::1", "2001:0DB8:0:0::1", "2001:db8::1%eth0",
		"proxy.internal", "proxy.internal", "", "",
	} {
		w.Publish(1, w.signedIn(address))
	}
	w.run()
	assert(t, "known", w.known(), "1  e0010", "1 2001:db8::1 e0005", "1 203.0.113.9 e0002", "1 proxy.internal e0008")
	if got := len(w.mailbox.Mails()); got != 4 {
		t.Errorf("got %d mails, want 4", got)
	}
}

// moved has the mail go to the address of the time of the sign-in.
func moved(t *testing.T, w *watch) {
	w.Publish(1, w.registered("Carol", "carol@example.com"))
	w.Publish(1, w.signedIn("203.0.113.1"))
	w.Publish(1, w.Event("CustomerEmailChanged", map[string]any{"old_email": "carol@example.com", "new_email": "new@example.com"}))
	w.Publish(1, w.signedIn("203.0.113.2"))
	w.run()
	assert(t, "ledger", w.ledger(), "e0002 carol@example.com sent", "e0004 new@example.com sent")
}

// stranger is a customer whose registration nobody saw: nobody is written to,
// and that is on record.
func stranger(t *testing.T, w *watch) {
	w.Publish(7, w.signedIn("203.0.113.9"))
	w.run()
	assert(t, "ledger", w.ledger(), "e0001  failed")
	assert(t, "known", w.known(), "7 203.0.113.9 e0001")
	if got := len(w.mailbox.Mails()); got != 0 {
		t.Errorf("got %d mails, want none", got)
	}
	const want = `# HELP telltale_consumers_mail_attempts_total Attempts to send a mail, by outcome: sent, failed (for good), deferred (this mail, for now), unavailable (the server); and unaddressed, mails that could not be tried because no event has told the address.
# TYPE telltale_consumers_mail_attempts_total counter
telltale_consumers_mail_attempts_total{consumer="security",outcome="unaddressed"} 1
`
	if err := testutil.GatherAndCompare(w.registry, strings.NewReader(want), "telltale_consumers_mail_attempts_total"); err != nil {
		t.Error(err)
	}
}

// replay has a producer repeat itself after later events: no second mail, and no
// return to an older address of the customer.
func replay(t *testing.T, w *watch) {
	registered := w.registered("Carol", "carol@example.com")
	changed := w.Event("CustomerEmailChanged", map[string]any{"old_email": "carol@example.com", "new_email": "new@example.com"})
	registered.Sequence, changed.Sequence = "1", "10"
	first := w.signedIn("203.0.113.1")
	w.Publish(1, registered, first, changed)
	w.Publish(1, registered, first)
	w.Publish(1, w.signedIn("203.0.113.2"))
	w.run()
	assert(t, "ledger", w.ledger(), "e0003 carol@example.com sent", "e0004 new@example.com sent")
}

// killed ends the consumer between handling and committing, again and again.
func killed(t *testing.T, w *watch) {
	const rounds, customers = 4, 4
	for round := range rounds {
		for c := range customers {
			if round == 0 {
				w.Publish(c, w.registered("Carol", fmt.Sprintf("c%d@example.com", c)))
			}
			w.Publish(c, w.signedIn(fmt.Sprintf("203.0.113.%d", round)))
		}
		err := w.Start(consumerstest.KillAt(int64(min(round+1, 2)), w.consumer())).Wait()
		if !errors.Is(err, consumerstest.ErrKilled) {
			t.Fatalf("run %d ended with %v, want %v", round, err, consumerstest.ErrKilled)
		}
	}
	w.run()
	if got := len(w.known()); got != rounds*customers {
		t.Errorf("got %d known addresses, want %d: %v", got, rounds*customers, w.known())
	}
	ids := make(map[string]bool)
	for _, m := range w.mailbox.Mails() {
		ids[m.MessageID] = true
	}
	if len(ids) != rounds*customers {
		t.Errorf("got %d different mails, want %d", len(ids), rounds*customers)
	}
}

// killedUnnoted ends the consumer when the server has taken a mail and that is
// not noted: it is sent again, as the same mail.
func killedUnnoted(t *testing.T, w *watch) {
	var once atomic.Bool
	w.fail = func(point string) error {
		if point == "sent" && once.CompareAndSwap(false, true) {
			return consumerstest.ErrKilled
		}
		return nil
	}
	w.Publish(1, w.registered("Carol", "carol@example.com"), w.signedIn("203.0.113.9"))
	if err := w.Start(w.consumer()).Wait(); !errors.Is(err, consumerstest.ErrKilled) {
		t.Fatalf("ended with %v, want %v", err, consumerstest.ErrKilled)
	}
	w.run()
	mails := w.mailbox.Mails()
	if len(mails) != 2 || mails[0].MessageID != mails[1].MessageID || mails[0].Body != mails[1].Body {
		t.Errorf("got %+v, want the same mail twice", mails)
	}
}

// rebuild reads everything again into a new database and gets the same rows.
func rebuild(t *testing.T, w *watch) {
	state := func() []string {
		return slices.Concat(w.known(),
			w.Rows("SELECT customer_id, name, email, version FROM customer_book ORDER BY customer_id"),
			w.Rows("SELECT event_id, role, kind, customer_id, recipient, subject, body, message_id, state, topic, partition_id FROM mail_ledger ORDER BY event_id, role"))
	}
	for c := range 4 {
		w.Publish(c, w.registered("Carol", fmt.Sprintf("c%d@example.com", c)), w.signedIn("203.0.113.1"))
		w.Publish(c, w.signedIn("203.0.113.2"))
	}
	w.Publish(9, w.signedIn("203.0.113.3"))
	w.run()
	before := state()
	w.UseDatabase("rebuilt")
	w.run()
	assert(t, "rebuilt", state(), before...)
}

package mailer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"telltale/consumers/consumerstest"
	"telltale/consumers/customer"
	"telltale/consumers/mail"
	"telltale/internal/kafkaserver/kafkatest"
	"telltale/internal/smtpserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// office is a mailer with everything around it.
type office struct {
	*consumerstest.World
	mailbox *smtpserver.Server
	smtp    mail.SMTP
	fail    func(point string) error
}

// shared starts one MySQL server for a group of subtests.
func shared(t testing.TB) func(t testing.TB, name string) *office {
	t.Helper()
	world := consumerstest.Shared(t)
	return func(t testing.TB, name string) *office {
		t.Helper()
		o := &office{World: world(t, name)}
		o.mailbox = o.openMailbox("")
		o.smtp = mail.SMTP{Addr: o.mailbox.Addr(), From: "Corner Shop <shop@example.com>", TLS: "none", Timeout: 2 * time.Second}
		return o
	}
}

func (o *office) openMailbox(addr string) *smtpserver.Server {
	o.T.Helper()
	s, err := smtpserver.Start(smtpserver.Options{Addr: addr, Log: kafkatest.Logger(o.T)})
	if err != nil {
		o.T.Fatal(err)
	}
	o.T.Cleanup(func() { s.Close() })
	return s
}

// publish commits an event of a customer, under an id that is given or new.
func (o *office) publish(kind string, customer int, data map[string]any, id ...string) string {
	o.T.Helper()
	e := o.Event(kind, data)
	if len(id) == 1 {
		e.ID = id[0]
	}
	return o.Publish(customer, e)
}

func (o *office) register(id int, name string) string {
	o.T.Helper()
	return o.publish(customer.TypeRegistered, id, map[string]any{"name": name, "email": address(id)})
}

func (o *office) rename(id int, from, to string) string {
	o.T.Helper()
	return o.publish(customer.TypeNameChanged, id, map[string]any{"old_name": from, "new_name": to})
}

func address(customer int) string { return fmt.Sprintf("customer%d@example.com", customer) }

func (o *office) start() *consumerstest.Run {
	o.T.Helper()
	c, err := New(Options{Mail: mail.Options{SMTP: o.smtp, Logger: kafkatest.Logger(o.T), Failpoint: o.fail, MaxBackoff: 300 * time.Millisecond}})
	if err != nil {
		o.T.Fatal(err)
	}
	return o.Start(c)
}

func (o *office) eventually(what string, f func() bool) {
	o.T.Helper()
	o.Eventually(what, f, func() string { return fmt.Sprintf("mails: %v, ledger: %v", o.mails(), o.ledger()) })
}

func (o *office) awaitMails(n int) {
	o.T.Helper()
	o.eventually(fmt.Sprintf("%d mails", n), func() bool { return len(o.mailbox.Mails()) >= n && len(o.ledger("planned")) == 0 })
}

// mails returns recipient and subject of what the mailbox holds.
func (o *office) mails() []string {
	var all []string
	for _, m := range o.mailbox.Mails() {
		all = append(all, m.To[0]+": "+m.Subject)
	}
	return all
}

// ledger returns "event role state" of the ledger's rows, of some states.
func (o *office) ledger(states ...string) []string {
	o.T.Helper()
	var all []string
	for _, row := range o.Rows("SELECT CONCAT_WS(' ', event_id, role, state), state FROM mail_ledger ORDER BY seq") {
		text, state, _ := strings.Cut(row, " | ")
		if len(states) == 0 || slices.Contains(states, state) {
			all = append(all, text)
		}
	}
	return all
}

func (o *office) assertMails(want ...string) {
	o.T.Helper()
	got := o.mails()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		o.T.Errorf("mails:\ngot  %q\nwant %q", got, want)
	}
}

func TestMailer(t *testing.T) {
	fresh := shared(t)
	tests := []struct {
		name string
		run  func(t *testing.T, o *office)
	}{
		{"story", story},
		{"order", order},
		{"replay", replay},
		{"stranger", stranger},
		{"server_down", serverDown},
		{"refused_for_now", refusedForNow},
		{"refused_for_good", refusedForGood},
		{"given_up", givenUp},
		{"killed_between_sending_and_noting", killedUnnoted},
		{"answer_lost", answerLost},
		{"hanging_server", hangingServer},
		{"restarts", restarts},
		{"crowd", crowd},
		{"turned_away", turnedAway},
		{"held_up", heldUp},
		{"crowded_out", crowdedOut},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, fresh(t, test.name))
		})
	}
}

// story is one customer's, each event in its turn.
func story(_ *testing.T, o *office) {
	r := o.start()
	o.register(1, "Bob")
	o.rename(1, "Bob", "Alice")
	o.publish(customer.TypeEmailChanged, 1, map[string]any{"old_email": address(1), "new_email": "alice@example.com"})
	o.publish(customer.TypePhoneChanged, 1, map[string]any{"old_phone": nil, "new_phone": "0660 1234567"})
	o.publish("CustomerObserved", 1, map[string]any{})
	o.awaitMails(5)
	r.Stop()
	o.assertMails(
		"customer1@example.com: Welcome to Corner Shop, Bob",
		"customer1@example.com: Your name was changed to Alice",
		"customer1@example.com: Your e-mail address was changed",
		"alice@example.com: Your new e-mail address",
		"alice@example.com: Your phone number was changed",
	)
}

// order has many events of few customers: each gets all mails, in order.
func order(t *testing.T, o *office) {
	r := o.start()
	for c := range 4 {
		o.register(c, "n0")
	}
	const renames = 15
	for n := range renames {
		for c := range 4 {
			o.rename(c, fmt.Sprintf("n%d", n), fmt.Sprintf("n%d", n+1))
		}
	}
	o.awaitMails(4 * (renames + 1))
	r.Stop()
	assertOrder(t, o, 4, renames)
}

// assertOrder checks that each customer got the welcome and each rename once,
// in order.
func assertOrder(t *testing.T, o *office, customers, renames int) {
	t.Helper()
	last := make(map[string]int)
	for _, m := range o.mailbox.Mails() {
		n := 0
		if _, err := fmt.Sscanf(m.Subject, "Your name was changed to n%d", &n); err != nil {
			n = 0 // The welcome.
		}
		if before, ok := last[m.To[0]]; ok && n != before+1 || !ok && n != 0 {
			t.Errorf("%s got mail %d after %d", m.To[0], n, before)
		}
		last[m.To[0]] = n
	}
	for c := range customers {
		if got := last[address(c)]; got != renames {
			t.Errorf("the last mail of customer %d is %d, want %d", c, got, renames)
		}
	}
}

// replay repeats events under their ids: no second mail, and no return to an
// older address.
func replay(t *testing.T, o *office) {
	r := o.start()
	first := o.register(1, "Bob")
	second := o.publish(customer.TypeEmailChanged, 1, map[string]any{"old_email": address(1), "new_email": "new@example.com"})
	o.publish(customer.TypeRegistered, 1, map[string]any{"name": "Bob", "email": address(1)}, first)
	o.rename(1, "Bob", "Alice")
	o.publish(customer.TypeEmailChanged, 1, map[string]any{"old_email": address(1), "new_email": "new@example.com"}, second)
	o.rename(1, "Alice", "Carol")
	o.awaitMails(5)
	r.Stop()
	o.assertMails(
		"customer1@example.com: Welcome to Corner Shop, Bob",
		"customer1@example.com: Your e-mail address was changed",
		"new@example.com: Your new e-mail address",
		"new@example.com: Your name was changed to Alice",
		"new@example.com: Your name was changed to Carol",
	)
	if got := len(o.ledger()); got != 5 {
		t.Errorf("ledger rows: got %d, want 5", got)
	}
}

// stranger is a customer whose registration nobody saw.
func stranger(t *testing.T, o *office) {
	r := o.start()
	id := o.rename(7, "Eve", "Eva")
	o.publish(customer.TypeEmailChanged, 7, map[string]any{"old_email": "old@example.com", "new_email": "new@example.com"})
	o.rename(7, "Eva", "Eve")
	o.awaitMails(3)
	r.Stop()
	o.assertMails(
		"old@example.com: Your e-mail address was changed",
		"new@example.com: Your new e-mail address",
		"new@example.com: Your name was changed to Eve",
	)
	if got, want := o.ledger("failed"), []string{id + " customer failed"}; !slices.Equal(got, want) {
		t.Errorf("failed: got %v, want %v", got, want)
	}
}

func serverDown(_ *testing.T, o *office) {
	addr := o.mailbox.Addr()
	if err := o.mailbox.Close(); err != nil {
		o.T.Fatal(err)
	}
	r := o.start()
	o.register(1, "Bob")
	o.rename(1, "Bob", "Alice")
	o.eventually("it is not ready", func() bool { return len(o.Health.Reasons()) > 0 })
	o.mailbox = o.openMailbox(addr)
	o.awaitMails(2)
	o.eventually("it is ready", func() bool { return len(o.Health.Reasons()) == 0 })
	r.Stop()
	o.assertMails("customer1@example.com: Welcome to Corner Shop, Bob", "customer1@example.com: Your name was changed to Alice")
}

// refusedForNow has one customer's mailbox full for a while: her mails wait, in
// order, and nobody else's do.
func refusedForNow(t *testing.T, o *office) {
	o.mailbox.Fail(func(_, to string) error {
		if to == address(1) {
			return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
		}
		return nil
	})
	r := o.start()
	o.register(1, "Bob")
	o.rename(1, "Bob", "Alice")
	for c := 2; c < 8; c++ {
		o.register(c, "Other")
	}
	o.eventually("the others' mails", func() bool { return len(o.mailbox.Mails()) == 6 })
	o.eventually("a second attempt", func() bool {
		var attempts int
		err := o.DB.QueryRow("SELECT attempts FROM mail_ledger WHERE customer_id = '1' AND last_error <> '' ORDER BY seq LIMIT 1").Scan(&attempts)
		return err == nil && attempts > 1
	})
	if reasons := o.Health.Reasons(); len(reasons) != 0 {
		t.Errorf("one full mailbox makes the mailer not ready: %v", reasons)
	}
	o.mailbox.Fail(nil)
	o.awaitMails(8)
	r.Stop()
	if got := o.mails()[6:]; got[0] != address(1)+": Welcome to Corner Shop, Bob" {
		t.Errorf("the waiting mails came as %q", got)
	}
}

func refusedForGood(t *testing.T, o *office) {
	o.mailbox.Fail(func(_, to string) error {
		if to == address(1) {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
		}
		return nil
	})
	r := o.start()
	id := o.register(1, "Bob")
	o.register(2, "Ann")
	o.eventually("the refusal", func() bool { return len(o.ledger("failed")) == 1 })
	o.awaitMails(1)
	r.Stop()
	o.assertMails("customer2@example.com: Welcome to Corner Shop, Ann")
	if got, want := o.ledger("failed"), []string{id + " customer failed"}; !slices.Equal(got, want) {
		t.Errorf("failed: got %v, want %v", got, want)
	}
	var attempts int
	var reason string
	if err := o.DB.QueryRow("SELECT attempts, last_error FROM mail_ledger WHERE state = 'failed'").Scan(&attempts, &reason); err != nil {
		t.Fatal(err)
	}
	if attempts != 1 || reason == "" {
		t.Errorf("the failed mail has %d attempts and the reason %q, want 1 and the server's words", attempts, reason)
	}
}

var errKilled = errors.New("killed by the test")

// killedUnnoted ends the mailer right after the server took a mail: the next
// one sends it again, under the same Message-ID.
func killedUnnoted(t *testing.T, o *office) {
	var killed atomic.Bool
	o.fail = func(point string) error {
		if point == "sent" && killed.CompareAndSwap(false, true) {
			return errKilled
		}
		return nil
	}
	r := o.start()
	o.register(1, "Bob")
	if err := r.Wait(); !errors.Is(err, errKilled) {
		t.Fatalf("the mailer ended with %v, want %v", err, errKilled)
	}
	r = o.start()
	o.awaitMails(2)
	r.Stop()
	mails := o.mailbox.Mails()
	if len(mails) != 2 || mails[0].MessageID != mails[1].MessageID || mails[0].Body != mails[1].Body {
		t.Errorf("got %d mails, %+v, want the same twice", len(mails), mails)
	}
	if got := o.ledger("sent"); len(got) != 1 {
		t.Errorf("ledger: %v, want one row", got)
	}
}

// restarts stops the mailer in order again and again: not one mail twice.
func restarts(t *testing.T, o *office) {
	const rounds, customers = 5, 6
	for range rounds {
		r := o.start()
		before := len(o.mailbox.Mails())
		for c := range customers {
			o.register(c, "Bob")
		}
		o.eventually("a mail", func() bool { return len(o.mailbox.Mails()) > before })
		r.Stop()
	}
	r := o.start()
	o.awaitMails(rounds * customers)
	r.Stop()
	seen := make(map[string]bool)
	for _, m := range o.mailbox.Mails() {
		if seen[m.MessageID] {
			t.Errorf("mail %s to %s was sent twice", m.MessageID, m.To[0])
		}
		seen[m.MessageID] = true
	}
	if len(seen) != rounds*customers {
		t.Errorf("got %d mails, want %d", len(seen), rounds*customers)
	}
}
